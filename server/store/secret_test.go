package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"math/big"
	"regexp"
	"strings"
	"testing"
)

func TestNewSecretIsWellFormedAndNeverTheSame(t *testing.T) {
	t.Parallel()
	shape := regexp.MustCompile(`^pcs_[0-9A-Za-z]{43}[0-9A-Za-z]{6}$`)
	seen := map[string]bool{}
	for range 1000 {
		text := NewSecret().Reveal()
		if !shape.MatchString(text) {
			t.Fatalf("the secret has another shape: %d characters", len(text))
		}
		if _, ok := ParseSecret(text); !ok {
			t.Fatal("a new secret doesn't parse")
		}
		if seen[text] {
			t.Fatal("the same secret twice")
		}
		seen[text] = true
	}
}

func TestSecretChecksumIsTheCRC32OfTheRandomCharacters(t *testing.T) {
	t.Parallel()
	text := NewSecret().Reveal()
	body, sum := text[4:47], text[47:]
	number := new(big.Int)
	for _, character := range sum {
		number.Mul(number, big.NewInt(62)).Add(number, big.NewInt(int64(strings.IndexRune(base62, character))))
	}
	if want := crc32.ChecksumIEEE([]byte(body)); number.Uint64() != uint64(want) {
		t.Errorf("the checksum is %d, want %d", number, want)
	}
}

func TestParseSecretRefusesWhatIsNotWellFormed(t *testing.T) {
	t.Parallel()
	good := NewSecret().Reveal()
	typo := []byte(good)
	typo[20] = map[bool]byte{true: 'a', false: 'b'}[typo[20] != 'a']
	for name, text := range map[string]string{
		"empty":              "",
		"prefix only":        "pcs_",
		"no prefix":          good[4:],
		"other prefix":       "pcx_" + good[4:],
		"upper-case prefix":  "PCS_" + good[4:],
		"one character less": good[:len(good)-1],
		"one character more": good + "0",
		"a typo":             string(typo),
		"space around":       " " + good,
		"not base62":         good[:10] + "-" + good[11:],
		"not ASCII":          good[:10] + "é" + good[12:],
		"checksum swapped":   good[:47] + "zzzzzz",
	} {
		if _, ok := ParseSecret(text); ok {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestSecretNeverPrintsItself(t *testing.T) {
	t.Parallel()
	secret := NewSecret()
	for _, printed := range []string{
		fmt.Sprintf("%v %+v %#v %s %q", secret, secret, secret, secret, secret),
		fmt.Sprintf("%v %+v", struct{ S Secret }{secret}, &struct{ S Secret }{secret}),
	} {
		if strings.Contains(printed, secret.Reveal()[4:20]) {
			t.Error("a format verb prints the secret")
		}
	}
}

func TestFingerprintIsTheDigestOfTheDigest(t *testing.T) {
	t.Parallel()
	secret := NewSecret()
	digest := sha256.Sum256([]byte(secret.Reveal()))
	again := sha256.Sum256(digest[:])
	if got, want := secret.Digest().Fingerprint(), hex.EncodeToString(again[:])[:12]; got != want {
		t.Errorf("the fingerprint is %s, want %s", got, want)
	}
}

func TestMaskTakesOutSecretsAndLeavesNames(t *testing.T) {
	t.Parallel()
	secret := NewSecret().Reveal()
	if got := MaskSecrets("a " + secret + " b " + secret[:30]); got != "a pcs_… b pcs_…" {
		t.Errorf("masked: %q", got)
	}
	if got := MaskSecrets("pcs_exporter"); got != "pcs_exporter" {
		t.Errorf("a name became %q", got)
	}
}
