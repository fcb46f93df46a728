package oauth_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/procore/terraform-provider-procore/server/oauth"
	"github.com/procore/terraform-provider-procore/server/store"
)

// rotate does what 'keys rotate' does.
func (h *house) rotate(algorithm string, lead time.Duration) store.SigningKey {
	h.t.Helper()
	next, err := oauth.NewSigningKey(algorithm, h.clock.now())
	if err != nil {
		h.t.Fatal(err)
	}
	next.SignAfter = h.clock.now().Add(lead)
	h.changeKeys(func(keys []store.SigningKey) (store.KeyChange, error) {
		return store.RotateSigningKeys(keys, next, h.clock.now()), nil
	})
	return next
}

func (h *house) changeKeys(decide func([]store.SigningKey) (store.KeyChange, error)) {
	h.t.Helper()
	if err := h.store.ChangeSigningKeys(h.t.Context(), decide); err != nil {
		h.t.Fatal(err)
	}
}

// keyOf is the id of the key that signed the token.
func (h *house) keyOf(token string) string {
	h.t.Helper()
	signed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256, jose.RS256, jose.EdDSA})
	if err != nil {
		h.t.Fatal(err)
	}
	return signed.Headers[0].KeyID
}

func (h *house) publishedIDs() string {
	h.t.Helper()
	var ids []string
	for _, key := range h.publicKeys().Keys {
		ids = append(ids, key.KeyID)
	}
	return strings.Join(ids, " ")
}

func TestNewKeyIsPublishedBeforeItSignsAndTheOldOneUntilItsLastTokenHasEnded(t *testing.T) {
	t.Parallel()
	for _, algorithms := range [][2]string{{"ES256", "EdDSA"}, {"EdDSA", "RS256"}, {"RS256", "ES256"}} {
		t.Run(strings.Join(algorithms[:], " to "), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.changeKeys(func(keys []store.SigningKey) (store.KeyChange, error) {
				first, err := oauth.NewSigningKey(algorithms[0], h.clock.now())
				return store.DiscardSigningKeys(keys, first), err
			})
			h.server, h.url = h.start()
			old := h.store.keys[0].ID
			early := h.token(h.account, h.secret)

			next := h.rotate(algorithms[1], store.KeyLead)
			h.clock.advance(5 * time.Second)
			if got := h.publishedIDs(); got != next.ID+" "+old {
				t.Errorf("the keys %s are published", got)
			}
			// For all of the lead the old key signs: those who check offline may have read the keys just before.
			for range 9 {
				h.clock.advance(time.Minute)
				if got := h.keyOf(h.token(h.account, h.secret)); got != old {
					t.Fatalf("%s signs too early", got)
				}
			}
			h.clock.advance(54 * time.Second)
			last := h.token(h.account, h.secret)
			if h.keyOf(last) != old {
				t.Error("the new key signs a second early")
			}
			h.clock.advance(time.Second)
			fresh := h.token(h.account, h.secret)
			if h.keyOf(fresh) != next.ID {
				t.Error("the new key doesn't sign")
			}
			for _, token := range []string{early, last, fresh} {
				h.wantLive(token)
			}
			h.clock.advance(90*time.Minute - 2*time.Second)
			h.wantLive(last)
			h.wantEnded(early, "The access token has expired.")
			if got := h.publishedIDs(); got != next.ID+" "+old {
				t.Errorf("while a token of the old key lives, the keys %s are published", got)
			}
			h.clock.advance(10 * time.Minute)
			if got := h.publishedIDs(); got != next.ID {
				t.Errorf("at the end the keys %s are published", got)
			}
			h.token(h.account, h.secret)
		})
	}
}

