package oauth

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/procore/terraform-provider-procore/server/store"
)

// A running server notices within keyRereadInterval and keyPollInterval what 'keys rotate' did to the database.
const (
	// keyRereadInterval is how often the keys are read from the database by the poll, and how often because of a kid that
	// nobody knows, which anybody can send: this keeps it from being a way to the database. The two don't wait for each
	// other, or a server would refuse what another one signs that has noticed a new key a moment earlier.
	keyRereadInterval = 3 * time.Second
	// keyPollInterval is how often it is asked whether it is time to read them again, off the way of every request.
	keyPollInterval = time.Second
	keyPollTimeout  = 10 * time.Second
)

// keySet holds the signing keys in memory. It reads them at the start, and from then on every few seconds: another
// process on the same database may have added one, or taken one away.
//
// The keys in use are an immutable snapshot behind an atomic pointer, so signing and verifying wait for nobody.
type keySet struct {
	stored  store.SigningKeys
	master  store.MasterKey
	now     func() time.Time
	logger  *slog.Logger
	current atomic.Pointer[keys]

	// rereading is held while the keys are read again; a channel, so that waiting for another request's read ends with the
	// context. lastRead and lastErr are of the last time, and lastUnknown is when it was last done for an unknown kid.
	rereading             chan struct{}
	lastRead, lastUnknown time.Time
	lastErr               error

	stop    func()
	stopped chan struct{}
}

// start reads the keys, which all have to open, notes how long the tokens live that it will sign, and begins to poll.
func (s *keySet) start(ctx context.Context, ttl time.Duration) error {
	stored, err := s.list(ctx)
	if err != nil {
		return err
	}
	next, problems := newKeys(stored, s.master, nil)
	if len(problems) > 0 {
		return problems[0]
	}
	s.current.Store(next)
	s.lastRead = s.now()
	// Written only where it says something new: a restart changes nothing.
	if len(store.NoteTokenTTL(stored, ttl, s.now()).Put) > 0 {
		err := s.stored.ChangeSigningKeys(ctx, func(keys []store.SigningKey) (store.KeyChange, error) {
			return store.NoteTokenTTL(keys, ttl, s.now()), nil
		})
		if err != nil {
			return fmt.Errorf("unable to note in the signing keys how long tokens live: %w", err)
		}
		if err := s.read(ctx); err != nil {
			return err
		}
	}
	polling, cancel := context.WithCancel(context.Background()) //#nosec G118 -- close cancels it
	s.stop, s.stopped = cancel, make(chan struct{})
	go s.poll(polling)
	return nil
}

// close ends the polling. It may be called again.
func (s *keySet) close() {
	s.stop()
	<-s.stopped
}

func (s *keySet) poll(ctx context.Context) {
	defer close(s.stopped)
	ticker := time.NewTicker(keyPollInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			limited, cancel := context.WithTimeout(ctx, keyPollTimeout)
			_ = s.reread(limited, &s.lastRead) // logged, and those in memory still hold
			cancel()
		}
	}
}

// find returns the key with that id. An id that is still unknown after the keys were read again is not found.
func (s *keySet) find(ctx context.Context, id string) (one *key, found bool, err error) {
	if one, found = s.current.Load().find(id, s.now()); found {
		return one, true, nil
	}
	if err := s.reread(ctx, &s.lastUnknown); err != nil {
		return nil, false, err
	}
	one, found = s.current.Load().find(id, s.now())
	return one, found, nil
}

// holds reports whether a key that was found before still counts. One that was taken away does not, also when another one
// has its id.
func (s *keySet) holds(known *key) bool {
	one, found := s.current.Load().find(known.id, s.now())
	return found && one == known
}

// reread reads the keys again unless that was done a moment ago for the same reason, whose last time is kept in last; then
// the outcome of that time holds. Whoever comes while they are being read waits for the result, so that no good token is
// refused meanwhile.
func (s *keySet) reread(ctx context.Context, last *time.Time) error {
	select {
	case s.rereading <- struct{}{}:
		defer func() { <-s.rereading }()
	case <-ctx.Done():
		return ctx.Err()
	}
	// A clock that went back must not keep the keys from being read until it has caught up.
	if since := s.now().Sub(*last); since >= 0 && since < keyRereadInterval {
		return s.lastErr
	}
	before := s.current.Load()
	err := s.read(ctx)
	if ctx.Err() != nil {
		return err // a caller that went away says nothing about the database
	}
	if err != nil && s.lastErr == nil {
		s.logger.LogAttrs(ctx, slog.LevelWarn, "the signing keys could not be read again; those in memory still hold",
			slog.Any("cause", err))
	}
	s.lastRead, s.lastErr = s.now(), err
	*last = s.lastRead
	if last == &s.lastUnknown && s.current.Load() != before {
		s.lastUnknown = time.Time{} // nobody made it up, and the next rotation may be as near
	}
	return err
}

