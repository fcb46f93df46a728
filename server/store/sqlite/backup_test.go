package sqlite

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestBackupToARelativeNameIsMadeInTheWorkingFolder(t *testing.T) { //nolint:paralleltest // changes the folder of the process
	live, admin := initialized(t)
	folder := t.TempDir()
	t.Chdir(folder)
	if err := Backup(t.Context(), live.path, "backup.db"); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, filepath.Join(folder, "backup.db")).ServiceAccount(t.Context(), admin.CompanyID, admin.ID); err != nil {
		t.Error(err)
	}
	if _, err := openPool("backup.db", nil, 1); err == nil || !strings.Contains(err.Error(), "backup.db") {
		t.Errorf("a relative name is opened as if it began at the root: %v", err)
	}
}
