package store

import (
	"slices"
	"time"
)

// SigningKey signs access tokens. It is kept in the database, so that a restart ends no token. The first is made by init,
// further ones by 'keys rotate'.
type SigningKey struct {
	// ID is the key's RFC 7638 thumbprint, the kid of the tokens that it signs.
	ID string
	// Algorithm is the JWS algorithm (RFC 7518 3.1), such as ES256.
	Algorithm string
	// PrivateKey is the key as PKCS #8 in DER or, when MasterKeyID is set, that sealed (MasterKey.Seal).
	PrivateKey []byte
	// MasterKeyID names the master key that sealed PrivateKey. Empty means that it is in plain.
	MasterKeyID string
	CreatedAt   time.Time
	// SignAfter is when the key begins to sign. Until then it is only published.
	SignAfter time.Time
	// LongestTTL is the longest lifetime that a token signed with it may have. Every server notes its own at its start.
	LongestTTL time.Duration
}

// Sealed reports whether the private key is encrypted.
func (k SigningKey) Sealed() bool { return k.MasterKeyID != "" }

// The default and the limits of a rotation.
const (
	// KeyLead is how long a new key is published before it signs, unless told otherwise. Those who check tokens offline
	// may keep the published keys for five minutes, and servers take a few seconds to notice a new one.
	KeyLead = 10 * time.Minute
	// KeyGrace is how much longer than its last token an old key stays published: clocks differ, and a server may sign
	// with it for a moment longer.
	KeyGrace = 5 * time.Minute
	// MaxKeyLead bounds the lead: more is a typing mistake.
	MaxKeyLead = 30 * 24 * time.Hour
)

// KeyState says what a signing key is good for.
type KeyState string

// The states, in the order in which a key goes through them.
const (
	KeyPending  KeyState = "pending"  // published, and doesn't sign yet
	KeySigning  KeyState = "signing"  // signs every new token
	KeyRetiring KeyState = "retiring" // signs no more, and is published until its last token has ended
	KeyEnded    KeyState = "ended"    // good for nothing
)

// SortSigningKeys puts the keys into the order that the functions below need: the one that signs last comes first.
func SortSigningKeys(keys []SigningKey) {
	slices.SortStableFunc(keys, func(a, b SigningKey) int {
		if order := b.SignAfter.Compare(a.SignAfter); order != 0 {
			return order
		}
		return b.CreatedAt.Compare(a.CreatedAt)
	})
}

// SigningKeyAt returns the index of the key that signs at that time: the newest whose time has come. When the clock was
// set back to before all of them it is the oldest, for a server must never be without one. It is -1 without keys.
func SigningKeyAt(keys []SigningKey, now time.Time) int {
	for i, key := range keys {
		if !key.SignAfter.After(now) {
			return i
		}
	}
	return len(keys) - 1
}

// KeyEnd returns when the last token of keys[i] will have ended: it signs until the next key begins to. It is the zero
// time for the newest key, whose end isn't known.
func KeyEnd(keys []SigningKey, i int) time.Time {
	if i == 0 {
		return time.Time{}
	}
	return keys[i-1].SignAfter.Add(keys[i].LongestTTL + KeyGrace)
}

// KeyStateAt returns the state of keys[i], and when that ends where it is known: for a pending key when it begins to sign,
// for a retiring or ended one when its last token ends or ended.
func KeyStateAt(keys []SigningKey, i int, now time.Time) (state KeyState, until time.Time) {
	end := KeyEnd(keys, i)
	switch signs := SigningKeyAt(keys, now); {
	case i < signs:
		return KeyPending, keys[i].SignAfter
	case i == signs:
		return KeySigning, time.Time{}
	case now.Before(end):
		return KeyRetiring, end
	}
	return KeyEnded, end
}

// KeyChange is what is to be done to the signing keys.
type KeyChange struct {
	// Put adds a key, or takes the place of the one with its id.
	Put []SigningKey
	// Remove holds the ids of keys that go.
	Remove []string
}

// RotateSigningKeys adds the next key, and removes those that have ended. What the servers noted as their longest token
// counts for the new key as well: they sign with it without noting it again.
func RotateSigningKeys(keys []SigningKey, next SigningKey, now time.Time) KeyChange {
	change := PruneSigningKeys(keys, now)
	for i, key := range keys {
		if state, _ := KeyStateAt(keys, i, now); state != KeyEnded {
			next.LongestTTL = max(next.LongestTTL, key.LongestTTL)
		}
	}
	change.Put = []SigningKey{next}
	return change
}

// DiscardSigningKeys puts the next key in the place of all others, whose tokens end with them.
func DiscardSigningKeys(keys []SigningKey, next SigningKey) KeyChange {
	change := KeyChange{Put: []SigningKey{next}}
	for _, key := range keys {
		change.Put[0].LongestTTL = max(change.Put[0].LongestTTL, key.LongestTTL)
		change.Remove = append(change.Remove, key.ID)
	}
	return change
}

// PruneSigningKeys removes the keys that have ended.
func PruneSigningKeys(keys []SigningKey, now time.Time) KeyChange {
	var change KeyChange
	for i, key := range keys {
		if state, _ := KeyStateAt(keys, i, now); state == KeyEnded {
			change.Remove = append(change.Remove, key.ID)
		}
	}
	return change
}

// NoteTokenTTL raises LongestTTL of the keys that a server with tokens of this lifetime may sign with: all but the ended
// ones, since a clock that goes back makes an older one sign again.
func NoteTokenTTL(keys []SigningKey, ttl time.Duration, now time.Time) KeyChange {
	var change KeyChange
	for i, key := range keys {
		if state, _ := KeyStateAt(keys, i, now); state != KeyEnded && key.LongestTTL < ttl {
			key.LongestTTL = ttl
			change.Put = append(change.Put, key)
		}
	}
	return change
}

// SealSigningKeys seals with next what is in plain, and what was sealed with another master key, which current opens.
// It fails when a key opens with neither.
func SealSigningKeys(keys []SigningKey, current, next MasterKey) (KeyChange, error) {
	var change KeyChange
	for _, key := range keys {
		opener := current
		if key.MasterKeyID == next.ID() {
			opener = next
		}
		plain, err := opener.Open(key)
		if err != nil {
			return KeyChange{}, err
		}
		if opener == next && key.Sealed() {
			continue
		}
		sealed, err := next.Seal(plain)
		if err != nil {
			return KeyChange{}, err
		}
		change.Put = append(change.Put, sealed)
	}
	return change, nil
}
