package store

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"math/big"
	"regexp"
	"strings"
)

// The shape of a client secret: a prefix that secret scanners can look for, 43 base62 characters that hold 256 random
// bits, and 6 base62 characters of the CRC-32 (IEEE) of those 43, so that a typo is told from a wrong secret without
// asking the database.
const (
	secretPrefix   = "pcs_"
	secretRandom   = 43
	secretChecksum = 6
	base62         = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// Secret is a client secret in plain. It exists in memory only, between the request that makes or brings it and the
// answer that shows it once; what is stored is its Digest.
//
// It prints as a mask in logs and errors, whatever the verb. Reveal is the only way to the text, which stands behind a pointer
// because fmt asks a value in another struct's private field for no method, and would print what it finds.
type Secret struct{ text *string }

func newSecret(text string) Secret { return Secret{&text} }

// NewSecret makes a secret of 256 random bits.
func NewSecret() Secret {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails: crypto/rand ends the program instead
	body := encodeBase62(new(big.Int).SetBytes(random), secretRandom)
	return newSecret(secretPrefix + body + checksum(body))
}

// ParseSecret accepts a secret that somebody else made, if it is well-formed.
func ParseSecret(text string) (Secret, bool) {
	body, found := strings.CutPrefix(text, secretPrefix)
	if !found || len(body) != secretRandom+secretChecksum {
		return Secret{}, false
	}
	body, sum := body[:secretRandom], body[secretRandom:]
	for _, character := range body {
		if !strings.ContainsRune(base62, character) {
			return Secret{}, false
		}
	}
	return newSecret(text), checksum(body) == sum
}

// Reveal returns the text, for the one answer that shows it. The zero Secret's is empty.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// String masks the secret, so that it can't reach a log.
func (s Secret) String() string { return secretPrefix + "…" }

// Format masks the secret for every verb: fmt asks String for some of them only (fmt.Formatter).
func (s Secret) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, s.String()) }

// secretLike finds what can be a secret, or most of one: a name such as pcs_exporter is none. Of two that were pasted without
// anything between them, the first takes the letters of the second's prefix for its own; hence the tail.
var secretLike = regexp.MustCompile(secretPrefix + `[0-9A-Za-z]{20,}(_[0-9A-Za-z]{20,})*`)

// MaskSecrets takes client secrets out of a text that repeats what somebody sent: people do paste one into a description,
// or into the name of a field.
func MaskSecrets(text string) string { return secretLike.ReplaceAllString(text, maskedSecret) }

const maskedSecret = secretPrefix + "…"

// HasMaskedSecret reports whether a text may be one that MaskSecrets has changed.
func HasMaskedSecret(text string) bool { return strings.Contains(text, maskedSecret) }

// Digest is what is stored of the secret. A secret of 256 random bits needs no slow hash: slow hashes protect secrets
// that people choose.
func (s Secret) Digest() SecretDigest { return DigestSecret(s.Reveal()) }

// SecretDigest is the SHA-256 of a client secret.
type SecretDigest [sha256.Size]byte

// DigestSecret returns the digest of whatever a client presented, well-formed or not.
func DigestSecret(text string) SecretDigest { return sha256.Sum256([]byte(text)) }

// Equal compares in constant time.
func (d SecretDigest) Equal(other SecretDigest) bool {
	return subtle.ConstantTimeCompare(d[:], other[:]) == 1
}

// Fingerprint names a secret without helping to guess it: the first 12 hex digits of the SHA-256 of the digest.
func (d SecretDigest) Fingerprint() string {
	sum := sha256.Sum256(d[:])
	return hex.EncodeToString(sum[:6])
}

// NewClientID makes a client id: 64 lower-case hex characters.
func NewClientID() string {
	random := make([]byte, 32)
	_, _ = rand.Read(random)
	return hex.EncodeToString(random)
}

func checksum(body string) string {
	return encodeBase62(big.NewInt(int64(crc32.ChecksumIEEE([]byte(body)))), secretChecksum)
}

// encodeBase62 writes number in width characters, padded with zeros on the left.
func encodeBase62(number *big.Int, width int) string {
	digits := make([]byte, width)
	radix, remainder := big.NewInt(int64(len(base62))), new(big.Int)
	number = new(big.Int).Set(number)
	for i := width - 1; i >= 0; i-- {
		number.DivMod(number, radix, remainder)
		digits[i] = base62[remainder.Int64()]
	}
	return string(digits)
}
