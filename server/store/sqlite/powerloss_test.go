package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
)

// kill -9 leaves the system's file cache as it was; a power cut doesn't. These tests make the files that a power cut may
// leave: a write-ahead log that ends anywhere or has a hole, and a database file that a checkpoint was writing to.

const walHeader, walFrame = 32, 24 + 4096

// acknowledged is the database after one acknowledged change.
type acknowledged struct {
	logSize int64
	state   string
}

// powerCut is what was on the disk, and what had been acknowledged, when the power went.
type powerCut struct {
	before, database, log []byte
	history               []acknowledged
}

// work makes changes of every kind and remembers the database after each of them.
func work(t *testing.T) powerCut {
	t.Helper()
	first, admin := initialized(t)
	path, ctx, company := first.path, t.Context(), admin.CompanyID
	if _, err := first.writer.connection.conn.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatal(err)
	}
	var cut powerCut
	cut.before = contents(t, path)
	note := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		cut.history = append(cut.history, acknowledged{info.Size(), state(t, first)})
	}
	note(nil)
	project, err := first.CreateProject(ctx, company, store.NewProject{Name: "Tower", Active: true}, nil)
	note(err)
	account, err := first.CreateServiceAccount(ctx, company, newAccount("exporter", nil), nil)
	note(err)
	_, err = first.ReplaceCompanyPermissions(ctx, company, account.ID, store.Levels{"documents": store.LevelReadOnly, "schedule": store.LevelStandard}, nil)
	note(err)
	_, _, err = first.PutAssignment(ctx, company, account.ID, project.ID, store.Levels{"daily_log": store.LevelStandard}, nil)
	note(err)
	_, _, err = first.ResetSecret(ctx, company, account.ID, store.SecretReset{SecretDigest: store.NewSecret().Digest(), PreviousSecretTTL: time.Hour}, nil, nil)
	note(err)
	note(first.RevokeTokens(ctx, company, account.ID, nil, nil))
	note(first.RevokeToken(ctx, "token", time.Now().Add(time.Hour)))
	note(first.RecordTokens(ctx, map[store.ID]time.Time{account.ID: time.Now()}))
	note(first.DeleteServiceAccount(ctx, company, account.ID, nil))
	cut.database, cut.log = contents(t, path), contents(t, path+"-wal")
	if !bytes.Equal(cut.database, cut.before) || len(cut.log) < 30*walFrame {
		t.Fatalf("the changes aren't all in the log, which has %d bytes", len(cut.log))
	}
	return cut
}

func contents(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// state is all that the database holds, as a text.
func state(t *testing.T, database *Store) string {
	t.Helper()
	var text strings.Builder
	for _, query := range []string{
		"SELECT id || name || secret_version || hex(secret_digest) || token_epoch || coalesce(last_token_at, '') || updated_at FROM service_accounts ORDER BY id",
		"SELECT service_account_id || active FROM contacts ORDER BY id",
		"SELECT service_account_id || tool || level FROM company_permissions ORDER BY 1",
		"SELECT service_account_id || ' ' || project_id FROM project_assignments ORDER BY 1",
		"SELECT service_account_id || tool || level FROM project_permissions ORDER BY 1",
		"SELECT id || action || service_account_id FROM audit_events ORDER BY id",
		"SELECT id FROM revoked_tokens ORDER BY id",
		"SELECT id || name FROM projects ORDER BY id",
	} {
		var rows string
		err := reading(database).QueryRowContext(context.WithoutCancel(t.Context()), "SELECT coalesce(group_concat(row, x'0a'), '') FROM ("+
			strings.Replace(query, " FROM", " AS row FROM", 1)+")").Scan(&rows)
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString(rows + "\n\n")
	}
	return text.String()
}

// found opens files as a start after the power cut does, and returns what is there.
func found(t *testing.T, folder string, database, log []byte) string {
	t.Helper()
	path := filepath.Join(folder, "procore.db")
	if err := errors.Join(os.WriteFile(path, database, 0o600), os.WriteFile(path+"-wal", log, 0o600)); err != nil {
		t.Fatal(err)
	}
	opened, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatalf("the database can't be opened: %v", err)
	}
	if err := opened.CheckIntegrity(t.Context()); err != nil {
		t.Errorf("after the power cut: %v", err)
	}
	got := state(t, opened)
	if err := errors.Join(opened.Close(), os.Remove(path)); err != nil {
		t.Fatal(err)
	}
	return got
}

