package provider

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"math/big"
	"strings"
)

// The shape of a client secret: "pcs_", 43 base62 characters that hold 256 random bits, and 6 of checksum. The rule is the
// server's; the provider keeps it as well, so that a secret can be made, and a typo found, without asking anybody.
const (
	secretPrefix   = "pcs_"
	secretBody     = 43
	secretChecksum = 6
	base62         = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// newClientSecret makes a secret of 256 random bits.
func newClientSecret() string {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails: crypto/rand ends the program instead
	body := encodeBase62(new(big.Int).SetBytes(random), secretBody)
	return secretPrefix + body + encodeChecksum(body)
}

// clientSecretFingerprint names a secret without helping to guess it: the first 12 hex digits of the SHA-256 of the secret's own
// SHA-256, which is all of it that the server keeps.
func clientSecretFingerprint(secret string) string {
	digest := sha256.Sum256([]byte(secret))
	again := sha256.Sum256(digest[:])
	return hex.EncodeToString(again[:6])
}

var errMalformedSecret = errors.New("must be a well-formed client secret, as `terraform-provider-procore generate-secret` makes: " +
	"pcs_, 43 characters and 6 of checksum")

// checkClientSecret tells a typo from a secret: the last 6 characters are the CRC-32 (IEEE) of the 43
// before them, in base62 with leading zeros. It never repeats the secret.
func checkClientSecret(secret string) error {
	text, found := strings.CutPrefix(secret, secretPrefix)
	if !found || len(text) != secretBody+secretChecksum {
		return errMalformedSecret
	}
	for i := range len(text) {
		if strings.IndexByte(base62, text[i]) < 0 {
			return errMalformedSecret
		}
	}
	if encodeChecksum(text[:secretBody]) != text[secretBody:] {
		return errors.New("has the shape of a client secret, but its checksum is wrong: it is mistyped or cut")
	}
	return nil
}

func encodeChecksum(body string) string {
	return encodeBase62(big.NewInt(int64(crc32.ChecksumIEEE([]byte(body)))), secretChecksum)
}

// encodeBase62 writes number in width characters, with zeros on the left.
func encodeBase62(number *big.Int, width int) string {
	digits := make([]byte, width)
	rest, radix, digit := new(big.Int).Set(number), big.NewInt(int64(len(base62))), new(big.Int)
	for i := width - 1; i >= 0; i-- {
		rest.DivMod(rest, radix, digit)
		digits[i] = base62[digit.Int64()]
	}
	return string(digits)
}
