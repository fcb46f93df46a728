package store_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/procore/terraform-provider-procore/server/store"
)

func onceKey(t *testing.T, caller store.ID, token string) store.OnceKey {
	t.Helper()
	key, err := store.NewOnceKey(caller, token)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Rows outlive the program that wrote them: a change of the derivation would do their work twice. The values are RFC 5869's
// steps, done by another program.
func TestOnceKeyOfACallersTokenNeverChanges(t *testing.T) {
	t.Parallel()
	key := onceKey(t, 17, "8e03978e-40d5-43e8-bc93-6894a57f9324")
	for what, values := range map[string][2]string{
		"id":          {hex.EncodeToString(key.ID()), "8bde5695ac0bcdc2aa1f3324599b6cc7aef65e2b26113338043fbefb387cc7c2"},
		"fingerprint": {hex.EncodeToString(key.Fingerprint("POST", "/a", []byte(`{}`))), "e51d9889fb94fb16487361d02443cd7695f63f47adc834d805791fe1da054be9"},
	} {
		if values[0] != values[1] {
			t.Errorf("the %s is %s, and was %s", what, values[0], values[1])
		}
	}
}

func TestOnceKeysOfOtherCallersAndTokensHaveNothingInCommon(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, caller := range []store.ID{1, 11} {
		for _, token := range []string{"a", "1a", "A", "a "} {
			key := onceKey(t, caller, token)
			who := fmt.Sprintf("%s's %q", caller, token)
			for what, value := range map[string][]byte{"id": key.ID(), "fingerprint": key.Fingerprint("POST", "/", nil)} {
				if other, found := seen[string(value)]; found {
					t.Errorf("the %s of %s is one of %s", what, who, other)
				}
				seen[string(value)] = who
			}
			fingerprint := key.Fingerprint("POST", "/", nil)
			sealed := onceKey(t, 2, "a").Seal(fingerprint, []byte("answer"))
			if _, err := key.Open(store.KeptAnswer{Fingerprint: fingerprint, Sealed: sealed}); err == nil {
				t.Errorf("%s opens another caller's answer", who)
			}
		}
	}
}

func TestFingerprintsTellRequestsApart(t *testing.T) {
	t.Parallel()
	key := onceKey(t, 1, "token")
	seen := map[string]bool{}
	for _, request := range [][3]string{{"POST", "/a", "{}"}, {"PUT", "/a", "{}"}, {"POST", "/a{", "}"}, {"POST", "/a", ""}, {"POST", "/a{}", ""}, {"POS", "T/a", "{}"}} {
		seen[string(key.Fingerprint(request[0], request[1], []byte(request[2])))] = true
	}
	if len(seen) != 6 {
		t.Errorf("6 requests have %d fingerprints", len(seen))
	}
	if !bytes.Equal(key.Fingerprint("POST", "/a", nil), onceKey(t, 1, "token").Fingerprint("POST", "/a", []byte{})) {
		t.Error("the same request has two fingerprints")
	}
}

func TestSealedAnswerOpensInItsOwnRowOnly(t *testing.T) {
	t.Parallel()
	key, answer := onceKey(t, 1, "token"), []byte(`{"client_secret":"x"}`)
	fingerprint, other := key.Fingerprint("POST", "/a", nil), key.Fingerprint("POST", "/b", nil)
	sealed := key.Seal(fingerprint, answer)
	if bytes.Contains(sealed, answer[:8]) {
		t.Error("the answer can be read without its key")
	}
	if bytes.Equal(sealed, key.Seal(fingerprint, answer)) {
		t.Error("equal answers are sealed alike")
	}
	if got, err := key.Open(store.KeptAnswer{Fingerprint: fingerprint, Sealed: sealed}); err != nil || !bytes.Equal(got, answer) {
		t.Errorf("opened as %q, %v", got, err)
	}
	if _, err := key.Open(store.KeptAnswer{Fingerprint: other, Sealed: sealed}); err == nil {
		t.Error("opened as the answer to another request")
	}
	for i := range sealed {
		damaged := bytes.Clone(sealed)
		damaged[i] ^= 1
		if _, err := key.Open(store.KeptAnswer{Fingerprint: fingerprint, Sealed: damaged}); err == nil {
			t.Errorf("opened with byte %d changed", i)
		}
		if _, err := key.Open(store.KeptAnswer{Fingerprint: fingerprint, Sealed: sealed[:i]}); err == nil {
			t.Errorf("opened with %d bytes only", i)
		}
	}
}

func TestOnceKeyPrintsNothingOfItself(t *testing.T) {
	t.Parallel()
	key := onceKey(t, 1, "token")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(verb, key); got != "key of an Idempotency-Token" {
			t.Errorf("%s prints %q", verb, got)
		}
	}
}
