package oauth

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/procore/terraform-provider-procore/server/store"
)

const (
	// tokenType is the typ of the header (RFC 9068 2.1). It keeps other JWTs from passing for access tokens.
	tokenType = "at+jwt"
	// scopePublic is Procore's one scope: what a token may do depends on its account's permissions.
	scopePublic = "public"
	// maxToken is far more than a token of this server has; nothing longer is decoded.
	maxToken = 8 << 10
)

// Claims are the claims of an access token: those of RFC 9068 2.2, and at the end the private ones by which this
// server knows whether the token still counts.
type Claims struct {
	Issuer    string `json:"iss"`
	Audience  string `json:"aud"`
	Subject   string `json:"sub"`
	ClientID  string `json:"client_id"`
	IssuedAt  int64  `json:"iat"`
	ExpiresAt int64  `json:"exp"`
	ID        string `json:"jti"`
	Scope     string `json:"scope"`

	CompanyID     string `json:"company_id"`
	SecretVersion int    `json:"secret_version"`
	Epoch         int    `json:"epoch"`
}

func (c Claims) mark() store.TokenMark {
	return store.TokenMark{SecretVersion: c.SecretVersion, Epoch: c.Epoch}
}

// InvalidTokenError says that a token doesn't count, as opposed to a database that failed to tell.
type InvalidTokenError struct {
	// Reason is a sentence for whoever sent the token. It holds nothing of the token.
	Reason string
	// Ended is whom the token spoke for until its account's secret was reset, or all of its tokens were revoked. It is nil
	// where anything else is wrong with the token, or with the account.
	Ended *store.Principal
}

func (e *InvalidTokenError) Error() string { return e.Reason }

// issued is a signed token with the times that the answer repeats.
type issued struct {
	token               string
	issuedAt, expiresAt time.Time
}

// sign issues a token for the account, got with that version of its secret. It reads and writes no database.
func (s *Server) sign(account store.ServiceAccount, secretVersion int) (issued, error) {
	now := s.now()
	expires := now.Add(s.ttl)
	// A token got with the previous secret ends with it. Whoever checks it offline should know.
	if previous := account.Credentials.PreviousExpiresAt; secretVersion != account.Credentials.SecretVersion && previous.Before(expires) {
		expires = previous.Add(time.Second - time.Nanosecond) // exp counts whole seconds: round up
	}
	mark := account.Credentials.Mark(secretVersion)
	result := issued{issuedAt: now.Truncate(time.Second), expiresAt: expires.Truncate(time.Second)}
	payload, err := json.Marshal(Claims{
		// RFC 9068 3: the resource is this API, so the audience is the issuer.
		Issuer: s.issuer, Audience: s.issuer,
		// RFC 9068 2.2: with client credentials the subject is the client's own account.
		Subject: account.ID.String(), ClientID: account.ClientID,
		IssuedAt: result.issuedAt.Unix(), ExpiresAt: result.expiresAt.Unix(), ID: newTokenID(), Scope: scopePublic,
		CompanyID: account.CompanyID.String(), SecretVersion: mark.SecretVersion, Epoch: mark.Epoch,
	})
	if err != nil {
		return issued{}, fmt.Errorf("unable to encode the claims of a token: %w", err)
	}
	signer, err := s.keys.current.Load().signer(now)
	if err != nil {
		return issued{}, err
	}
	result.token, err = signer.token(payload)
	return result, err
}

func newTokenID() string {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand ends the program instead
	return rawURL.EncodeToString(random[:])
}

// IssueFor issues a token for an account without a secret. It is for the program that holds the database itself: the
// embedded server signs in as its company's administrator this way. The token counts as got with the live secret.
func (s *Server) IssueFor(account store.ServiceAccount) (token string, expiresAt time.Time, err error) {
	if account.Status != store.StatusActive {
		return "", time.Time{}, errors.New(doesNotWork(account))
	}
	result, err := s.sign(account, account.Credentials.SecretVersion)
	return result.token, result.expiresAt, err
}

// Verify finds out whom a bearer token speaks for. The error is *InvalidTokenError where the token doesn't count, and
// any other where the database failed.
func (s *Server) Verify(ctx context.Context, token string) (store.Principal, Claims, error) {
	claims, err := s.open(ctx, token)
	if err != nil {
		return store.Principal{}, Claims{}, err
	}
	principal, err := s.principal(ctx, claims)
	if err != nil {
		return store.Principal{}, Claims{}, err
	}
	return principal, claims, nil
}

// Principal is Verify for those who need no claims, such as the management API.
func (s *Server) Principal(ctx context.Context, token string) (store.Principal, error) {
	principal, _, err := s.Verify(ctx, token)
	return principal, err
}

