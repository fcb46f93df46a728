package sqlite

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

// restoring is a restore for which every signing key is good.
func restoring(from, path string) Restoring {
	return Restoring{From: from, Path: path, Now: time.Now(), CheckKey: func(store.SigningKey) error { return nil }}
}

// number is what the header of a file says, without its log.
func number(t *testing.T, path string) uint32 {
	t.Helper()
	return binary.BigEndian.Uint32(contents(t, path)[identityOffset:])
}

// copyTo copies a file as cp does: over what is there, and with nothing that is beside it.
func copyTo(t *testing.T, from, to string) {
	t.Helper()
	if err := os.WriteFile(to, contents(t, from), 0o600); err != nil {
		t.Fatal(err)
	}
}

func backedUp(t *testing.T, database *Store) (backup string) {
	t.Helper()
	backup = filepath.Join(t.TempDir(), "backup.db")
	if err := Backup(t.Context(), database.path, backup); err != nil {
		t.Fatal(err)
	}
	return backup
}

func TestEveryRestoreGivesTheDatabaseANumberOfItsOwn(t *testing.T) {
	t.Parallel()
	live, _ := initialized(t)
	backup := backedUp(t, live)
	if err := live.Close(); err != nil {
		t.Fatal(err)
	}
	numbers := map[uint32]bool{number(t, backup): true}
	for range 2 {
		if _, err := Restore(t.Context(), restoring(backup, live.path)); err != nil {
			t.Fatal(err)
		}
		numbers[number(t, live.path)] = true
	}
	if _, err := Restore(t.Context(), restoring(backup, live.path+".new")); err != nil {
		t.Fatal(err)
	}
	numbers[number(t, live.path+".new")] = true
	if len(numbers) != 4 || numbers[0] {
		t.Errorf("the backup and three restores have the numbers %v", numbers)
	}
}

// Who puts the backup back by hand a second time, and leaves the log that a killed server left, gets no mixture.
func TestBackupThatIsPutBackByHandAfterARestoreIsNotMixedWithTheLogSinceThen(t *testing.T) {
	t.Parallel()
	live, admin := initialized(t)
	backup := backedUp(t, live)
	if err := live.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), restoring(backup, live.path)); err != nil {
		t.Fatal(err)
	}
	served := open(t, live.path)
	for i := range 20 {
		create(t, served, admin.CompanyID, string(rune('a'+i)), nil)
	}
	killed := filepath.Join(t.TempDir(), "procore.db")
	copyTo(t, served.path+"-wal", killed+"-wal")
	copyTo(t, backup, killed)
	opened, err := Open(t.Context(), Options{Path: killed})
	wantCode(t, err, store.CodeNotADatabase)
	if err == nil {
		err = errors.Join(opened.CheckIntegrity(t.Context()), opened.Close())
		t.Fatalf("the log of the restored database is read with the backup: %v", err)
	}
}

func TestRestoreOverADamagedDatabaseLeavesNothingThatBelongedToIt(t *testing.T) {
	t.Parallel()
	live, _ := initialized(t)
	backup := backedUp(t, live)
	if err := live.Close(); err != nil {
		t.Fatal(err)
	}
	spoiled := contents(t, live.path)
	copy(spoiled[100:], bytes.Repeat([]byte{0xa5}, 3000))
	left := []byte("what a rollback journal holds")
	for suffix, content := range map[string][]byte{"": spoiled, "-journal": left} {
		if err := os.WriteFile(live.path+suffix, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	result, err := Restore(t.Context(), restoring(backup, live.path))
	if err != nil || !result.Damaged {
		t.Fatalf("%+v, %v", result, err)
	}
	for _, suffix := range beside[1:] {
		if _, err := os.Stat(live.path + suffix); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there: %v", suffix, err)
		}
	}
	if got := contents(t, result.Kept+"-journal"); !bytes.Equal(got, left) {
		t.Errorf("the journal that is kept has %q", got)
	}
}

func TestForeignLogIsFoundByRestoreAndDoctorAsItIsByServe(t *testing.T) {
	t.Parallel()
	mine, _ := crashed(t, "mine")
	other, _ := crashed(t, "other")
	sound, _ := initialized(t)
	backup := backedUp(t, sound)
	copyTo(t, other+"-wal", mine+"-wal")
	for _, shared := range []bool{true, false} {
		if !shared {
			if err := os.Remove(mine + "-shm"); err != nil {
				t.Fatal(err)
			}
		}
		before := [][]byte{contents(t, mine), contents(t, mine+"-wal")}
		for what, r := range map[string]Restoring{
			"over it": restoring(backup, mine), "from it": restoring(mine, filepath.Join(t.TempDir(), "new.db")),
		} {
			_, err := Restore(t.Context(), r)
			wantCode(t, err, store.CodeNotADatabase)
			if err == nil || !strings.Contains(err.Error(), mine+"-wal belongs to another database") {
				t.Errorf("restoring %s: %v", what, err)
			}
		}
		found, err := Inspect(t.Context(), mine, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		var problems []string
		for _, finding := range found.Findings {
			if finding.Status == sqlstore.StatusProblem {
				problems = append(problems, finding.Check+": "+finding.Message)
			}
		}
		if len(problems) != 1 || !strings.HasPrefix(problems[0], "log_owner: ") || !strings.Contains(problems[0], mine+"-wal belongs") || found.KeysErr == nil {
			t.Errorf("doctor finds %v, %v", problems, found.KeysErr)
		}
		if !bytes.Equal(contents(t, mine), before[0]) || !bytes.Equal(contents(t, mine+"-wal"), before[1]) {
			t.Error("looking changes the files")
		}
	}
}
