package server_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The first one in a process to close a file takes all of the process's locks off it (fcntl(2)), by whichever name it was
// opened.
func TestEmbeddedDatabaseStaysLockedWhenItIsOpenedByAnotherName(t *testing.T) {
	t.Parallel()
	b := backUp(t)
	linked := filepath.Join(t.TempDir(), "folder")
	if err := os.Symlink(filepath.Dir(b.database), linked); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{b.database, filepath.Join(linked, filepath.Base(b.database)), b.database} {
		if status, err := embeddedRequest(t, name); err != nil || status != 200 {
			t.Fatalf("%d %v", status, err)
		}
		// Another process asks: nobody sees locks of his own.
		said, err := exec.CommandContext(t.Context(), binary(t), "restore", "--database", b.database, "--from", b.backup).CombinedOutput()
		if err == nil || !strings.Contains(string(said), "in use") {
			t.Fatalf("opened as %s, the database is not in use: %s", name, said)
		}
	}
}
