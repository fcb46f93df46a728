package server_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestBackupOfALiveDatabaseServes(t *testing.T) {
	t.Parallel()
	database := freshFile(t, "a backup is a copy of the file")
	administrator := initialize(t, database)
	admin := open(t, database, administrator)
	kept := admin.create(t, "before the backup")
	copied := filepath.Join(t.TempDir(), "copy.db")

	// Writes go on while the copy is made, and none of them fails.
	stop, failed := make(chan struct{}), make(chan error, 1)
	var group sync.WaitGroup
	group.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			status, text, err := admin.request(t.Context(), "POST", "service_accounts", fmt.Sprintf(`{"name":"during %d"}`, i))
			if err != nil || status != 201 {
				failed <- errors.Join(err, fmt.Errorf("status %d: %s", status, text))
				return
			}
		}
	})
	for i := range 5 {
		target := copied
		if i > 0 {
			target = fmt.Sprintf("%s.%d", copied, i)
		}
		if got := run(t, "backup", "--database", database, "--to", target); got.status != 0 || got.stderr != "" {
			t.Errorf("backup %d: %+v", i, got)
		}
	}
	close(stop)
	group.Wait()
	select {
	case err := <-failed:
		t.Errorf("a write during the backup: %v", err)
	default:
	}

	equal(t, "mode of the copy", mode(t, copied), 0o600)
	restored := open(t, copied, administrator)
	if names := restored.names(t); !strings.HasPrefix(names, "Administrator,before the backup") {
		t.Errorf("accounts of the copy: %s", names)
	}
	restored.as(t, kept).do(t, 200, "GET", "me", "")
	// The copy is a database of its own.
	restored.create(t, "in the copy alone")
	if strings.Contains(admin.names(t), "in the copy alone") {
		t.Error("a write to the copy reaches the original")
	}
	// It has the key as well: tokens of the original count.
	moved := admin
	moved.url = restored.url
	moved.do(t, 200, "GET", "me", "")
}

func TestBackupLeavesNothingButTheCopy(t *testing.T) {
	t.Parallel()
	database, target := freshFile(t, "a backup is a copy of the file"), t.TempDir()
	initialize(t, database)
	output := succeed(t, "backup", "--database", database, "--to", filepath.Join(target, "copy.db"))
	if !strings.Contains(output, filepath.Join(target, "copy.db")) {
		t.Errorf("stdout %q", output)
	}
	files, err := os.ReadDir(target)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 1 || files[0].Name() != "copy.db" {
		t.Errorf("the folder has %v", files)
	}
}

func TestBackupOverwritesNothing(t *testing.T) {
	t.Parallel()
	database, folder := freshFile(t, "a backup is a copy of the file"), t.TempDir()
	administrator := initialize(t, database)
	existing, dangling := filepath.Join(folder, "existing"), filepath.Join(folder, "dangling")
	if err := os.WriteFile(existing, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(folder, "elsewhere"), dangling); err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{existing, dangling, folder, database} {
		run(t, "backup", "--database", database, "--to", target).failed(t, target, "already exists")
	}
	content, err := os.ReadFile(existing)
	if err != nil || string(content) != "precious" {
		t.Errorf("the existing file has %q now: %v", content, err)
	}
	open(t, database, administrator).do(t, 200, "GET", "service_accounts", "")
}

func TestBackupIntoAFolderThatIsMissingFailsWithOneSentence(t *testing.T) {
	t.Parallel()
	database := freshFile(t, "a backup is a copy of the file")
	initialize(t, database)
	run(t, "backup", "--database", database, "--to", filepath.Join(t.TempDir(), "nowhere", "copy.db")).failed(t, "nowhere")
}
