package sqlite

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

// makes is a change of a test. It runs in the group that the test makes.
type makes func(tx sqlstore.Tx) error

// together makes changes that are committed together, in this order, and returns what each is told: the first waits in
// its transaction until all others wait for it.
func together(t *testing.T, database *Store, changes ...makes) []error {
	t.Helper()
	told := make([]error, len(changes))
	begun, release := make(chan struct{}), make(chan struct{})
	var group sync.WaitGroup
	start := func(i int, f makes) {
		group.Go(func() {
			defer func() {
				if reason := recover(); reason != nil {
					told[i] = fmt.Errorf("panic: %v", reason)
				}
			}()
			told[i] = database.write(t.Context(), f)
		})
	}
	database.writer.groupTime = time.Hour
	start(0, func(tx sqlstore.Tx) error {
		close(begun)
		<-release
		return changes[0](tx)
	})
	<-begun
	for i, f := range changes[1:] {
		start(i+1, f)
		awaitWaiting(t, database, i+1)
	}
	close(release)
	group.Wait()
	return told
}

// awaitWaiting returns when so many changes wait for their turn.
func awaitWaiting(t *testing.T, database *Store, count int) {
	t.Helper()
	waiting := func() int {
		database.writer.mu.Lock()
		defer database.writer.mu.Unlock()
		return len(database.writer.waiting)
	}
	for deadline := time.Now().Add(time.Minute); waiting() != count; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d changes wait, not %d", waiting(), count)
		}
	}
}

// addsProject is a change that makes a project of that name.
func addsProject(t *testing.T, name string) makes {
	return func(tx sqlstore.Tx) error {
		_, err := tx.ExecContext(t.Context(), `INSERT INTO projects (company_id, name, name_key, search_key, project_number, active, created_at, updated_at)
			VALUES (1, ?, ?, ?, '', TRUE, 0, 0)`, name, name, name)
		return err
	}
}

// projects are the names of all projects.
func projects(t *testing.T, database *Store) (names []string) {
	t.Helper()
	page, err := database.ListProjects(t.Context(), 1, store.ProjectQuery{Page: store.PageRequest{Number: 1, Size: 1000}})
	if err != nil {
		t.Fatal(err)
	}
	for _, project := range page.Items {
		names = append(names, project.Name)
	}
	slices.Sort(names)
	return names
}

func wantProjects(t *testing.T, database *Store, want ...string) {
	t.Helper()
	if got := projects(t, database); !slices.Equal(got, want) {
		t.Errorf("the projects are %q, want %q", got, want)
	}
	// Whatever has happened, the next change is made.
	if err := database.RevokeToken(t.Context(), fmt.Sprint(time.Now().UnixNano()), time.Now()); err != nil {
		t.Errorf("the next change: %v", err)
	}
}

// commits counts the transactions in the write-ahead log: the last frame of each has the database's size
// (https://www.sqlite.org/fileformat.html 4.1).
func commits(t *testing.T, database *Store) (count int) {
	t.Helper()
	log := contents(t, database.path+"-wal")
	for at := walHeader; at+walFrame <= len(log); at += walFrame {
		if binary.BigEndian.Uint32(log[at+4:]) != 0 {
			count++
		}
	}
	return count
}

func TestChangesThatWaitShareOneCommitInTheirOrder(t *testing.T) {
	t.Parallel()
	database, _ := initialized(t)
	if _, err := database.writer.connection.conn.ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatal(err)
	}
	var changes []makes
	var want []string
	for i := range 10 {
		name := fmt.Sprint("project ", i)
		changes = append(changes, func(tx sqlstore.Tx) error {
			var count int
			if err := tx.QueryRowContext(t.Context(), "SELECT count(*) FROM projects").Scan(&count); err != nil || count != i {
				t.Errorf("change %d finds %d of those before it, %v", i, count, err)
			}
			return addsProject(t, name)(tx)
		})
		want = append(want, name)
	}
	if err := errors.Join(together(t, database, changes...)...); err != nil {
		t.Fatal(err)
	}
	if got := commits(t, database); got != 1 {
		t.Errorf("ten changes that waited for each other took %d commits", got)
	}
	wantProjects(t, database, want...)
}

func TestChangeThatFailsInAGroupIsUndoneAndNoOther(t *testing.T) {
	t.Parallel()
	database, _ := initialized(t)
	refused := errors.New("changed meanwhile")
	told := together(t, database, addsProject(t, "first"),
		func(tx sqlstore.Tx) error { return errors.Join(addsProject(t, "refused")(tx), refused) },
		addsProject(t, "third"),
		func(tx sqlstore.Tx) error {
			if err := addsProject(t, "panicked")(tx); err != nil {
				return err
			}
			panic("a bug")
		},
		addsProject(t, "fifth"))
	if told[0] != nil || !errors.Is(told[1], refused) || told[2] != nil || told[3] == nil || told[3].Error() != "panic: a bug" || told[4] != nil {
		t.Errorf("they are told %v", told)
	}
	wantProjects(t, database, "fifth", "first", "third")
}