func TestKeyThatHasEndedSignsForNobody(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	old := h.store.keys[0]
	// A server with a wrong clock, or a thief, goes on with the old key.
	thief := &memory{now: h.clock.now, keys: []store.SigningKey{old}}
	other, err := oauth.New(t.Context(), oauth.Config{Tokens: thief, Keys: thief, Issuer: h.url, TokenTTL: 24 * time.Hour, Now: h.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close(t.Context()) }()
	next := h.rotate("", 0)
	h.clock.advance(time.Hour)
	if got := h.publishedIDs(); got != next.ID+" "+old.ID {
		t.Errorf("the keys %s are published", got)
	}
	late, _, err := other.IssueFor(h.store.account(h.account.ID))
	if err != nil {
		t.Fatal(err)
	}
	h.wantLive(late)
	h.clock.advance(40 * time.Minute)
	h.wantEnded(late, "The access token was not issued by this server.")
}

func TestDiscardedKeyEndsItsTokensInARunningServer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	before := h.token(h.account, h.secret)
	h.wantLive(before) // so that it is remembered
	h.clock.advance(5 * time.Second)
	next, err := oauth.NewSigningKey("", h.clock.now())
	if err != nil {
		t.Fatal(err)
	}
	h.changeKeys(func(keys []store.SigningKey) (store.KeyChange, error) {
		return store.DiscardSigningKeys(keys, next), nil
	})
	// Whoever asks for the keys makes the server look; the poll does so without anybody asking, which the test of the real
	// process shows.
	if got := h.publishedIDs(); got != next.ID {
		t.Errorf("the keys %s are published", got)
	}
	h.wantEnded(before, "The access token was not issued by this server.")
	after := h.token(h.account, h.secret)
	h.wantLive(after)
	if h.keyOf(after) != next.ID {
		t.Error("the discarded key signs")
	}
}

func TestRunningServerNoticesANewKeyByItself(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	next := h.rotate("", 0)
	h.clock.advance(5 * time.Second)
	for deadline := time.Now().Add(time.Minute); h.keyOf(h.token(h.account, h.secret)) != next.ID; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the new key doesn't sign")
		}
	}
}

func TestClockThatGoesBackLeavesAKeyToSignWith(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	old := h.store.keys[0].ID
	next := h.rotate("", 0)
	h.clock.advance(5 * time.Second)
	h.publicKeys()
	during := h.token(h.account, h.secret)
	if h.keyOf(during) != next.ID {
		t.Fatal("the new key doesn't sign")
	}
	for _, back := range []time.Duration{time.Hour, 24 * time.Hour, 365 * 24 * time.Hour} {
		h.clock.advance(-back)
		token := h.token(h.account, h.secret)
		if h.keyOf(token) != old {
			t.Errorf("%s earlier %s signs", back, h.keyOf(token))
		}
		h.wantLive(token)
		h.wantLive(during)
		if got := h.publishedIDs(); got != next.ID+" "+old {
			t.Errorf("%s earlier the keys %s are published", back, got)
		}
		restarted, _ := h.start()
		if _, _, err := restarted.IssueFor(h.store.account(h.account.ID)); err != nil {
			t.Errorf("%s earlier a server that starts can't sign: %v", back, err)
		}
		h.clock.advance(back)
		if h.keyOf(h.token(h.account, h.secret)) != next.ID {
			t.Error("the new key doesn't sign again")
		}
	}
}

func TestLongestTokenOfAnyServerKeepsTheOldKeyPublished(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	old := h.store.keys[0].ID
	if got := h.store.keys[0].LongestTTL; got != 90*time.Minute {
		t.Errorf("the server noted %s", got)
	}
	long, _ := h.start(func(config *oauth.Config) { config.TokenTTL = 7 * time.Hour })
	h.start(func(config *oauth.Config) { config.TokenTTL = time.Minute })
	token, _, err := long.IssueFor(h.store.account(h.account.ID))
	if err != nil {
		t.Fatal(err)
	}
	next := h.rotate("", 0)
	h.clock.advance(7*time.Hour - time.Second)
	h.wantLive(token)
	if got := h.publishedIDs(); got != next.ID+" "+old {
		t.Errorf("the keys %s are published", got)
	}
	// The long-lived server signs with the new key without a restart, and that one is known to have long tokens too.
	if got := h.store.keys[0].LongestTTL; got != 7*time.Hour {
		t.Errorf("the new key has %s", got)
	}
	h.clock.advance(10 * time.Minute)
	if got := h.publishedIDs(); got != next.ID {
		t.Errorf("the keys %s are published", got)
	}
}

