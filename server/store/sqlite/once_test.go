package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

// onceFor is a project that is to be made once.
func onceFor(id string) *store.Once[store.Project] {
	return &store.Once[store.Project]{
		ID: []byte(id), Fingerprint: []byte("fingerprint"),
		Seal: func(project store.Project) ([]byte, error) { return []byte("sealed " + project.Name), nil },
	}
}

// expiredAtOnce is how many kept answers are forgotten at once.
const expiredAtOnce = 100

// onceScene is a database with a clock that the test sets.
func onceScene(t *testing.T) (*scene, *time.Time) {
	t.Helper()
	now := time.Now()
	return newSceneAt(t, func() time.Time { return now }), &now
}

func (s *scene) makeOnce(id, name string) error {
	_, err := s.CreateProject(s.ctx, s.company, store.NewProject{Name: name}, onceFor(id))
	return err
}

func TestChangeWhoseAnswerCantBeKeptIsNotMade(t *testing.T) {
	t.Parallel()
	s, _ := onceScene(t)
	before := s.dump()
	failure := errors.New("unable to seal")
	once := onceFor("a")
	once.Seal = func(store.Project) ([]byte, error) { return nil, failure }
	if _, err := s.CreateProject(s.ctx, s.company, store.NewProject{Name: "Tower"}, once); !errors.Is(err, failure) {
		t.Errorf("the error is %v", err)
	}
	if after := s.dump(); after != before {
		t.Errorf("an answer that couldn't be sealed left\n%s\nafter\n%s", after, before)
	}

	s.forbid("TRUE", "kept_answers")
	before = s.dump()
	if err := s.makeOnce("a", "Tower"); err == nil {
		t.Error("the answer couldn't be written, and the project was made")
	}
	if after := s.dump(); after != before {
		t.Errorf("an answer that couldn't be written left\n%s\nafter\n%s", after, before)
	}
}

func TestRefusedChangeKeepsNoAnswer(t *testing.T) {
	t.Parallel()
	s, _ := onceScene(t)
	_, err := s.AddContact(s.ctx, s.company, 999, &store.Once[store.DirectoryContact]{ID: []byte("a"), Fingerprint: []byte("b")})
	wantCode(t, err, store.CodeNotFound)
	if got := s.rows("SELECT * FROM kept_answers"); got != "\n" {
		t.Errorf("kept %s", got)
	}
}

func TestKeptAnswerEndsAfterItsDayAndNoEarlierWhenTheClockIsSetBack(t *testing.T) {
	t.Parallel()
	s, now := onceScene(t)
	start := *now
	if err := s.makeOnce("a", "Tower"); err != nil {
		t.Fatal(err)
	}
	for _, after := range []time.Duration{0, -time.Second, -1000 * 24 * time.Hour, store.KeepAnswersFor - time.Microsecond} {
		*now = start.Add(after)
		var before *store.DoneBeforeError
		if err := s.makeOnce("a", "Bridge"); !errors.As(err, &before) || string(before.Kept.Sealed) != "sealed Tower" {
			t.Errorf("%s later: %v", after, err)
		}
		if kept, found, err := s.KeptAnswer(s.ctx, []byte("a")); err != nil || !found || string(kept.Sealed) != "sealed Tower" {
			t.Errorf("%s later: found is %t, %v", after, found, err)
		}
	}
	*now = start.Add(store.KeepAnswersFor)
	if _, found, err := s.KeptAnswer(s.ctx, []byte("a")); err != nil || found {
		t.Errorf("a day later: found is %t, %v", found, err)
	}
	if err := s.makeOnce("a", "Bridge"); err != nil {
		t.Errorf("a day later the work isn't done anew: %v", err)
	}
	if kept, _, err := s.KeptAnswer(s.ctx, []byte("a")); err != nil || string(kept.Sealed) != "sealed Bridge" {
		t.Errorf("the new answer is %q, %v", kept.Sealed, err)
	}
}

func TestExpiredAnswersAreForgottenAFewAtATimeAndLiveOnesStay(t *testing.T) {
	t.Parallel()
	s, now := onceScene(t)
	if err := s.makeOnce("live", "Tower"); err != nil {
		t.Fatal(err)
	}
	err := s.write(s.ctx, func(tx sqlstore.Tx) error {
		for i := range 2*expiredAtOnce + 50 {
			if _, err := tx.ExecContext(s.ctx, "INSERT INTO kept_answers VALUES (?, x'00', x'00', ?)",
				fmt.Sprintf("old %d", i), sqlstore.Micros(now.Add(-time.Hour))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, left := range []int{expiredAtOnce + 50, 50, 0, 0} {
		if err := s.makeOnce(fmt.Sprint(i), "Tower"); err != nil {
			t.Fatal(err)
		}
		if got, want := s.rows("SELECT count(*) AS n FROM kept_answers WHERE sealed = x'00'"), s.rows(fmt.Sprintf("SELECT %d AS n", left)); got != want {
			t.Errorf("after %d answers %s expired ones are left, want %s", i+1, got, want)
		}
	}
	if _, found, err := s.KeptAnswer(s.ctx, []byte("live")); err != nil || !found {
		t.Errorf("the live answer is gone, %v", err)
	}
}

// Two processes hold the same file in this way.
func TestTwoStoresOnOneFileDoTheWorkOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "procore.db")
	first := open(t, path)
	admin, err := first.Initialize(t.Context(), store.NewCompany{Name: "Acme", Admin: newAccount("Administrator", store.AdminLevels())},
		store.SigningKey{ID: "key", Algorithm: "ES256", PrivateKey: []byte{1}, CreatedAt: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	stores := []*Store{first, open(t, path)}
	const many = 20
	errs := make(chan error, many)
	for i := range many {
		go func() {
			_, err := stores[i%2].CreateProject(context.WithoutCancel(t.Context()), admin.CompanyID, store.NewProject{Name: fmt.Sprint(i)}, onceFor("a"))
			errs <- err
		}()
	}
	made := 0
	for range many {
		var before *store.DoneBeforeError
		switch err := <-errs; {
		case err == nil:
			made++
		case !errors.As(err, &before):
			t.Error(err)
		}
	}
	if made != 1 {
		t.Errorf("the project was made %d times", made)
	}
}

func TestExpiredAnswersAreForgottenWithoutAnotherBeingWritten(t *testing.T) {
	t.Parallel()
	s, now := onceScene(t)
	for i := range expiredAtOnce + 1 {
		if err := s.makeOnce(fmt.Sprintf("old %d", i), "Tower"); err != nil {
			t.Fatal(err)
		}
	}
	*now = now.Add(store.KeepAnswersFor - time.Microsecond)
	if more, err := s.ForgetKeptAnswers(s.ctx); more || err != nil {
		t.Errorf("%t, %v", more, err)
	}
	for _, want := range []struct {
		left int
		more bool
	}{{expiredAtOnce + 1, true}, {1, false}, {0, false}} {
		if got := s.rows("SELECT count(*) AS n FROM kept_answers"); got != s.rows(fmt.Sprintf("SELECT %d AS n", want.left)) {
			t.Errorf("left are %s, want %d", got, want.left)
		}
		*now = now.Add(time.Microsecond)
		if more, err := s.ForgetKeptAnswers(s.ctx); err != nil || more != want.more {
			t.Errorf("more is %t, %v", more, err)
		}
	}
}
