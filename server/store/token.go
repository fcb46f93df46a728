package store

import "time"

// SigningKey signs access tokens. It is made by init and kept in the database, so that a restart ends no token.
type SigningKey struct {
	// ID is the key's RFC 7638 thumbprint, the kid of the tokens that it signs.
	ID string
	// Algorithm is the JWS algorithm (RFC 7518 3.1), such as ES256.
	Algorithm string
	// PrivateKey is the key as PKCS #8 in DER.
	PrivateKey []byte
	CreatedAt  time.Time
}

// Principal is who a token speaks for.
type Principal struct {
	Account ServiceAccount
	// Levels are the account's company permissions as granted; Levels.Effective gives what they amount to.
	Levels Levels
	// TokenID names the token (RFC 7519 4.1.7).
	TokenID string
	// Revoked says that this one token was ended by itself (RFC 7009).
	Revoked bool
}

// TokenMark is what a token carries of the account as it was when the token was issued. The account's AcceptsToken
// tells whether it still counts.
type TokenMark struct {
	// SecretVersion is the version of the secret that the token was got with.
	SecretVersion int
	// Epoch is the account's token epoch, which revoking all tokens moves on.
	Epoch int
}
