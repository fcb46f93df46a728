package oauth_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/procore/terraform-provider-procore/server/oauth"
	"github.com/procore/terraform-provider-procore/server/store"
)

// publicKeys fetches the JWKS as a resource server does.
func (h *house) publicKeys() jose.JSONWebKeySet {
	h.t.Helper()
	got := h.get("/oauth/jwks.json")
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(got.text), &set); err != nil || got.status != http.StatusOK {
		h.t.Fatalf("JWKS: %d %s: %v", got.status, got.text, err)
	}
	return set
}

func TestTokensCanBeCheckedOfflineAgainstTheJWKS(t *testing.T) {
	t.Parallel()
	for _, algorithm := range []string{"ES256", "RS256", "EdDSA"} {
		t.Run(algorithm, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.store.keys = nil
			h.store.addKey(t, algorithm)
			h.server, h.url = h.start()
			token := h.token(h.account, h.secret)

			signed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(algorithm)})
			if err != nil {
				t.Fatal(err)
			}
			head := signed.Headers[0]
			published := h.publicKeys()
			public := published.Key(head.KeyID)
			if len(public) != 1 || head.ExtraHeaders[jose.HeaderType] != "at+jwt" || public[0].Algorithm != algorithm || public[0].Use != "sig" {
				t.Fatalf("header %v, keys %v", head, public)
			}
			thumbprint, err := public[0].Thumbprint(crypto.SHA256)
			if err != nil || base64.RawURLEncoding.EncodeToString(thumbprint) != head.KeyID {
				t.Errorf("kid %q is not the thumbprint", head.KeyID)
			}
			var registered jwt.Claims
			var others map[string]any
			if err := signed.Claims(public[0], &registered, &others); err != nil {
				t.Fatal(err)
			}
			if err := registered.Validate(jwt.Expected{
				Issuer: h.url, AnyAudience: jwt.Audience{h.url}, Subject: "17", Time: h.clock.now(),
			}); err != nil {
				t.Error(err)
			}
			if registered.ID == "" || registered.Expiry.Time().Sub(registered.IssuedAt.Time()) != 90*time.Minute {
				t.Errorf("claims %v", registered)
			}
			for name, want := range map[string]any{
				"client_id": h.account.ClientID, "scope": "public", "company_id": "1", "secret_version": 1.0, "epoch": 1.0,
			} {
				if others[name] != want {
					t.Errorf("%s: got %v, want %v", name, others[name], want)
				}
			}
			h.wantLive(token)
		})
	}
}

func TestJWKSShowsPublicKeysOnlyAndMayBeCached(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.store.addKey(t, "RS256")
	h.store.addKey(t, "EdDSA")
	h.clock.advance(time.Minute)
	got := h.get("/oauth/jwks.json")
	if got.header.Get("Content-Type") != "application/jwk-set+json" || got.header.Get("Cache-Control") != "public, max-age=300" {
		t.Errorf("headers %v", got.header)
	}
	set := h.publicKeys()
	if len(set.Keys) != 3 {
		t.Fatalf("%d keys", len(set.Keys))
	}
	for i, public := range set.Keys {
		if !public.IsPublic() || public.KeyID != h.store.keys[i].ID {
			t.Errorf("key %d is %v", i, public)
		}
	}
	for _, member := range []string{`"d"`, `"p"`, `"q"`, `"k"`} {
		if strings.Contains(got.text, member) {
			t.Errorf("a private member %s is published", member)
		}
	}
}

func TestAKeyThatAnotherProcessAddedIsFound(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	old := h.token(h.account, h.secret)
	h.clock.advance(5 * time.Second)
	h.store.addKey(t, "")
	second, _ := h.start()
	token, _, err := second.IssueFor(h.store.account(h.account.ID))
	if err != nil {
		t.Fatal(err)
	}
	h.wantLive(token)
	h.wantLive(old)
	if keys := h.publicKeys().Keys; len(keys) != 2 {
		t.Errorf("%d keys are published", len(keys))
	}
}

func TestATokenOfAKeyThatAnotherServerHasNoticedFirstIsGood(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for range 3 { // and not only the first time
		h.clock.advance(5 * time.Second)
		h.publicKeys() // reads the keys, so that it isn't time to read them again
		h.store.addKey(t, "")
		second, _ := h.start()
		token, _, err := second.IssueFor(h.store.account(h.account.ID))
		if err != nil {
			t.Fatal(err)
		}
		h.wantLive(token)
	}
}

