package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

// MasterKeySize is the length of a master key in bytes.
const MasterKeySize = 32

// MasterKey seals the signing keys, so that a copy of the database alone signs no token. It is kept outside of the
// database, and comes from the operator at every start. The zero value is no key.
//
// It never seals anything itself: each purpose has a key of its own, derived with HKDF (RFC 5869). It prints as a mask.
type MasterKey struct {
	key   [MasterKeySize]byte
	given bool
}

// The purposes. Another one gets another label, and so a key that has nothing to do with these.
const (
	purposeSealing = "procore signing keys: AES-256-GCM"
	purposeNaming  = "procore master key: id"
)

// ParseMasterKey reads 32 bytes written as base64 (either alphabet, padded or not) or as hex. White space around them is
// dropped, for a file ends with a line break. The error tells nothing of the text.
func ParseMasterKey(text string) (MasterKey, error) {
	text = strings.TrimSpace(text)
	decode := base64.RawStdEncoding.Strict().DecodeString
	switch {
	case len(text) == hex.EncodedLen(MasterKeySize):
		decode = hex.DecodeString
	case strings.ContainsAny(text, "-_"):
		decode = base64.RawURLEncoding.Strict().DecodeString
	}
	decoded, err := decode(strings.TrimRight(text, "="))
	if err != nil || len(decoded) != MasterKeySize || strings.ContainsAny(text, "\r\n") {
		return MasterKey{}, errors.New("the master key must be 32 random bytes in base64 or hex; make one with: openssl rand -base64 32")
	}
	return MasterKey{key: [MasterKeySize]byte(decoded), given: true}, nil
}

// IsZero reports that there is no key.
func (k MasterKey) IsZero() bool { return !k.given }

// Equal compares in constant time.
func (k MasterKey) Equal(other MasterKey) bool {
	return k.given == other.given && subtle.ConstantTimeCompare(k.key[:], other.key[:]) == 1
}

// String masks the key, so that it can't reach a log by way of a format verb.
func (k MasterKey) String() string {
	if k.IsZero() {
		return "no master key"
	}
	return "master key " + k.ID()
}

// Format masks the key for every verb: %d would print its bytes.
func (k MasterKey) Format(to fmt.State, _ rune) { _, _ = io.WriteString(to, k.String()) }

// ID names the key without helping to guess it: 12 hex digits. It is stored beside what the key sealed, so that a wrong
// key can be told from damage.
func (k MasterKey) ID() string {
	if k.IsZero() {
		return ""
	}
	derived, err := k.derive(purposeNaming, 6)
	if err != nil {
		return "unknown" // can't be: HKDF fails for lengths beyond 8160 bytes only
	}
	return hex.EncodeToString(derived)
}

// Seal returns the signing key with its private key encrypted (AES-256-GCM). Id and algorithm are bound to it, so that
// one key's row can't stand in for another's.
func (k MasterKey) Seal(key SigningKey) (SigningKey, error) {
	if key.Sealed() {
		return SigningKey{}, fmt.Errorf("signing key %s is sealed already", key.ID)
	}
	aead, err := k.aead()
	if err != nil {
		return SigningKey{}, fmt.Errorf("unable to seal signing key %s: %w", key.ID, err)
	}
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails: crypto/rand ends the program instead
	key.PrivateKey = aead.Seal(nonce, nonce, key.PrivateKey, bound(key))
	key.MasterKeyID = k.ID()
	return key, nil
}

// Open returns the signing key with its private key in plain; one that isn't sealed comes back as it is. It returns
// *Error with CodeNoMasterKey or CodeWrongMasterKey when the master key doesn't open it.
func (k MasterKey) Open(key SigningKey) (SigningKey, error) {
	switch {
	case !key.Sealed():
		return key, nil
	case k.IsZero():
		return SigningKey{}, &Error{Code: CodeNoMasterKey, Message: fmt.Sprintf(
			"Signing key %s is sealed with the master key %s, and no master key was given. "+
				"Give it in PROCORE_MASTER_KEY or with --master-key-file.", key.ID, key.MasterKeyID)}
	case k.ID() != key.MasterKeyID:
		return SigningKey{}, &Error{Code: CodeWrongMasterKey, Message: fmt.Sprintf(
			"Signing key %s is sealed with the master key %s, and the wrong one was given: %s. "+
				"Give the right one in PROCORE_MASTER_KEY or with --master-key-file.", key.ID, key.MasterKeyID, k.ID())}
	}
	aead, err := k.aead()
	if err != nil {
		return SigningKey{}, fmt.Errorf("unable to open signing key %s: %w", key.ID, err)
	}
	size := aead.NonceSize()
	if len(key.PrivateKey) < size {
		return SigningKey{}, damagedKey(key)
	}
	plain, err := aead.Open(nil, key.PrivateKey[:size], key.PrivateKey[size:], bound(key))
	if err != nil {
		return SigningKey{}, damagedKey(key)
	}
	key.PrivateKey, key.MasterKeyID = plain, ""
	return key, nil
}

func damagedKey(key SigningKey) error {
	return &Error{Code: CodeNotADatabase, Message: fmt.Sprintf(
		"Signing key %s is damaged: it doesn't open, although the master key %s is the one that sealed it. Restore a backup, or "+
			"replace it with: terraform-provider-procore keys rotate --discard-old", key.ID, key.MasterKeyID)}
}

// bound is what the seal covers besides the private key. None of the parts can hold the separator.
func bound(key SigningKey) []byte {
	return []byte("signing key\x00" + key.ID + "\x00" + key.Algorithm)
}

func (k MasterKey) aead() (cipher.AEAD, error) {
	if k.IsZero() {
		return nil, errors.New("there is no master key")
	}
	derived, err := k.derive(purposeSealing, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func (k MasterKey) derive(purpose string, length int) ([]byte, error) {
	return hkdf.Key(sha256.New, k.key[:], nil, purpose, length)
}
