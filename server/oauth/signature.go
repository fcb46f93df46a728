package oauth

import (
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Tokens are signed here rather than by go-jose, which spends as long on a token's header as on its signature. What others
// send is still read by go-jose: that is where the mistakes are made.

// rawURL is the encoding of the parts of a token (RFC 7515 2).
var rawURL = base64.RawURLEncoding

// encodeHeader returns the protected header of the key's tokens with the dot behind it. It is the same for all of them.
func (k *key) encodeHeader() (string, error) {
	header, err := json.Marshal(struct {
		Algorithm jose.SignatureAlgorithm `json:"alg"`
		Type      string                  `json:"typ"`
		KeyID     string                  `json:"kid"`
	}{k.algorithm, tokenType, k.id})
	if err != nil {
		return "", fmt.Errorf("unable to encode the header of tokens: %w", err)
	}
	return rawURL.EncodeToString(header) + ".", nil
}

// token makes a token of its payload: a JWS in the compact serialization (RFC 7515 7.1).
func (k *key) token(payload []byte) (string, error) {
	// Room for the signature of an elliptic curve; RSA's makes it grow.
	text := make([]byte, 0, len(k.header)+rawURL.EncodedLen(len(payload))+1+rawURL.EncodedLen(2*halfSignature))
	text = append(text, k.header...)
	text = rawURL.AppendEncode(text, payload)
	signature, err := k.sign(text)
	if err != nil {
		return "", fmt.Errorf("unable to sign a token: %w", err)
	}
	text = append(text, '.')
	return string(rawURL.AppendEncode(text, signature)), nil
}

// sign signs the text as RFC 7518 3.3 and 3.4 and RFC 8037 3.1 say. None of the three takes a random number: where ECDSA
// does, RFC 8725 3.2 asks for the deterministic kind (RFC 6979), which no weak source of randomness can harm.
func (k *key) sign(text []byte) ([]byte, error) {
	if k.algorithm == jose.EdDSA {
		return k.private.Sign(nil, text, crypto.Hash(0))
	}
	digest := sha256.Sum256(text)
	signature, err := k.private.Sign(nil, digest[:], crypto.SHA256)
	if err != nil || k.algorithm != jose.ES256 {
		return signature, err
	}
	return joined(signature)
}

// halfSignature is how many bytes each of the two numbers of an ES256 signature takes (RFC 7518 3.4).
const halfSignature = 32

// joined makes of an ASN.1 signature the two numbers side by side that a JWS has (RFC 7518 3.4).
func joined(signature []byte) ([]byte, error) {
	var sequence cryptobyte.String
	var r, s []byte // without leading zeros
	whole := cryptobyte.String(signature)
	if !whole.ReadASN1(&sequence, asn1.SEQUENCE) || !sequence.ReadASN1Integer(&r) || !sequence.ReadASN1Integer(&s) ||
		len(r) > halfSignature || len(s) > halfSignature {
		return nil, errors.New("the signature is not two numbers of P-256")
	}
	result := make([]byte, 2*halfSignature)
	copy(result[halfSignature-len(r):], r)
	copy(result[2*halfSignature-len(s):], s)
	return result, nil
}
