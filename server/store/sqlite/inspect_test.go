package sqlite

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

func TestDiskWithoutRoomForACopyIsFound(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "large.db")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	find := func() Finding {
		t.Helper()
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return checkDisk(path, info)
	}
	if got := find(); got.Status != sqlstore.StatusOK {
		t.Errorf("with room: %+v", got)
	}
	free, err := freeBytes(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	// Larger than the room that there is, and without a byte of its own.
	if err := os.Truncate(path, int64(free)); err != nil { //#nosec G115 -- no disk has 8 EB
		t.Fatal(err)
	}
	if got := find(); got.Status != sqlstore.StatusWarning || got.NextStep == "" {
		t.Errorf("without room: %+v", got)
	}
}

func TestDatabaseOfTheFirstSchemaCanBeInspected(t *testing.T) {
	t.Parallel()
	path := firstSchema(t, store.NewSecret())
	result, err := Inspect(t.Context(), path, time.Now())
	if err != nil || result.KeysErr != nil || len(result.SigningKeys) != 1 {
		t.Fatalf("%d keys, %v %v", len(result.SigningKeys), result.KeysErr, err)
	}
	for _, finding := range result.Findings {
		switch finding.Check {
		case "schema_version":
			if finding.Status != sqlstore.StatusWarning || !strings.Contains(finding.Message, "older") {
				t.Errorf("%+v", finding)
			}
		case "contacts": // that schema's contacts were made by hand in the test, without a company's directory of their own
		default:
			if finding.Status == sqlstore.StatusProblem {
				t.Errorf("%+v", finding)
			}
		}
	}
}

func TestBackupOfTheFirstSchemaCanBeRestored(t *testing.T) {
	t.Parallel()
	from, to := firstSchema(t, store.NewSecret()), filepath.Join(t.TempDir(), "restored.db")
	result, err := Restore(t.Context(), Restoring{
		From: from, Path: to, Now: time.Now(), CheckKey: func(store.SigningKey) error { return nil },
	})
	if err != nil || result.Accounts != 2 || result.Kept != "" {
		t.Fatalf("%+v, %v", result, err)
	}
	if account, err := open(t, to).ServiceAccount(t.Context(), 1, 2); err != nil || account.Name != "ci exporter" {
		t.Errorf("the account is %q, %v", account.Name, err)
	}
}

func TestFindingsHoldNothingThatATerminalObeys(t *testing.T) {
	t.Parallel()
	first, _ := initialized(t)
	if _, err := first.writer.connection.conn.ExecContext(t.Context(), "CREATE TABLE \"theirs\x1b]0;x\x07\x1b[2J\xff\" (a)"); err != nil {
		t.Fatal(err)
	}
	result, err := Inspect(t.Context(), first.path, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	named := false
	for _, finding := range result.Findings {
		named = named || strings.Contains(finding.Message, "theirs")
		if !utf8.ValidString(finding.Message) || strings.ContainsFunc(finding.Message, unicode.IsControl) {
			t.Errorf("%q", finding.Message)
		}
	}
	if !named {
		t.Error("the table isn't found")
	}
}
