package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/postgres"
	"github.com/procore/terraform-provider-procore/server/store/storetest"
)

func open(t *testing.T, url string) *postgres.Store {
	t.Helper()
	opened, err := postgres.Open(t.Context(), postgres.Options{URL: url, Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	return opened
}

func newAccount(name string, levels store.Levels) store.NewServiceAccount {
	return store.NewServiceAccount{Name: name, ClientID: store.NewClientID(), SecretDigest: store.NewSecret().Digest(), Levels: levels}
}

// two returns two servers' stores on one database with the company Acme, its administrator, and the database's URL.
func two(t *testing.T) (a, b *postgres.Store, admin store.ServiceAccount, url string) {
	t.Helper()
	url = storetest.NewPostgres(t)
	a, b = open(t, url), open(t, url)
	admin, err := a.Initialize(t.Context(), store.NewCompany{Name: "Acme", Admin: newAccount("Administrator", store.AdminLevels())},
		store.SigningKey{ID: "key", Algorithm: "ES256", PrivateKey: []byte{1}, CreatedAt: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return a, b, admin, url
}

func wantCode(t *testing.T, err error, code store.Code) {
	t.Helper()
	if !errors.Is(err, &store.Error{Code: code}) {
		t.Errorf("the error is %v, want code %s", err, code)
	}
}

func TestOpenRefusesWhatIsNotItsOwn(t *testing.T) {
	t.Parallel()
	empty, foreign, newer := storetest.NewPostgres(t), storetest.NewPostgres(t), storetest.NewPostgres(t)
	storetest.Execute(t, foreign, "CREATE TABLE projects (x TEXT)")
	open(t, newer)
	storetest.Execute(t, newer, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)")
	for url, want := range map[string]struct {
		create bool
		code   store.Code
	}{
		empty: {false, store.CodeNotInitialized}, foreign: {true, store.CodeNotADatabase}, newer: {true, store.CodeNewerSchema},
	} {
		_, err := postgres.Open(t.Context(), postgres.Options{URL: url, Create: want.create})
		wantCode(t, err, want.code)
	}
	var tables int
	err := storetest.Open(t, empty).QueryRowContext(t.Context(), "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema()").Scan(&tables)
	if err != nil || tables != 0 {
		t.Errorf("a refused database has %d tables, %v", tables, err)
	}
}

func TestManyMayOpenAnEmptyDatabaseAtOnce(t *testing.T) {
	t.Parallel()
	url := storetest.NewPostgres(t)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			opened, err := postgres.Open(context.WithoutCancel(t.Context()), postgres.Options{URL: url, Create: true})
			if err != nil {
				t.Error(err)
				return
			}
			if err := errors.Join(opened.CheckWrite(context.WithoutCancel(t.Context())), opened.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

func TestAuditEventsAreNeverChanged(t *testing.T) {
	t.Parallel()
	_, _, _, url := two(t)
	db := storetest.Open(t, url)
	for _, statement := range []string{"UPDATE audit_events SET action = 'x'", "DELETE FROM audit_events"} {
		if _, err := db.ExecContext(t.Context(), statement); err == nil || !strings.Contains(err.Error(), "never changed") {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

func TestOfTwoAdministratorsThatTwoServersDeleteAtOnceOneStays(t *testing.T) {
	t.Parallel()
	a, b, first, _ := two(t)
	for round := range 10 {
		second, err := a.CreateServiceAccount(t.Context(), first.CompanyID, newAccount(fmt.Sprint("admin ", round), store.AdminLevels()), nil)
		if err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		errs := make([]error, 2)
		group.Go(func() { errs[0] = a.DeleteServiceAccount(t.Context(), first.CompanyID, first.ID, nil) })
		group.Go(func() { errs[1] = b.DeleteServiceAccount(t.Context(), first.CompanyID, second.ID, nil) })
		group.Wait()
		switch {
		case errs[0] == nil && errs[1] != nil:
			wantCode(t, errs[1], store.CodeLastAdmin)
			first = second
		case errs[1] == nil && errs[0] != nil:
			wantCode(t, errs[0], store.CodeLastAdmin)
		default:
			t.Fatalf("%v, %v", errs[0], errs[1])
		}
	}
}

func TestCreatesOfOneNameOnTwoServersMakeOneAccountAndNameIt(t *testing.T) {
	t.Parallel()
	a, b, admin, _ := two(t)
	for round := range 5 {
		var group sync.WaitGroup
		var mu sync.Mutex
		var made []store.ID
		var taken []string
		for i := range 6 {
			group.Go(func() {
				account, err := []*postgres.Store{a, b}[i%2].CreateServiceAccount(t.Context(), admin.CompanyID, newAccount(fmt.Sprint("same ", round), nil), nil)
				mu.Lock()
				defer mu.Unlock()
				var refused *store.Error
				switch {
				case err == nil:
					made = append(made, account.ID)
				case errors.As(err, &refused) && refused.Code == store.CodeNameTaken:
					taken = append(taken, refused.Faults[0].ExistingID)
				default:
					t.Error(err)
				}
			})
		}
		group.Wait()
		if len(made) != 1 {
			t.Fatalf("accounts made: %v", made)
		}
		for _, id := range taken {
			if id != made[0].String() {
				t.Errorf("the name is said to be %s's, and is %s's", id, made[0])
			}
		}
	}
}

func TestEqualRequestsToTwoServersAtOnceAreCarriedOutOnce(t *testing.T) {
	t.Parallel()
	a, b, admin, _ := two(t)
	for round := range 5 {
		var group sync.WaitGroup
		var made, replayed atomic.Int32
		for i := range 6 {
			group.Go(func() {
				once := &store.Once[store.Project]{
					ID: fmt.Append(nil, "once ", round), Fingerprint: []byte("fingerprint"),
					Seal: func(project store.Project) ([]byte, error) { return []byte("sealed " + project.Name), nil },
				}
				_, err := []*postgres.Store{a, b}[i%2].CreateProject(t.Context(), admin.CompanyID, store.NewProject{Name: fmt.Sprint("Tower ", round)}, once)
				var before *store.DoneBeforeError
				switch {
				case err == nil:
					made.Add(1)
				case errors.As(err, &before) && string(before.Kept.Sealed) == fmt.Sprint("sealed Tower ", round):
					replayed.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		group.Wait()
		if made.Load() != 1 || replayed.Load() != 5 {
			t.Errorf("made %d, replayed %d", made.Load(), replayed.Load())
		}
	}
}

func TestManyWritersInOneCompanyAllSucceed(t *testing.T) {
	t.Parallel()
	a, b, admin, _ := two(t)
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			for j := range 4 {
				account, err := []*postgres.Store{a, b}[i%2].CreateServiceAccount(t.Context(), admin.CompanyID, newAccount(fmt.Sprint("writer ", i, " ", j), nil), nil)
				if err != nil {
					t.Error(err)
					return
				}
				_, _, err = []*postgres.Store{b, a}[i%2].ResetSecret(t.Context(), admin.CompanyID, account.ID, store.SecretReset{SecretDigest: store.NewSecret().Digest()}, nil, nil)
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	page, err := a.ListServiceAccounts(t.Context(), admin.CompanyID, store.ServiceAccountQuery{Page: store.PageRequest{Number: 1, Size: 1000}, Sort: store.SortByID})
	if err != nil || page.Total != 65 {
		t.Errorf("%d accounts, %v", page.Total, err)
	}
}

func TestStoreGoesOnWhenItsConnectionsWereEnded(t *testing.T) {
	t.Parallel()
	cluster := storetest.StartCluster(t)
	opened := open(t, cluster.URL())
	admin, err := opened.Initialize(t.Context(), store.NewCompany{Name: "Acme", Admin: newAccount("Administrator", store.AdminLevels())},
		store.SigningKey{ID: "key", Algorithm: "ES256", PrivateKey: []byte{1}, CreatedAt: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	work := func() error {
		_, err := opened.CreateProject(t.Context(), admin.CompanyID, store.NewProject{Name: "Tower"}, nil)
		_, lookUp := opened.ServiceAccountByClientID(t.Context(), admin.ClientID)
		_, read := opened.ServiceAccount(t.Context(), admin.CompanyID, admin.ID)
		return errors.Join(err, lookUp, read)
	}
	if err := work(); err != nil {
		t.Fatal(err)
	}
	storetest.Execute(t, cluster.URL(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'")
	if err := work(); err != nil {
		t.Errorf("after its connections were ended: %v", err)
	}
	if err := cluster.Kill(); err != nil {
		t.Fatal(err)
	}
	wantCode(t, work(), store.CodeUnavailable)
	wantCode(t, opened.CheckRead(t.Context()), store.CodeUnavailable)
	wantCode(t, opened.CheckWrite(t.Context()), store.CodeUnavailable)
	if err := cluster.Start(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(work(), opened.CheckRead(t.Context()), opened.CheckWrite(t.Context())); err != nil {
		t.Errorf("after the database was started again: %v", err)
	}
}