func TestRestartWritesNothingIntoTheKeys(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	before := slices.Clone(h.store.keys)
	h.store.changes = 0
	h.start()
	if h.store.changes != 0 || !before[0].SignAfter.Equal(h.store.keys[0].SignAfter) {
		t.Errorf("a restart changed the keys %d times", h.store.changes)
	}
}

func masterKey(t *testing.T, filling byte) store.MasterKey {
	t.Helper()
	key, err := store.ParseMasterKey(hex.EncodeToString(bytes.Repeat([]byte{filling}, store.MasterKeySize)))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestSealedKeysNeedTheirMasterKeyAtTheStart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	token := h.token(h.account, h.secret)
	master := masterKey(t, 1)
	h.changeKeys(func(keys []store.SigningKey) (store.KeyChange, error) {
		return store.SealSigningKeys(keys, master, master)
	})
	for given, want := range map[store.MasterKey]store.Code{{}: store.CodeNoMasterKey, masterKey(t, 2): store.CodeWrongMasterKey} {
		_, err := oauth.New(t.Context(), oauth.Config{Tokens: h.store, Keys: h.store, Issuer: h.url, MasterKey: given})
		if !errors.Is(err, &store.Error{Code: want}) {
			t.Errorf("with %s: %v", given, err)
		}
	}
	h.server, h.url = h.start(func(config *oauth.Config) { config.MasterKey = master })
	h.wantLive(token)
	h.token(h.account, h.secret)
}

func TestRunningServerGoesOnWithKeysThatAreSealedMeanwhileAndWithoutThoseThatItCanNotOpen(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	old := h.store.keys[0].ID
	token := h.token(h.account, h.secret)
	master := masterKey(t, 1)
	h.changeKeys(func(keys []store.SigningKey) (store.KeyChange, error) {
		return store.SealSigningKeys(keys, master, master)
	})
	h.clock.advance(5 * time.Second)
	h.publicKeys()
	h.wantLive(token)

	next, err := oauth.NewSigningKey("", h.clock.now())
	if err != nil {
		t.Fatal(err)
	}
	if next, err = master.Seal(next); err != nil {
		t.Fatal(err)
	}
	h.changeKeys(func(keys []store.SigningKey) (store.KeyChange, error) {
		return store.RotateSigningKeys(keys, next, h.clock.now()), nil
	})
	h.clock.advance(5 * time.Second)
	if got := h.publishedIDs(); got != old {
		t.Errorf("the keys %s are published", got)
	}
	if h.keyOf(h.token(h.account, h.secret)) != old {
		t.Error("the old key doesn't sign any more")
	}
	if !strings.Contains(h.logs.String(), "no master key was given") {
		t.Errorf("the log doesn't say so:\n%s", h.logs)
	}
	// Nothing is signed with a key that nobody will accept.
	h.clock.advance(2 * time.Hour)
	h.wantRefused(h.post("/oauth/token", "grant_type=client_credentials&"+h.credentials()), 503, "temporarily_unavailable")
	h.server, h.url = h.start(func(config *oauth.Config) { config.MasterKey = master })
	if h.keyOf(h.token(h.account, h.secret)) != next.ID {
		t.Error("the new key doesn't sign after the restart")
	}
}

func TestDiscardingEndsTokensInAServerThatCanNotOpenTheNewKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	token := h.token(h.account, h.secret)
	next, err := oauth.NewSigningKey("", h.clock.now())
	if err != nil {
		t.Fatal(err)
	}
	if next, err = masterKey(t, 1).Seal(next); err != nil {
		t.Fatal(err)
	}
	h.changeKeys(func(keys []store.SigningKey) (store.KeyChange, error) {
		return store.DiscardSigningKeys(keys, next), nil
	})
	h.clock.advance(5 * time.Second)
	h.wantRefused(h.get("/oauth/jwks.json"), 503, "temporarily_unavailable")
	h.wantEnded(token, "The access token was not issued by this server.")
	h.wantRefused(h.post("/oauth/token", "grant_type=client_credentials&"+h.credentials()), 503, "temporarily_unavailable")
}