// open checks all that can be told from the token alone (RFC 9068 4): type, algorithm, signature and lifetime.
//
// The issuer isn't compared, nor the audience. The private keys are in this database alone, so whatever they signed
// was issued here; and a server that listens on another address, or got another --base-url, since its last start must
// go on taking its own tokens: a restart ends no token. iat isn't compared either, for the clock may be set back.
func (s *Server) open(ctx context.Context, token string) (Claims, error) {
	if len(token) > maxToken {
		return Claims{}, errNotOurs
	}
	digest := digestToken(token)
	known := s.verified.find(digest)
	if known == nil || !s.keys.holds(known.key) {
		signer, claims, err := s.verify(ctx, token)
		if err != nil {
			return Claims{}, err
		}
		known = &verifiedToken{digest, signer, claims}
		s.verified.remember(known)
	}
	if s.now().Unix() >= known.claims.ExpiresAt {
		return Claims{}, &InvalidTokenError{Reason: "The access token has expired."}
	}
	return known.claims, nil
}

// errNotOurs is the answer to whatever no key of this database has signed.
var errNotOurs = &InvalidTokenError{Reason: "The access token was not issued by this server."}

// verify checks a token's type, algorithm and signature, and returns the key that has signed it.
func (s *Server) verify(ctx context.Context, token string) (*key, Claims, error) {
	// RFC 7515 2: no line breaks. Go's base64 would read over them.
	if strings.ContainsAny(token, "\r\n") || !oneSpelling(token) {
		return nil, Claims{}, errNotOurs
	}
	// go-jose's errors are dropped: some quote what they failed to read.
	signed, err := jose.ParseSignedCompact(token, algorithms)
	if err != nil {
		return nil, Claims{}, errNotOurs
	}
	header := signed.Signatures[0].Protected
	if kind, _ := header.ExtraHeaders[jose.HeaderType].(string); !isTokenType(kind) {
		return nil, Claims{}, errNotOurs
	}
	signer, found, err := s.keys.find(ctx, header.KeyID)
	if err != nil {
		return nil, Claims{}, err
	}
	if !found || header.Algorithm != string(signer.algorithm) {
		return nil, Claims{}, errNotOurs
	}
	payload, err := signed.Verify(signer.private.Public())
	if err != nil {
		return nil, Claims{}, errNotOurs
	}
	var claims Claims
	if json.Unmarshal(payload, &claims) != nil {
		return nil, Claims{}, errNotOurs
	}
	return signer, claims, nil
}

// oneSpelling reports whether each part of the token ends in the character that an encoder writes. The last one has bits that say
// nothing, and go-jose encodes what it has decoded before it looks at the signature: many texts would be the same token. Whoever
// tells tokens apart by their text, such as a list of ended ones, could be got round.
func oneSpelling(token string) bool {
	for part := range strings.SplitSeq(token, ".") {
		if _, err := rawURL.Strict().DecodeString(part); err != nil {
			return false
		}
	}
	return true
}

// isTokenType compares as RFC 9068 4 and RFC 7515 4.1.9 say: a media type, with or without "application/".
func isTokenType(kind string) bool {
	return strings.EqualFold(kind, tokenType) || strings.EqualFold(kind, "application/"+tokenType)
}

// principal checks the token's account as it is now: this is what ends tokens at once.
func (s *Server) principal(ctx context.Context, claims Claims) (store.Principal, error) {
	id, _ := store.ParseID(claims.Subject)
	principal, err := s.tokens.Principal(ctx, id, claims.ID)
	if errors.Is(err, &store.Error{Code: store.CodeNotFound}) {
		return store.Principal{}, &InvalidTokenError{Reason: "The service account of the access token is gone."}
	}
	if err != nil {
		return store.Principal{}, fmt.Errorf("unable to look up the service account of a token: %w", err)
	}
	account := principal.Account
	principal.TokenID = claims.ID
	switch {
	case principal.Revoked:
		err = &InvalidTokenError{Reason: "The access token was revoked."}
	case account.Status != store.StatusActive: // before the epoch, for it is also why that has moved on
		err = &InvalidTokenError{Reason: doesNotWork(account)}
	case claims.CompanyID != account.CompanyID.String():
		err = &InvalidTokenError{Reason: "The access token was issued for another company."}
	case claims.Epoch != account.Credentials.TokenEpoch:
		err = &InvalidTokenError{"The access tokens that the service account had were all ended.", &principal}
	case !account.Credentials.AcceptsToken(claims.mark(), s.now()):
		err = &InvalidTokenError{"The client secret that the access token was got with was reset.", &principal}
	}
	if err != nil {
		return store.Principal{}, err
	}
	return principal, nil
}

// doesNotWork says why an account that is not active gets no tokens.
func doesNotWork(account store.ServiceAccount) string {
	return fmt.Sprintf("Service account %s is %s: %s.", account.ID, account.Status, strings.Join(account.StatusReasons, ", "))
}

// tokenFailure is the answer for a token that Verify refused.
func tokenFailure(err error) *failure {
	if invalid := (*InvalidTokenError)(nil); errors.As(err, &invalid) {
		return invalidToken(invalid.Reason)
	}
	return serverFault(err)
}