func TestAnUnknownKeyReachesTheDatabaseOnceInAWhile(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	stranger := newHouse(t)
	token := stranger.token(stranger.account, stranger.secret)
	_, _, before := h.store.counts()
	for range 10 {
		h.clock.advance(time.Second)
		h.wantEnded(token, "The access token was not issued by this server.")
	}
	if _, _, after := h.store.counts(); after-before < 2 || after-before > 4 {
		t.Errorf("the keys were read %d times in 10 s", after-before)
	}
	// A clock that was set back must not stop it.
	h.clock.advance(-time.Hour)
	_, _, before = h.store.counts()
	h.wantEnded(token, "The access token was not issued by this server.")
	if _, _, after := h.store.counts(); after != before+1 {
		t.Errorf("the keys were read %d times after the clock went back", after-before)
	}
	// While the keys can't be read, nobody knows whose token it is.
	h.clock.advance(time.Minute)
	h.store.fail(errors.New("page 7 is damaged"))
	for range 3 {
		h.wantRefused(h.get("/oauth/token/info", bearer(token)), http.StatusInternalServerError, "server_error")
	}
	if keys := h.publicKeys().Keys; len(keys) != 1 {
		t.Errorf("%d keys are published while the database is away", len(keys))
	}
}

func TestWhoeverLeavesDoesNotWaitForAnothersReadOfTheKeys(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	stranger := newHouse(t)
	token := stranger.token(stranger.account, stranger.secret)
	hold, reading := make(chan struct{}), make(chan struct{}, 1)
	defer close(hold)
	h.store.mu.Lock()
	h.store.hold, h.store.reading = hold, reading
	h.store.mu.Unlock()
	h.clock.advance(time.Minute)
	go func() { _, _, _ = h.server.Verify(context.Background(), token) }()
	<-reading // somebody reads the keys: this one, or the poll
	ctx, leave := context.WithCancel(t.Context())
	leave()
	left := make(chan error, 1)
	go func() {
		_, _, err := h.server.Verify(ctx, token)
		left <- err
	}()
	select {
	case err := <-left:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Error("it waits for the database")
	}
}

