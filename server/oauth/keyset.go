package oauth

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/procore/terraform-provider-procore/server/store"
)

// keyRereadInterval is how often the keys are read from the database at most. Anybody can send a token with a kid
// that nobody knows; this keeps it from being a way to the database.
const keyRereadInterval = 3 * time.Second

// keySet holds the signing keys in memory. It reads them at the start, and again when it meets a key that it doesn't
// know: another process on the same database may have added one.
//
// The keys in use are an immutable snapshot behind an atomic pointer, so signing and verifying wait for nobody.
type keySet struct {
	stored  store.SigningKeys
	now     func() time.Time
	current atomic.Pointer[keys]

	// rereading is held while the keys are read again; lastRead and lastErr are of the last time.
	rereading sync.Mutex
	lastRead  time.Time
	lastErr   error
}

// keys is one snapshot.
type keys struct {
	signer jose.Signer
	byID   map[string]jose.JSONWebKey
	// published is the JWKS document (RFC 7517 5), public keys only.
	published []byte
}

func newKeySet(ctx context.Context, stored store.SigningKeys, now func() time.Time) (*keySet, error) {
	set := &keySet{stored: stored, now: now}
	if err := set.read(ctx); err != nil {
		return nil, err
	}
	set.lastRead = now()
	return set, nil
}

// find returns the public key with that id. An id that is still unknown after the keys were read again is not found.
func (s *keySet) find(ctx context.Context, id string) (public jose.JSONWebKey, found bool, err error) {
	if public, found = s.current.Load().byID[id]; found {
		return public, true, nil
	}
	if err := s.reread(ctx); err != nil {
		return jose.JSONWebKey{}, false, err
	}
	public, found = s.current.Load().byID[id]
	return public, found, nil
}

// reread reads the keys again unless that was done a moment ago; then the outcome of that time holds. Whoever comes
// while they are being read waits for the result, so that no good token is refused meanwhile.
func (s *keySet) reread(ctx context.Context) error {
	s.rereading.Lock()
	defer s.rereading.Unlock()
	// A clock that went back must not keep the keys from being read until it has caught up.
	if since := s.now().Sub(s.lastRead); since >= 0 && since < keyRereadInterval {
		return s.lastErr
	}
	err := s.read(ctx)
	if ctx.Err() != nil {
		return err // a caller that went away says nothing about the database
	}
	s.lastRead, s.lastErr = s.now(), err
	return err
}

func (s *keySet) read(ctx context.Context) error {
	stored, err := s.stored.SigningKeys(ctx)
	if err != nil {
		return fmt.Errorf("unable to read the signing keys: %w", err)
	}
	next, err := newKeys(stored)
	if err != nil {
		return err
	}
	s.current.Store(next)
	return nil
}

func newKeys(stored []store.SigningKey) (*keys, error) {
	if len(stored) == 0 {
		return nil, errNoSigningKey
	}
	snapshot := &keys{byID: make(map[string]jose.JSONWebKey, len(stored))}
	var document jose.JSONWebKeySet
	for i, one := range stored {
		decoded, err := decodeKey(one)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			if snapshot.signer, err = decoded.signer(); err != nil {
				return nil, err
			}
		}
		public := decoded.public()
		snapshot.byID[public.KeyID] = public
		document.Keys = append(document.Keys, public)
	}
	published, err := json.Marshal(document)
	if err != nil {
		return nil, fmt.Errorf("unable to encode the public keys: %w", err)
	}
	snapshot.published = published
	return snapshot, nil
}
