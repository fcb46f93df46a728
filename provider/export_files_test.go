package provider

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExportedFilesAreWrittenAllOrNone(t *testing.T) {
	t.Parallel()
	made, there := filepath.Join(t.TempDir(), "made"), t.TempDir()
	mine := filepath.Join(there, "memberships.tf")
	if err := os.WriteFile(mine, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for dir, files := range map[string][]exportFile{
		made:  {{"imports.tf", []byte("x")}, {"no such folder/projects.tf", []byte("x")}},
		there: {{"imports.tf", []byte("x")}, {"memberships.tf", []byte("x")}}, // has come to be there meanwhile
	} {
		if err := writeExport(dir, files); err == nil {
			t.Errorf("%s: no error", dir)
		}
	}
	if _, err := os.Lstat(made); err == nil {
		t.Error("a folder was left behind")
	}
	left, err := fs.ReadDir(os.DirFS(there), ".")
	text, _ := os.ReadFile(mine) // compared here
	if err != nil || len(left) != 1 || string(text) != "mine" {
		t.Errorf("left %v, mine says %q: %v", left, text, err)
	}
}

func TestAFileIsNoFolderToExportTo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := refuseToOverwrite(file); err == nil || !strings.Contains(err.Error(), file+" is a file") {
		t.Errorf("%v", err)
	}
}