func TestFirstChangeOfAGroupFailsAloneToo(t *testing.T) {
	t.Parallel()
	database, _ := initialized(t)
	refused := errors.New("changed meanwhile")
	for _, fail := range []func() error{func() error { return refused }, func() error { panic("a bug") }} {
		told := together(t, database, func(tx sqlstore.Tx) error { return errors.Join(addsProject(t, "first")(tx), fail()) }, addsProject(t, "second"))
		if told[0] == nil || told[1] != nil {
			t.Errorf("they are told %v", told)
		}
		wantProjects(t, database, "second")
		if err := database.write(t.Context(), func(tx sqlstore.Tx) error {
			_, err := tx.ExecContext(t.Context(), "DELETE FROM projects")
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRulesHoldAmongChangesOfOneGroup(t *testing.T) {
	t.Parallel()
	database, admin := initialized(t)
	begun, open := make(chan struct{}), make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		if err := database.write(t.Context(), func(sqlstore.Tx) error { close(begun); <-open; return nil }); err != nil {
			t.Error(err)
		}
	})
	<-begun
	const many = 8
	errs := make([]error, many)
	for i := range many {
		group.Go(func() {
			_, errs[i] = database.CreateServiceAccount(t.Context(), admin.CompanyID, newAccount("Exporter", nil), nil)
		})
	}
	awaitWaiting(t, database, many)
	close(open)
	group.Wait()
	made := 0
	for _, err := range errs {
		if err == nil {
			made++
			continue
		}
		wantCode(t, err, store.CodeNameTaken)
	}
	if made != 1 {
		t.Errorf("%d accounts got the same name", made)
	}
}

// breaksCommit makes every statement succeed and the commit fail.
func breaksCommit(t *testing.T) makes {
	return func(tx sqlstore.Tx) error {
		_, err := tx.ExecContext(t.Context(), "PRAGMA defer_foreign_keys = ON")
		if err == nil {
			_, err = tx.ExecContext(t.Context(), "INSERT INTO company_permissions (service_account_id, tool, level) VALUES (12345, 'documents', 'readonly')")
		}
		return err
	}
}

func TestCommitThatFailsIsToldToAllAndNothingIsChanged(t *testing.T) {
	t.Parallel()
	database, _ := initialized(t)
	refused := errors.New("a project of the first's name is there")
	told := together(t, database, addsProject(t, "first"), breaksCommit(t), addsProject(t, "third"), func(sqlstore.Tx) error { return refused })
	for i, err := range told {
		if err == nil || errors.Is(err, refused) { // what it was refused for is not true any more
			t.Errorf("change %d is told %v", i, err)
		}
	}
	wantProjects(t, database)
}

func TestGroupThatSQLiteGivesUpIsToldSoAndNothingIsChanged(t *testing.T) {
	t.Parallel()
	database, _ := initialized(t)
	limit := func(tx sqlstore.Tx, pages int) error {
		_, err := tx.ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages))
		return err
	}
	told := together(t, database, addsProject(t, "first"), addsProject(t, "second"), func(tx sqlstore.Tx) error {
		if err := limit(tx, 1); err != nil { // as many as there are: as full as a disk
			return err
		}
		_, err := tx.ExecContext(t.Context(), "INSERT INTO write_probe (id, filler) VALUES (1, randomblob(1000000))")
		return errors.Join(err, limit(tx, 1<<30))
	}, addsProject(t, "fourth"))
	for _, err := range told[:3] {
		wantCode(t, err, store.CodeUnavailable)
	}
	if told[3] != nil { // it had not begun, and was made afterwards
		t.Error(told[3])
	}
	wantProjects(t, database, "fourth")
}

func TestFilesThatGoWhileAGroupIsMadeLeaveAllOfItsOutcomesUnknown(t *testing.T) {
	t.Parallel()
	database, _ := initialized(t)
	told := together(t, database, addsProject(t, "first"), addsProject(t, "second"), func(tx sqlstore.Tx) error {
		return errors.Join(addsProject(t, "third")(tx), os.Rename(database.path, database.path+".kept"))
	})
	for _, err := range told {
		wantCode(t, err, store.CodeOutcomeUnknown)
	}
	if err := os.Rename(database.path+".kept", database.path); err != nil {
		t.Fatal(err)
	}
	wantProjects(t, database, "first", "second", "third")
}

func TestChangeWhoseCallerLeavesIsNotBegunOrIsBroughtToItsEnd(t *testing.T) {
	t.Parallel()
	database, _ := initialized(t)
	leaving, leave := context.WithCancel(t.Context())
	told := together(t, database, addsProject(t, "first"), func(tx sqlstore.Tx) error {
		// Its own caller leaves in the middle.
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := tx.ExecContext(ctx, "UPDATE projects SET name = 'renamed'")
		return err
	})
	if err := errors.Join(told...); err != nil {
		t.Fatal(err)
	}
	begun, open := make(chan struct{}), make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		if err := database.write(t.Context(), func(sqlstore.Tx) error { close(begun); <-open; return nil }); err != nil {
			t.Error(err)
		}
	})
	<-begun
	group.Go(func() {
		err := database.write(leaving, func(sqlstore.Tx) error { t.Error("a change is begun for nobody"); return nil })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("who left is told %v", err)
		}
	})
	awaitWaiting(t, database, 1)
	leave()
	awaitWaiting(t, database, 0)
	close(open)
	group.Wait()
	wantProjects(t, database, "renamed")
}

func TestTwoProcessesThatWriteAllTheTimeBothGetTheirTurn(t *testing.T) {
	t.Parallel()
	first, admin := initialized(t)
	var group sync.WaitGroup
	for _, database := range []*Store{first, open(t, first.path)} {
		for i := range 8 {
			group.Go(func() {
				for range 20 {
					if err := database.RevokeTokens(t.Context(), admin.CompanyID, admin.ID, nil, nil); err != nil {
						t.Errorf("writer %d: %v", i, err)
					}
				}
			})
		}
	}
	group.Wait()
	if got, err := first.ServiceAccount(t.Context(), admin.CompanyID, admin.ID); err != nil || got.Credentials.TokenEpoch != 1+2*8*20 {
		t.Errorf("of 320 changes %d are there, %v", got.Credentials.TokenEpoch-1, err)
	}
}