// upTo is the state after the last change of which the log has every byte.
func (p powerCut) upTo(size int64) string {
	var state string
	for _, change := range p.history {
		if change.logSize <= size {
			state = change.state
		}
	}
	return state
}

func TestLogThatEndsAnywhereGivesEveryChangeUpToThere(t *testing.T) {
	t.Parallel()
	cut, folder := work(t), t.TempDir()
	for frame := int64(walHeader); frame <= int64(len(cut.log)); frame += walFrame {
		for _, size := range []int64{frame, frame + 1 + rand.Int64N(walFrame-1)} { //#nosec G404 -- any place will do
			size = min(size, int64(len(cut.log)))
			if got, want := found(t, folder, cut.database, cut.log[:size]), cut.upTo(size); got != want {
				t.Fatalf("the log ends after %d bytes, and the database has\n%s\nnot\n%s", size, got, want)
			}
		}
	}
	if got := found(t, folder, cut.database, cut.log[:10]); got != cut.history[0].state {
		t.Errorf("without a log the database has\n%s", got)
	}
}

func TestLogWithAHoleGivesEveryChangeUpToThere(t *testing.T) {
	t.Parallel()
	cut, folder := work(t), t.TempDir()
	for frame := int64(walHeader); frame < int64(len(cut.log)); frame += 8 * walFrame {
		zeros, flipped := bytes.Clone(cut.log), bytes.Clone(cut.log)
		clear(zeros[frame:][:walFrame])
		flipped[frame+24+rand.Int64N(4096)] ^= 1 << rand.IntN(8) //#nosec G404 -- any bit will do
		for what, log := range map[string][]byte{"was never written": zeros, "has a flipped bit": flipped} {
			if got, want := found(t, folder, cut.database, log), cut.upTo(frame); got != want {
				t.Fatalf("the frame at %d %s, and the database has\n%s\nnot\n%s", frame, what, got, want)
			}
		}
	}
}

func TestCheckpointThatIsCutAnywhereLosesNothing(t *testing.T) {
	t.Parallel()
	cut, folder := work(t), t.TempDir()
	path := filepath.Join(t.TempDir(), "procore.db")
	if err := errors.Join(os.WriteFile(path, cut.database, 0o600), os.WriteFile(path+"-wal", cut.log, 0o600)); err != nil {
		t.Fatal(err)
	}
	whole, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := whole.Close(); err != nil { // the last one to close makes a checkpoint
		t.Fatal(err)
	}
	after, last := contents(t, path), cut.history[len(cut.history)-1].state
	const sector = 512
	for round := range 20 {
		size := len(cut.before) + rand.IntN((len(after)-len(cut.before))/sector+1)*sector //#nosec G404 -- any size will do
		torn := make([]byte, size)
		for at := 0; at < size; at += sector {
			from := after
			if at < len(cut.before) && rand.IntN(2) == 0 { //#nosec G404 -- any sector will do
				from = cut.before
			}
			copy(torn[at:at+sector], from[at:])
		}
		if got := found(t, folder, torn, cut.log); got != last {
			t.Fatalf("round %d: the database has\n%s\nnot\n%s", round, got, last)
		}
	}
}

// A power cut leaves a group whole or not at all.
func TestLogThatEndsInAGroupHasAllOfItsChangesOrNone(t *testing.T) {
	t.Parallel()
	database, _ := initialized(t)
	if _, err := database.writer.connection.conn.ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatal(err)
	}
	before := state(t, database)
	var changes []makes
	for i := range 6 {
		changes = append(changes, addsProject(t, fmt.Sprint("project ", i)))
	}
	if err := errors.Join(together(t, database, changes...)...); err != nil {
		t.Fatal(err)
	}
	after, file, log := state(t, database), contents(t, database.path), contents(t, database.path+"-wal")
	folder := t.TempDir()
	for size := walHeader; size <= len(log); size += walFrame / 2 {
		want := before
		if size >= len(log)/walFrame*walFrame+walHeader {
			want = after
		}
		if got := found(t, folder, file, log[:size]); got != want {
			t.Fatalf("the log ends after %d bytes of %d, and the database has\n%s\nnot\n%s", size, len(log), got, want)
		}
	}
	if got := found(t, folder, file, log); got != after {
		t.Errorf("the whole log gives\n%s", got)
	}
}
