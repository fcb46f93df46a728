package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
)

// OnceKey is all that one caller's Idempotency-Token yields: the id under which an answer is kept, the key that seals it,
// and the key of the request's fingerprint. They are three outputs of HKDF-SHA256 (RFC 5869), so that none tells
// anything of another, and the kept row tells nothing of the token to whoever can't guess it. Guessing costs little
// more than a hash: a token needs 128 random bits, which its users are told.
//
// It prints as nothing, and the token itself isn't in it.
type OnceKey struct {
	id, fingerprint []byte
	sealing         cipher.AEAD
}

// NewOnceKey derives the key. The caller is part of it: the same token of another account is another key.
func NewOnceKey(caller ID, token string) (OnceKey, error) {
	var key OnceKey
	// RFC 5869 2.2: the salt may be known, and separates what the same token is used for elsewhere.
	extracted, err := hkdf.Extract(sha256.New, []byte(token), []byte("procore idempotency v1, caller "+caller.String()))
	if err != nil {
		return key, fmt.Errorf("derive a key from an Idempotency-Token: %w", err)
	}
	var sealing []byte
	for info, output := range map[string]*[]byte{"id": &key.id, "fingerprint": &key.fingerprint, "seal": &sealing} {
		if *output, err = hkdf.Expand(sha256.New, extracted, info, sha256.Size); err != nil {
			return key, fmt.Errorf("derive a key from an Idempotency-Token: %w", err)
		}
	}
	block, err := aes.NewCipher(sealing) // 32 bytes: AES-256
	if err != nil {
		return key, fmt.Errorf("derive a key from an Idempotency-Token: %w", err)
	}
	// A token that is used again after its day seals a second answer under the same key: hence random nonces.
	key.sealing, err = cipher.NewGCMWithRandomNonce(block)
	return key, err
}

// ID names the kept answer.
func (k OnceKey) ID() []byte { return k.id }

// Fingerprint stands for a request: two are the same when method, path and body are. It is keyed, for a body may hold a
// client secret.
func (k OnceKey) Fingerprint(method, path string, body []byte) []byte {
	mac := hmac.New(sha256.New, k.fingerprint)
	for _, part := range [][]byte{[]byte(method), []byte(path), body} {
		_, _ = fmt.Fprintf(mac, "%d:", len(part)) // a hash takes everything; lengths keep two parts from running together
		_, _ = mac.Write(part)
	}
	return mac.Sum(nil)
}

// Seal encrypts an answer for its row: under another id, or for another request, it can't be opened.
func (k OnceKey) Seal(fingerprint, answer []byte) []byte {
	return k.sealing.Seal(nil, nil, answer, k.bound(fingerprint)) //#nosec G407 -- this AEAD takes no nonce, it makes its own
}

// Open decrypts a kept answer.
func (k OnceKey) Open(kept KeptAnswer) ([]byte, error) {
	answer, err := k.sealing.Open(nil, nil, kept.Sealed, k.bound(kept.Fingerprint))
	if err != nil {
		return nil, errors.New("the answer that was kept for an Idempotency-Token is damaged")
	}
	return answer, nil
}

// bound is the additional data (NIST SP 800-38D) that ties an answer to its row.
func (k OnceKey) bound(fingerprint []byte) []byte {
	return append(append([]byte{}, k.id...), fingerprint...)
}

// String shows nothing of the key.
func (k OnceKey) String() string { return "key of an Idempotency-Token" }

// GoString shows nothing of the key for %#v.
func (k OnceKey) GoString() string { return k.String() }
