package oauth_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/oauth"
	"github.com/procore/terraform-provider-procore/server/store"
)

// memory is a database for these tests: the same rules, kept in maps. SQLite is below this package (see the plan of
// the house) and meets it in servertest.
type memory struct {
	mu       sync.Mutex
	now      func() time.Time
	policy   store.Policy
	keys     []store.SigningKey
	accounts map[store.ID]store.ServiceAccount
	revoked  map[string]time.Time
	// failure is what every method returns, when set.
	failure error
	// reads, writes and keyReads count calls.
	reads, writes, keyReads, changes int
	// hold, when set, holds up each read of the keys until it is closed; reading is told first.
	hold, reading chan struct{}
}

var (
	_ store.Tokens      = (*memory)(nil)
	_ store.SigningKeys = (*memory)(nil)
)

func newMemory(t testing.TB, now func() time.Time, algorithm string) *memory {
	t.Helper()
	m := &memory{now: now, accounts: map[store.ID]store.ServiceAccount{}, revoked: map[string]time.Time{}}
	m.addKey(t, algorithm)
	return m
}

// addKey adds a key that signs from now on.
func (m *memory) addKey(t testing.TB, algorithm string) {
	t.Helper()
	key, err := oauth.NewSigningKey(algorithm, m.now())
	if err != nil {
		t.Fatal(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keys = slices.Insert(m.keys, 0, key)
}

// add makes an account and returns it with its secret.
func (m *memory) add(company store.ID, clientID string) (store.ServiceAccount, string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	secret, id := store.NewSecret(), store.ID(len(m.accounts)+17)
	account := store.ServiceAccount{
		ID: id, CompanyID: company, Name: "ci exporter", ClientID: clientID,
		Contact:     store.NewContact("ci exporter", "acme", id),
		Credentials: store.Credentials{SecretVersion: 1, SecretDigest: secret.Digest(), TokenEpoch: 1},
		Status:      store.StatusActive,
	}
	m.accounts[id] = account
	return account, secret.Reveal()
}

func (m *memory) change(id store.ID, change func(*store.ServiceAccount)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	account := m.accounts[id]
	change(&account)
	m.accounts[id] = account
}

// reset gives the account a new secret and returns it.
func (m *memory) reset(t testing.TB, id store.ID, previousTTL time.Duration) string {
	t.Helper()
	secret := store.NewSecret()
	m.change(id, func(account *store.ServiceAccount) {
		var err error
		account.Credentials, err = account.Credentials.Reset(
			store.SecretReset{SecretDigest: secret.Digest(), PreviousSecretTTL: previousTTL}, m.now())
		if err != nil {
			t.Fatal(err)
		}
	})
	return secret.Reveal()
}

func (m *memory) setPolicy(policy store.Policy) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.policy = policy
}

func (m *memory) remove(id store.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.accounts, id)
}

func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failure = err
}

func (m *memory) counts() (reads, writes, keyReads int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.reads, m.writes, m.keyReads
}

func (m *memory) account(id store.ID) store.ServiceAccount {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.accounts[id]
}

func (m *memory) ServiceAccountByClientID(_ context.Context, clientID string) (store.ServiceAccount, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads++
	for _, account := range m.accounts {
		if account.ClientID == clientID && m.failure == nil {
			account.SetStatus(m.policy, m.now())
			return account, nil
		}
	}
	if m.failure != nil {
		return store.ServiceAccount{}, m.failure
	}
	return store.ServiceAccount{}, &store.Error{Code: store.CodeNotFound, Message: "There is no such client."}
}

func (m *memory) Principal(_ context.Context, id store.ID, tokenID string) (store.Principal, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads++
	if m.failure != nil {
		return store.Principal{}, m.failure
	}
	account, found := m.accounts[id]
	if !found {
		return store.Principal{}, store.NotFound("service account", id)
	}
	account.SetStatus(m.policy, m.now())
	_, revoked := m.revoked[tokenID]
	return store.Principal{Account: account, Levels: store.AdminLevels(), Revoked: revoked}, nil
}

func (m *memory) RevokeToken(_ context.Context, tokenID string, expiresAt time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes++
	if m.failure == nil {
		m.revoked[tokenID] = expiresAt
	}
	return m.failure
}

func (m *memory) RecordTokens(_ context.Context, lastTokenAt map[store.ID]time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes++
	if m.failure != nil {
		return m.failure
	}
	for id, at := range maps.All(lastTokenAt) {
		account := m.accounts[id]
		account.LastTokenAt = at
		m.accounts[id] = account
	}
	return nil
}

func (m *memory) SigningKeys(context.Context) ([]store.SigningKey, error) {
	m.mu.Lock()
	hold, reading := m.hold, m.reading
	m.mu.Unlock()
	if hold != nil {
		select {
		case reading <- struct{}{}:
		default: // told already
		}
		<-hold
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keyReads++
	return slices.Clone(m.keys), m.failure
}

func (m *memory) ChangeSigningKeys(_ context.Context, decide func([]store.SigningKey) (store.KeyChange, error)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.changes++
	change, err := decide(slices.Clone(m.keys))
	if err != nil || m.failure != nil {
		return errors.Join(err, m.failure)
	}
	m.keys = slices.DeleteFunc(m.keys, func(key store.SigningKey) bool { return slices.Contains(change.Remove, key.ID) })
	for _, key := range change.Put {
		if i := slices.IndexFunc(m.keys, func(other store.SigningKey) bool { return other.ID == key.ID }); i >= 0 {
			m.keys[i] = key
		} else {
			m.keys = slices.Insert(m.keys, 0, key)
		}
	}
	store.SortSigningKeys(m.keys)
	return nil
}
