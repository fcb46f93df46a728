package provider

import (
	"strings"
	"testing"

	"github.com/procore/terraform-provider-procore/server/store"
)

func TestAClientSecretMadeHereIsOneByTheServersRule(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		secret := newClientSecret()
		if _, wellFormed := store.ParseSecret(secret); !wellFormed || checkClientSecret(secret) != nil {
			t.Fatal("a secret is not well-formed")
		}
		if got, want := clientSecretFingerprint(secret), store.DigestSecret(secret).Fingerprint(); got != want {
			t.Fatalf("the fingerprint is %s, and the server's %s", got, want)
		}
		if seen[secret] {
			t.Fatal("a secret was made twice")
		}
		seen[secret] = true
	}
}

func TestAClientSecretUsesEveryCharacterInEveryPlace(t *testing.T) {
	places := make([]map[byte]bool, secretBody)
	for i := range places {
		places[i] = map[byte]bool{}
	}
	for range 2000 {
		secret := strings.TrimPrefix(newClientSecret(), secretPrefix)
		for i := range places {
			places[i][secret[i]] = true
		}
	}
	for i, seen := range places {
		if len(seen) < len(base62)-2 { // 256 bits don't reach the last character of the first place
			t.Errorf("place %d has %d different characters", i, len(seen))
		}
	}
}

func TestTheServersSecretsAreWellFormedHere(t *testing.T) {
	for range 1000 {
		if err := checkClientSecret(store.NewSecret().Reveal()); err != nil {
			t.Fatal(err)
		}
	}
}
