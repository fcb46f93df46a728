package store

import (
	"fmt"
	"hash/crc32"
	"math/big"
	"strings"
	"testing"
)

// madeSecret is the secret that NewSecret makes of these random bits.
func madeSecret(random []byte) string {
	body := encodeBase62(new(big.Int).SetBytes(random[:min(32, len(random))]), secretRandom)
	return secretPrefix + body + checksum(body)
}

// FuzzParseSecret wants that nothing is taken for a secret but 43 base62 characters with their checksum, and that what is
// taken is kept as it is and shown by nothing but Reveal. (62^43 is a little more than 2^256, so a few well-formed secrets are
// none that NewSecret makes; a configuration may bring them all the same.)
func FuzzParseSecret(f *testing.F) {
	whole := madeSecret([]byte("0123456789abcdef0123456789abcdef"))
	for _, seed := range []string{
		whole, whole[:52], whole + "x", strings.ToUpper(whole), " " + whole, whole + "\n", "pcs_" + strings.Repeat("0", 49),
		"pcs_" + strings.Repeat("z", 49), "pcs_", "", "pcs-" + whole[4:], whole[:46] + "ü" + whole[48:], whole[:10] + "\x00" + whole[11:],
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		secret, ok := ParseSecret(text)
		if ok != wellFormed(text) {
			t.Errorf("accepted: %t", ok)
		}
		if !ok {
			return
		}
		if secret.Reveal() != text || !secret.Digest().Equal(DigestSecret(text)) {
			t.Error("an accepted secret is kept as another one")
		}
		for _, format := range []string{"%s", "%v", "%+v", "%#v", "%q", "%x", "%d"} {
			held := struct {
				Public  any
				private Secret
			}{secret, secret}
			if shown := fmt.Sprintf(format+format, secret, held); strings.Contains(shown, text[4:20]) || strings.Contains(shown, fmt.Sprintf("%x", text[4:20])) {
				t.Errorf("%s shows the secret", format)
			}
		}
	})
}

// wellFormed says a second time, in other words, what a secret looks like.
func wellFormed(text string) bool {
	if len(text) != 4+43+6 || text[:4] != "pcs_" {
		return false
	}
	number := uint64(0)
	for i := range len(text) - 4 {
		digit := strings.IndexByte("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", text[4+i])
		if digit < 0 {
			return false
		}
		if i >= 43 {
			number = number*62 + uint64(digit)
		}
	}
	return number == uint64(crc32.ChecksumIEEE([]byte(text[4:47])))
}

// FuzzNewSecret wants of whatever bits the random source gives a secret that parses.
func FuzzNewSecret(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1})
	f.Add([]byte(strings.Repeat("\xff", 32)))
	f.Fuzz(func(t *testing.T, random []byte) {
		if _, ok := ParseSecret(madeSecret(random)); !ok {
			t.Error("a new secret doesn't parse")
		}
	})
}

// FuzzMaskSecrets wants that no text hides a secret from the mask, whatever stands before and after it, and that masking twice
// changes nothing more.
func FuzzMaskSecrets(f *testing.F) {
	for _, seed := range [][2]string{
		{"", ""}, {"my secret is ", "."}, {"pcs_", "pcs_"}, {"pcs_0123456789012345678", "0"}, {"PCS", "_"}, {"\xff", "\xff"}, {`{"description":"`, `"}`}, {"pcs_…", "…"},
	} {
		f.Add(seed[0], seed[1], []byte("0123456789abcdef0123456789abcdef"))
	}
	f.Fuzz(func(t *testing.T, before, after string, random []byte) {
		secret := madeSecret(random)
		masked := MaskSecrets(before + secret + after)
		if strings.Contains(masked, secret) || strings.Contains(masked, secret[4:]) && !strings.Contains(before+after, secret[4:]) {
			t.Error("the secret is still there")
		}
		if again := MaskSecrets(masked); again != masked {
			t.Errorf("masking twice makes %q of %q", again, masked)
		}
		if text := before + after; !strings.Contains(text, secretPrefix) && MaskSecrets(text) != text {
			t.Errorf("%q has no secret in it, and becomes %q", text, MaskSecrets(text))
		}
	})
}