// TestForgedTokensAreRefused signs with the server's own key wherever the signature isn't the point.
func TestForgedTokensAreRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	token := h.token(h.account, h.secret)
	parts := strings.Split(token, ".")
	payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
	stored := h.store.keys[0]
	private, err := x509.ParsePKCS8PrivateKey(stored.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	public := h.publicKeys().Keys[0]
	publicDER, _ := x509.MarshalPKIXPublicKey(public.Key)
	stranger, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)

	sign := func(algorithm jose.SignatureAlgorithm, key any, kid, typ string, claims []byte, more ...any) string {
		options := (&jose.SignerOptions{}).WithType(jose.ContentType(typ))
		if len(more) == 2 {
			options = options.WithHeader(jose.HeaderKey(more[0].(string)), more[1])
		}
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, options)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := signer.Sign(claims)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := signed.CompactSerialize()
		return text
	}
	encode := base64.RawURLEncoding.EncodeToString
	if err := verify(h, sign(jose.ES256, private, stored.ID, "at+jwt", payload)); err != nil {
		t.Fatalf("the control is refused: %v", err)
	}
	if err := verify(h, sign(jose.ES256, private, stored.ID, "application/at+jwt", payload)); err != nil {
		t.Errorf("RFC 9068 4 allows the long form of typ: %v", err)
	}
	for name, forged := range map[string]string{
		"alg none":           encode([]byte(`{"alg":"none","typ":"at+jwt","kid":"`+stored.ID+`"}`)) + "." + parts[1] + ".",
		"HMAC, public key":   sign(jose.HS256, publicDER, stored.ID, "at+jwt", payload),
		"another key":        sign(jose.ES256, stranger, stored.ID, "at+jwt", payload),
		"no kid":             sign(jose.ES256, private, "", "at+jwt", payload),
		"another kid":        sign(jose.ES256, private, "x", "at+jwt", payload),
		"typ JWT":            sign(jose.ES256, private, stored.ID, "JWT", payload),
		"no typ":             encode([]byte(`{"alg":"ES256","kid":"`+stored.ID+`"}`)) + "." + parts[1] + "." + parts[2],
		"an embedded key":    sign(jose.ES256, stranger, "", "at+jwt", payload, "jwk", jose.JSONWebKey{Key: stranger.Public()}),
		"a critical header":  sign(jose.ES256, private, stored.ID, "at+jwt", payload, "crit", []string{"x"}),
		"other claims":       parts[0] + "." + encode([]byte(strings.Replace(string(payload), `"sub":"17"`, `"sub":"18"`, 1))) + "." + parts[2],
		"no signature":       parts[0] + "." + parts[1] + ".",
		"claims not JSON":    sign(jose.ES256, private, stored.ID, "at+jwt", []byte("x")),
		"claims of a type":   sign(jose.ES256, private, stored.ID, "at+jwt", []byte(`{"exp":"never"}`)),
		"no claims":          sign(jose.ES256, private, stored.ID, "at+jwt", []byte(`{}`)),
		"an account unknown": sign(jose.ES256, private, stored.ID, "at+jwt", []byte(strings.Replace(string(payload), `"sub":"17"`, `"sub":"017"`, 1))),
		"a JSON JWS":         `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"five parts":         token + ".a.b",
		"a trailing newline": token + "\n",
		"far too long":       parts[0] + "." + strings.Repeat("A", 8<<10) + "." + parts[2],
		"":                   "",
	} {
		if err := verify(h, forged); !errors.As(err, new(*oauth.InvalidTokenError)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func verify(h *house, token string) error {
	_, _, err := h.server.Verify(h.t.Context(), token)
	return err
}

func TestNewSigningKeyRefusesOtherAlgorithms(t *testing.T) {
	t.Parallel()
	for _, algorithm := range []string{"none", "HS256", "es256", "ES512"} {
		if _, err := oauth.NewSigningKey(algorithm, time.Now()); err == nil {
			t.Errorf("%s is accepted", algorithm)
		}
	}
	key, err := oauth.NewSigningKey("", time.Unix(1, 0))
	if err != nil || key.Algorithm != "ES256" || !key.CreatedAt.Equal(time.Unix(1, 0)) {
		t.Errorf("the default is %v: %v", key.Algorithm, err)
	}
}

func TestNewRefusesWhatItCanNotWorkWith(t *testing.T) {
	t.Parallel()
	good, _ := oauth.NewSigningKey("", time.Now())
	elliptic384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	encoded384, _ := x509.MarshalPKCS8PrivateKey(elliptic384)
	for name, test := range map[string]struct {
		keys   []store.SigningKey
		issuer string
		ttl    time.Duration
		want   string
	}{
		"no key":            {nil, "http://x", 0, "init"},
		"a damaged key":     {[]store.SigningKey{{ID: "k", Algorithm: "ES256", PrivateKey: []byte("x")}}, "http://x", 0, "signing key k is damaged"},
		"another algorithm": {[]store.SigningKey{{ID: "k", Algorithm: "RS256", PrivateKey: good.PrivateKey}}, "http://x", 0, "does not fit"},
		"another curve":     {[]store.SigningKey{{ID: "k", Algorithm: "ES256", PrivateKey: encoded384}}, "http://x", 0, "does not fit"},
		"no issuer":         {[]store.SigningKey{good}, "", 0, "base URL"},
		"a relative issuer": {[]store.SigningKey{good}, "/api", 0, "base URL"},
		"a query":           {[]store.SigningKey{good}, "https://x/?a=b", 0, "base URL"},
		"a fragment":        {[]store.SigningKey{good}, "https://x/#a", 0, "base URL"},
		"a password":        {[]store.SigningKey{good}, "https://a:hunter2@x/", 0, "base URL"},
		"another scheme":    {[]store.SigningKey{good}, "ftp://x", 0, "base URL"},
		"not a URL":         {[]store.SigningKey{good}, "https://x:hunter2:y", 0, "base URL"},
		"no lifetime":       {[]store.SigningKey{good}, "http://x", -time.Second, "lifetime"},
		"half a second":     {[]store.SigningKey{good}, "http://x", 1500 * time.Millisecond, "lifetime"},
	} {
		m := &memory{now: time.Now, keys: test.keys}
		_, err := oauth.New(t.Context(), oauth.Config{Tokens: m, Keys: m, Issuer: test.issuer, TokenTTL: test.ttl})
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