// read takes the keys as they are now. One that doesn't open is logged, and this server does without it: those that were
// taken away must end all the same.
func (s *keySet) read(ctx context.Context) error {
	stored, err := s.list(ctx)
	if err != nil {
		return err
	}
	before := s.current.Load()
	if slices.EqualFunc(before.stored, stored, sameKey) {
		return nil
	}
	next, problems := newKeys(stored, s.master, before)
	for _, problem := range problems {
		s.logger.LogAttrs(ctx, slog.LevelError, "a new signing key can't be used; restart this server with the right master key",
			slog.Any("cause", problem))
	}
	s.current.Store(next)
	if ids := next.ids(); ids != before.ids() {
		s.logger.LogAttrs(ctx, slog.LevelInfo, "the signing keys have changed", slog.String("keys", ids))
	}
	return nil
}

func (s *keySet) list(ctx context.Context) ([]store.SigningKey, error) {
	stored, err := s.stored.SigningKeys(ctx)
	if err != nil {
		return nil, fmt.Errorf("unable to read the signing keys: %w", err)
	}
	if len(stored) == 0 {
		return nil, errNoSigningKey
	}
	return stored, nil
}

func sameKey(a, b store.SigningKey) bool {
	return a.ID == b.ID && a.MasterKeyID == b.MasterKeyID && a.SignAfter.Equal(b.SignAfter) && a.LongestTTL == b.LongestTTL
}

// keys is one snapshot.
type keys struct {
	// stored is what the database has, in the order of store.SortSigningKeys: it tells which key does what, and when.
	stored []store.SigningKey
	// decoded holds those that open.
	decoded map[string]*key
}

// newKeys decodes the keys, each once in its life: one that is sealed anew meanwhile is still the same key. It returns an
// error for each that it has to leave out.
func newKeys(stored []store.SigningKey, master store.MasterKey, before *keys) (snapshot *keys, problems []error) {
	snapshot = &keys{stored: stored, decoded: make(map[string]*key, len(stored))}
	for _, one := range stored {
		if before != nil {
			if known, found := before.decoded[one.ID]; found {
				snapshot.decoded[one.ID] = known
				continue
			}
		}
		decoded, err := decodeKey(one, master)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		snapshot.decoded[one.ID] = decoded
	}
	return snapshot, problems
}

// signer is the key that signs now. Where that one doesn't open it is the one before it, for as long as it is published.
func (k *keys) signer(now time.Time) (*key, error) {
	for i := max(0, store.SigningKeyAt(k.stored, now)); i < len(k.stored); i++ {
		if decoded, found := k.decoded[k.stored[i].ID]; found && k.counts(i, now) {
			return decoded, nil
		}
	}
	return nil, errUnableToSign
}

// unusable returns the id of a key that others may use by now, or soon will, and that doesn't open here.
func (k *keys) unusable(now time.Time) (id string, found bool) {
	for i, stored := range k.stored {
		if _, opens := k.decoded[stored.ID]; !opens && k.counts(i, now) {
			return stored.ID, true
		}
	}
	return "", false
}

// find returns a key whose tokens may still be good.
func (k *keys) find(id string, now time.Time) (*key, bool) {
	decoded, found := k.decoded[id]
	if !found {
		return nil, false
	}
	i := slices.IndexFunc(k.stored, func(stored store.SigningKey) bool { return stored.ID == id })
	return decoded, k.counts(i, now)
}

// counts reports whether the key is one that others may see, which it is until its last token has ended.
func (k *keys) counts(i int, now time.Time) bool {
	state, _ := store.KeyStateAt(k.stored, i, now)
	return state != store.KeyEnded
}

// published is the JWKS document (RFC 7517 5), public keys only.
func (k *keys) published(now time.Time) ([]byte, error) {
	var document jose.JSONWebKeySet
	for i, stored := range k.stored {
		if decoded, found := k.decoded[stored.ID]; found && k.counts(i, now) {
			document.Keys = append(document.Keys, decoded.public())
		}
	}
	if len(document.Keys) == 0 {
		return nil, errUnableToSign // an empty set would say that no token was ever good
	}
	encoded, err := json.Marshal(document)
	if err != nil {
		return nil, fmt.Errorf("unable to encode the public keys: %w", err)
	}
	return encoded, nil
}

func (k *keys) ids() string {
	ids := make([]string, len(k.stored))
	for i, stored := range k.stored {
		ids[i] = stored.ID
	}
	return strings.Join(ids, " ")
}
