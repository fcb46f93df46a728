package oauth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/procore/terraform-provider-procore/server/store"
)

// DefaultAlgorithm signs access tokens unless told otherwise: ECDSA on P-256, which every JOSE library knows, at a
// twentieth of what RS256 costs to sign.
const DefaultAlgorithm = string(jose.ES256)

// rsaBits is the least that RFC 7518 3.3 allows, and enough until 2030 (NIST SP 800-57).
const rsaBits = 2048

// algorithms are the only ones that a token may be signed with. "none" and the symmetric ones are not among them
// (RFC 9068 2.1, 4). RS256 is, because RFC 9068 section 4 asks an authorization server to support it.
var algorithms = []jose.SignatureAlgorithm{jose.ES256, jose.RS256, jose.EdDSA}

// NewSigningKey makes a key for an algorithm: ES256, RS256 or EdDSA; empty means DefaultAlgorithm. Its id is its
// RFC 7638 thumbprint. It signs from the beginning.
func NewSigningKey(algorithm string, now time.Time) (store.SigningKey, error) {
	if algorithm == "" {
		algorithm = DefaultAlgorithm
	}
	private, err := generate(jose.SignatureAlgorithm(algorithm))
	if err != nil {
		return store.SigningKey{}, err
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return store.SigningKey{}, fmt.Errorf("unable to encode the signing key: %w", err)
	}
	thumbprint, err := (&jose.JSONWebKey{Key: private.Public()}).Thumbprint(crypto.SHA256)
	if err != nil {
		return store.SigningKey{}, fmt.Errorf("unable to name the signing key: %w", err)
	}
	return store.SigningKey{
		ID: base64.RawURLEncoding.EncodeToString(thumbprint), Algorithm: algorithm, PrivateKey: encoded, CreatedAt: now, SignAfter: now,
	}, nil
}

func generate(algorithm jose.SignatureAlgorithm) (private crypto.Signer, err error) {
	switch algorithm {
	case jose.ES256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jose.RS256:
		private, err = rsa.GenerateKey(rand.Reader, rsaBits)
	case jose.EdDSA:
		_, private, err = ed25519.GenerateKey(rand.Reader)
	default:
		return nil, fmt.Errorf("unable to make a signing key for %q: the algorithm must be one of %v", algorithm, algorithms)
	}
	if err != nil {
		return nil, fmt.Errorf("unable to make a signing key: %w", err)
	}
	return private, nil
}

// CheckSigningKey returns an error unless the key opens with the master key, where it is sealed, and is one for its
// algorithm. The error names the key by its id only.
func CheckSigningKey(stored store.SigningKey, master store.MasterKey) error {
	_, err := decodeKey(stored, master)
	return err
}

// key is a signing key, decoded.
type key struct {
	id        string
	algorithm jose.SignatureAlgorithm
	private   crypto.Signer
	// header is what all of its tokens begin with, up to and with the first dot.
	header string
}

// decodeKey opens a stored key and checks that it is one for its algorithm.
func decodeKey(stored store.SigningKey, master store.MasterKey) (*key, error) {
	plain, err := master.Open(stored)
	if err != nil {
		return nil, err
	}
	decoded, err := x509.ParsePKCS8PrivateKey(plain.PrivateKey)
	if err != nil {
		return nil, fmt.Errorf("signing key %s is damaged: it is not PKCS #8", stored.ID)
	}
	result := &key{id: stored.ID, algorithm: jose.SignatureAlgorithm(stored.Algorithm)}
	fits := false
	switch private := decoded.(type) {
	case *ecdsa.PrivateKey:
		result.private, fits = private, result.algorithm == jose.ES256 && private.Curve == elliptic.P256()
	case *rsa.PrivateKey:
		result.private, fits = private, result.algorithm == jose.RS256 && private.N.BitLen() >= rsaBits
	case ed25519.PrivateKey:
		result.private, fits = private, result.algorithm == jose.EdDSA
	}
	if !fits {
		return nil, fmt.Errorf("signing key %s does not fit its algorithm %s", stored.ID, stored.Algorithm)
	}
	if result.header, err = result.encodeHeader(); err != nil {
		return nil, err
	}
	return result, nil
}

// public is the key as others may see it.
func (k *key) public() jose.JSONWebKey {
	return jose.JSONWebKey{Key: k.private.Public(), KeyID: k.id, Algorithm: string(k.algorithm), Use: "sig"}
}

var (
	errNoSigningKey = errors.New("the database has no signing key: it was not made by init")
	errUnableToSign = errors.New("none of the signing keys that could sign now opens with this server's master key; " +
		"restart the server with the master key that sealed them")
)
