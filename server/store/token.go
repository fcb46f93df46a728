package store

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
