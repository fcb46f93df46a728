package store

import (
	"fmt"
	"time"
)

// MaxPreviousSecretTTL is how long a reset may let the previous secret live on at most.
const MaxPreviousSecretTTL = 30 * 24 * time.Hour

// Credentials is what an account authenticates with, and which of its tokens count.
type Credentials struct {
	// SecretVersion starts at 1 and grows by one at every reset.
	SecretVersion   int
	SecretDigest    SecretDigest
	SecretCreatedAt time.Time
	// PreviousDigest is the digest of the secret before this one, good until PreviousExpiresAt. A zero time means
	// that there is none.
	PreviousDigest    SecretDigest
	PreviousExpiresAt time.Time
	// TokenEpoch grows by one whenever all tokens are revoked.
	TokenEpoch int
}

// SecretReset is what a reset of the client secret is asked to do.
type SecretReset struct {
	// SecretDigest is the digest of the new secret.
	SecretDigest SecretDigest
	// KeepAccess leaves permissions and project memberships as they are. Without it the reset clears them, which is
	// Procore's rule.
	KeepAccess bool
	// PreviousSecretTTL keeps the old secret, and the tokens got with it, good for that long.
	PreviousSecretTTL time.Duration
}

// Cleared is what a reset took from the account.
type Cleared struct {
	Levels     Levels
	ProjectIDs []ID
}

// SecretResetResult is what came of a reset: the account with its new credentials, and what the reset took from it.
type SecretResetResult struct {
	Account ServiceAccount
	Cleared Cleared
}

// Validate returns *Error with every fault of the reset itself.
func (r SecretReset) Validate() error {
	if r.PreviousSecretTTL >= 0 && r.PreviousSecretTTL <= MaxPreviousSecretTTL {
		return nil
	}
	return invalid("reset", []Fault{{
		Reason: "out_of_range", Source: "previous_secret_ttl",
		Message: fmt.Sprintf("must be between 0 and %d seconds (30 days)", int(MaxPreviousSecretTTL.Seconds())),
	}})
}

// Reset returns the credentials after a reset at the given time. At most two secrets live at once: a reset ends
// whatever was previous before it. The client id stays.
func (c Credentials) Reset(reset SecretReset, now time.Time) (Credentials, error) {
	if err := reset.Validate(); err != nil {
		return c, err
	}
	if reset.SecretDigest.Equal(c.SecretDigest) {
		return c, invalid("reset", []Fault{{
			Reason: "unchanged", Source: "client_secret", Message: "must differ from the secret that is live now",
		}})
	}
	next := Credentials{
		SecretVersion: c.SecretVersion + 1, SecretDigest: reset.SecretDigest, SecretCreatedAt: now, TokenEpoch: c.TokenEpoch,
	}
	if reset.PreviousSecretTTL > 0 {
		next.PreviousDigest, next.PreviousExpiresAt = c.SecretDigest, now.Add(reset.PreviousSecretTTL)
	}
	return next, nil
}

// Accepts reports whether a presented secret is live, and the version that it is. Both live secrets are always
// compared, each in constant time.
func (c Credentials) Accepts(presented SecretDigest, now time.Time) (version int, ok bool) {
	current := presented.Equal(c.SecretDigest)
	previous := presented.Equal(c.PreviousDigest) && c.previousLives(now)
	if current {
		return c.SecretVersion, true
	}
	return c.SecretVersion - 1, previous
}

// AcceptsToken reports whether a token with this mark still counts.
func (c Credentials) AcceptsToken(mark TokenMark, now time.Time) bool {
	if mark.Epoch != c.TokenEpoch {
		return false
	}
	return mark.SecretVersion == c.SecretVersion ||
		mark.SecretVersion == c.SecretVersion-1 && c.previousLives(now)
}

// Mark is what a token got with that version of the secret carries.
func (c Credentials) Mark(version int) TokenMark {
	return TokenMark{SecretVersion: version, Epoch: c.TokenEpoch}
}

func (c Credentials) previousLives(now time.Time) bool {
	return !c.PreviousExpiresAt.IsZero() && now.Before(c.PreviousExpiresAt)
}
