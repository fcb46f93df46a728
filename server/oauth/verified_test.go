package oauth_test

import (
	"encoding/base64"
	"encoding/json"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/procore/terraform-provider-procore/server/oauth"
)

// About one number in 256 is a byte shorter than the others, and still has its full length in a signature (RFC 7518 3.4).
func TestEveryES256SignatureIsGoodToOtherLibraries(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	set := h.publicKeys()
	public := set.Keys[0]
	for range 1500 {
		token, _, err := h.server.IssueFor(h.account)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := signed.Verify(public); err != nil || signed.Signatures[0].Protected.KeyID != public.KeyID {
			t.Fatalf("%v: %v", signed.Signatures[0].Protected, err)
		}
	}
}

// More tokens than there is room for in some of the sets, each shown twice by several at once.
func TestARememberedTokenIsNeverTakenForAnother(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	tokens := make([]string, 3000)
	for i := range tokens {
		var err error
		if tokens[i], _, err = h.server.IssueFor(h.account); err != nil {
			t.Fatal(err)
		}
	}
	var group sync.WaitGroup
	for i := range 2 * runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for j := range tokens {
				token := tokens[(j*7+i*501)%len(tokens)]
				for range 2 {
					if _, claims, err := h.server.Verify(t.Context(), token); err != nil || claims != claimsOf(token) {
						t.Errorf("%+v: %v", claims, err)
						return
					}
				}
			}
		})
	}
	group.Wait()
}

func claimsOf(token string) (claims oauth.Claims) {
	payload, _ := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	_ = json.Unmarshal(payload, &claims) // what it doesn't read differs
	return claims
}

// Any change to a token makes another text of it, which the one that is remembered doesn't vouch for.
func TestATokenThatWasChangedIsRefusedAlsoWhenTheTrueOneWasSeen(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	token := h.token(h.account, h.secret)
	h.wantLive(token)
	dot := strings.LastIndexByte(token, '.')
	for name, changed := range map[string]string{
		"signature": token[:dot+1] + flip(token[dot+1:]),
		"claims":    flip(token[:dot]) + token[dot:],
		"none":      token[:dot+1],
		"more":      token + "A",
		"break":     token[:dot] + "\n" + token[dot:],
	} {
		if _, _, err := h.server.Verify(t.Context(), changed); err == nil {
			t.Errorf("%s: a changed token counts", name)
		}
	}
	h.wantLive(token)
}

// flip changes a character in the middle.
func flip(text string) string {
	middle := len(text) / 2
	other := "A"
	if text[middle] == 'A' {
		other = "B"
	}
	return text[:middle] + other + text[middle+1:]
}
