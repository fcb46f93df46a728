package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

// locked holds the write lock of a database as another process does, until the function that it returns is called.
func locked(t *testing.T, path string) (release func()) {
	t.Helper()
	other, err := openPool(path, settings(patience), 1)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return sync.OnceFunc(func() {
		if err := errors.Join(tx.Rollback(), other.Close()); err != nil {
			t.Error(err)
		}
	})
}

func TestLockOfAnotherProcessIsWaitedForAndThenItIsUnavailable(t *testing.T) {
	t.Parallel()
	first, admin := initialized(t)
	impatient, err := Open(t.Context(), Options{Path: first.path, BusyTimeout: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = impatient.Close() }()
	release := locked(t, first.path)
	defer release()

	wantCode(t, impatient.RevokeTokens(t.Context(), admin.CompanyID, admin.ID, nil, nil), store.CodeUnavailable)
	wantCode(t, impatient.CheckWrite(t.Context()), store.CodeUnavailable)
	// Those who wait in the same process for their turn don't wait longer.
	var group sync.WaitGroup
	started := time.Now()
	for range 20 {
		group.Go(func() {
			wantCode(t, impatient.RevokeTokens(t.Context(), admin.CompanyID, admin.ID, nil, nil), store.CodeUnavailable)
		})
	}
	group.Wait()
	if took := time.Since(started); took > 5*time.Second { // in turn they would take six
		t.Errorf("twenty changes waited %s for a lock that nobody gives", took)
	}
	if _, err := impatient.ServiceAccount(t.Context(), admin.CompanyID, admin.ID); err != nil {
		t.Errorf("reading: %v", err)
	}
	waited := make(chan error, 1)
	go func() { waited <- first.RevokeTokens(t.Context(), admin.CompanyID, admin.ID, nil, nil) }()
	release()
	if err := <-waited; err != nil {
		t.Errorf("a change that waited for the lock: %v", err)
	}
	if err := impatient.CheckWrite(t.Context()); err != nil {
		t.Errorf("after the lock was given back: %v", err)
	}
}

func TestWaitingForALockEndsWithTheContext(t *testing.T) {
	t.Parallel()
	first, admin := initialized(t)
	release := locked(t, first.path)
	defer release()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	started := time.Now()
	err := first.RevokeTokens(ctx, admin.CompanyID, admin.ID, nil, nil)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the error is %v", err)
	}
	if took := time.Since(started); took > patience/2 {
		t.Errorf("a caller that has gone is waited for %s", took)
	}
}

func TestFilesThatAreRemovedOrReplacedTakeNoChange(t *testing.T) {
	t.Parallel()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		for what, harm := range map[string]func(path string) error{
			"removed": func(path string) error { return os.Rename(path, path+".kept") },
			"replaced": func(path string) error {
				data, err := os.ReadFile(path)
				return errors.Join(err, os.Rename(path, path+".kept"), os.WriteFile(path, data, 0o600)) //#nosec G703 -- of this test
			},
		} {
			t.Run(what+suffix, func(t *testing.T) {
				t.Parallel()
				database, admin := initialized(t)
				path := database.path + suffix
				if err := harm(path); err != nil {
					t.Fatal(err)
				}
				wantCode(t, database.RevokeTokens(t.Context(), admin.CompanyID, admin.ID, nil, nil), store.CodeUnavailable)
				wantCode(t, database.CheckWrite(t.Context()), store.CodeUnavailable)
				if _, err := database.ServiceAccountByClientID(t.Context(), admin.ClientID); err != nil {
					t.Errorf("a token request: %v", err)
				}
				if err := os.Rename(path+".kept", path); err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(database.RevokeTokens(t.Context(), admin.CompanyID, admin.ID, nil, nil), database.CheckWrite(t.Context())); err != nil {
					t.Errorf("put back: %v", err)
				}
			})
		}
	}
}

func TestFileThatIsOverwrittenInPlaceTakesNoChange(t *testing.T) {
	t.Parallel()
	database, admin := initialized(t)
	data := contents(t, database.path)
	for what, other := range map[string][]byte{"a text": []byte("nothing of ours"), "nothing": nil} {
		if err := os.WriteFile(database.path, other, 0o600); err != nil {
			t.Fatal(err)
		}
		wantCode(t, database.RevokeTokens(t.Context(), admin.CompanyID, admin.ID, nil, nil), store.CodeUnavailable)
		if err := os.WriteFile(database.path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := database.CheckWrite(t.Context()); err != nil {
			t.Errorf("after %s was put right: %v", what, err)
		}
	}
}

func TestReadsChangesAndWaitsAreObserved(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var seen []sqlstore.Operation
	database, err := Open(t.Context(), Options{
		Path: filepath.Join(t.TempDir(), "procore.db"), Create: true,
		Observe: func(operation sqlstore.Operation, took time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			if took <= 0 {
				t.Errorf("%s took %s", operation, took)
			}
			seen = append(seen, operation)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = database.Close() }()
	expect := func(err error, want ...sqlstore.Operation) {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		if err != nil || !slices.Equal(seen, want) {
			t.Errorf("observed %v, want %v: %v", seen, want, err)
		}
		seen = nil
	}
	_, err = database.Companies(t.Context())
	expect(err, sqlstore.OperationRead)
	expect(database.RevokeToken(t.Context(), "x", time.Now()), sqlstore.OperationWait, sqlstore.OperationWrite)
	_, err = database.ServiceAccountByClientID(t.Context(), "nobody")
	wantCode(t, err, store.CodeNotFound)
	expect(nil, sqlstore.OperationRead)
}

func TestWriteProbeIsSparedWhereAChangeHasJustSucceeded(t *testing.T) {
	t.Parallel()
	database, admin := initialized(t)
	probed := func() (count int) {
		t.Helper()
		if err := reading(database).QueryRowContext(t.Context(), "SELECT count(*) FROM write_probe").Scan(&count); err != nil {
			t.Fatal(err)
		}
		return count
	}
	if err := database.RevokeTokens(t.Context(), admin.CompanyID, admin.ID, nil, nil); err != nil {
		t.Fatal(err)
	}
	if err := database.CheckWrite(t.Context()); err != nil || probed() != 0 {
		t.Errorf("%d probes, %v", probed(), err)
	}
	database.recent = sqlstore.Recent{} // as if the change were long ago
	if err := database.CheckWrite(t.Context()); err != nil || probed() != 1 {
		t.Errorf("%d probes, %v", probed(), err)
	}
	// A broken rule says nothing about the disk.
	refused := errors.New("changed meanwhile")
	_, err := database.UpdateServiceAccount(t.Context(), admin.CompanyID, admin.ID, store.ServiceAccountChange{}, func(store.ServiceAccount) error { return refused })
	if size := database.recent.ProbeSize(); size != 0 || !errors.Is(err, refused) {
		t.Errorf("the next probe writes %d bytes, %v", size, err)
	}
}

func TestDatabaseBehindALinkIsServedUntilTheLinkLeadsElsewhere(t *testing.T) {
	t.Parallel()
	database, admin := initialized(t)
	other, _ := initialized(t)
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(database.path, link); err != nil {
		t.Fatal(err)
	}
	linked := open(t, link)
	if err := linked.RevokeTokens(t.Context(), admin.CompanyID, admin.ID, nil, nil); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(link), os.Symlink(other.path, link)); err != nil {
		t.Fatal(err)
	}
	wantCode(t, linked.RevokeTokens(t.Context(), admin.CompanyID, admin.ID, nil, nil), store.CodeUnavailable)
}
