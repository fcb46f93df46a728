package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/procore/terraform-provider-procore/server"
)

// disk is a place for a database that can be made full and roomy again while a server runs on it.
type disk struct {
	database string
	fill     func(p *process)
	free     func(p *process)
}

// disks are a limit on the size of files, which Linux lets anybody set for a process of theirs, and a file system that is
// full, for which a test must be allowed to mount one.
func disks() map[string]func(t *testing.T) disk {
	return map[string]func(t *testing.T) disk{"limited files": limitedFiles, "small file system": smallFileSystem}
}

// limitedFiles lets no file grow beyond the size that the log has (setrlimit(2), RLIMIT_FSIZE): writes fail with EFBIG.
func limitedFiles(t *testing.T) disk {
	t.Helper()
	database := freshFile(t, "it fills the disk of the file")
	limit := func(p *process, size uint64) {
		t.Helper()
		err := unix.Prlimit(p.command.Process.Pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: size, Max: unix.RLIM_INFINITY}, nil)
		if err != nil {
			t.Fatal(err)
		}
	}
	return disk{
		database: database,
		fill:     func(p *process) { limit(p, uint64(fileSize(t, database+"-wal"))) }, //#nosec G115 -- a size
		free:     func(p *process) { limit(p, unix.RLIM_INFINITY) },
	}
}

// smallFileSystem is a tmpfs of one megabyte, which a file fills to the last byte: writes fail with ENOSPC.
func smallFileSystem(t *testing.T) disk {
	t.Helper()
	folder := t.TempDir()
	if err := unix.Mount("tmpfs", folder, "tmpfs", 0, "size=1m,mode=0700"); err != nil {
		t.Skipf("this test must be allowed to mount a file system (%v); the one with limited files proves the same with EFBIG", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(folder, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	filler := filepath.Join(folder, "filler")
	return disk{
		database: filepath.Join(folder, "procore.db"),
		fill: func(*process) {
			file, err := os.Create(filler)
			if err != nil {
				t.Fatal(err)
			}
			for _, size := range []int{64 << 10, 4 << 10, 1} {
				for err = nil; err == nil; {
					_, err = file.Write(make([]byte, size))
				}
			}
			if !errors.Is(errors.Join(err, file.Close()), unix.ENOSPC) {
				t.Fatal(err)
			}
		},
		free: func(*process) {
			if err := os.Remove(filler); err != nil {
				t.Fatal(err)
			}
		},
	}
}

func fileSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func TestFullDiskRefusesChangesClearlyAndGoesOnByItself(t *testing.T) {
	t.Parallel()
	for name, place := range disks() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			disk := place(t)
			administrator := initialize(t, disk.database)
			p := serve(t, disk.database, nil)
			admin := signIn(t, client30, p.url, administrator)
			kept := admin.create(t, "kept")
			admin.do(t, 200, "PUT", "service_accounts/"+kept.ID+"/permissions", `{"company":{"documents":"readonly"}}`)
			holder := admin.as(t, kept)

			disk.fill(p)
			fills(t, admin)
			names := admin.names(t)
			changesAreRefused(t, admin, kept)
			eventually(t, "readyz is red", func() bool { return ready(t, p.url) == "database_unwritable" })
			client{url: p.url, http: client30}.do(t, 200, "GET", "/healthz", "")

			// Reading and tokens go on, for longer than the times of the last tokens wait to be written.
			for deadline := time.Now().Add(1500 * time.Millisecond); time.Now().Before(deadline); {
				holder.do(t, 200, "GET", "me", "")
				admin.as(t, kept).do(t, 200, "GET", "/oauth/token/info", "")
			}
			equal(t, "accounts", admin.names(t), names)
			equal(t, "permissions", admin.do(t, 200, "GET", "service_accounts/"+kept.ID+"/permissions", ""), `{"data":{"company":{"documents":"readonly"}}}`+"\n")

			disk.free(p)
			eventually(t, "readyz is green", func() bool { return ready(t, p.url) == "" })
			admin.create(t, "made when there was room")
			fresh := data[account](t, admin.do(t, 200, "POST", "service_accounts/"+kept.ID+"/actions/reset_secret", "{}"))
			admin.as(t, fresh)
			eventually(t, "the time of the last token is written", func() bool {
				return data[map[string]any](t, admin.do(t, 200, "GET", "service_accounts/"+kept.ID, ""))["last_token_at"] != nil
			})
			p.stop()
			isWhole(t, disk.database)
		})
	}
}

// fills makes accounts until there is no room left for one.
func fills(t *testing.T, admin client) {
	t.Helper()
	for i := range 500 {
		status, text, err := admin.request(t.Context(), "POST", "service_accounts", fmt.Sprintf(`{"name":"filler %d"}`, i))
		if err != nil {
			t.Fatal(err)
		}
		if status == 503 {
			return
		}
		if status != 201 {
			t.Fatalf("status %d: %s", status, text)
		}
	}
	t.Fatal("the disk isn't full")
}

// changesAreRefused fails the test unless every kind of change is answered with 503, in the API's envelope, with a time
// to try again and the reason.
func changesAreRefused(t *testing.T, admin client, kept account) {
	t.Helper()
	path := "service_accounts/" + kept.ID
	for _, change := range [][3]string{
		{"POST", "service_accounts", `{"name":"refused"}`},
		{"PATCH", path, `{"name":"refused"}`},
		{"POST", path + "/actions/reset_secret", "{}"},
		{"POST", path + "/actions/revoke_tokens", ""},
		{"PUT", path + "/permissions", `{"company":{"documents":"admin"}}`},
		{"POST", "projects", `{"name":"refused"}`},
		{"DELETE", path, ""},
	} {
		status, header, text := admin.exchange(t, change[0], change[1], change[2])
		if status != 503 || header.Get("Retry-After") == "" || !strings.Contains(text, `"code":"SERVICE_UNAVAILABLE"`) ||
			!strings.Contains(text, "disk") {
			t.Errorf("%s %s is answered %d, Retry-After %q: %s", change[0], change[1], status, header.Get("Retry-After"), text)
		}
	}
	stranger := client{url: admin.url, http: admin.http}
	status, header, text := stranger.exchange(t, "POST", "/oauth/revoke", tokenForm(kept.ClientID, kept.ClientSecret)+"&token="+admin.as(t, kept).token)
	if status != 503 || header.Get("Retry-After") == "" || !strings.Contains(text, `"temporarily_unavailable"`) {
		t.Errorf("a revocation is answered %d, Retry-After %q: %s", status, header.Get("Retry-After"), text)
	}
}

func TestServerOnAFullDiskStopsWell(t *testing.T) {
	t.Parallel()
	disk := limitedFiles(t)
	administrator := initialize(t, disk.database)
	p := serve(t, disk.database, nil)
	admin := signIn(t, client30, p.url, administrator)
	disk.fill(p)
	fills(t, admin)
	admin.do(t, 200, "GET", "me", "")
	signIn(t, client30, p.url, administrator)
	p.stop() // although the time of that token can't be written
	isWhole(t, disk.database)
}

func TestStartOnAFullDiskServesOrSaysWhyNotAndChangesNothing(t *testing.T) {
	t.Parallel()
	disk := smallFileSystem(t)
	administrator := initialize(t, disk.database)
	before := readFile(t, disk.database)
	disk.fill(nil)
	// Whether it starts depends on whether anything of the log was left to be written. Where it does, it is ended.
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	var stdout, stderr bytes.Buffer
	if status := server.Main(ctx, []string{"serve", "--database", disk.database, "--listen", "127.0.0.1:0"}, &stdout, &stderr, build); status != 0 {
		result{status, stdout.String(), stderr.String()}.failed(t, disk.database, "disk")
	}
	run(t, "init", "--database", filepath.Join(filepath.Dir(disk.database), "other.db"), "--company", "Acme").failed(t)
	if !bytes.Equal(readFile(t, disk.database), before) {
		t.Error("a start on a full disk changes the database")
	}
	disk.free(nil)
	succeed(t, "init", "--database", filepath.Join(filepath.Dir(disk.database), "other.db"), "--company", "Acme")
	p := serve(t, disk.database, nil)
	signIn(t, client30, p.url, administrator).create(t, "made when there was room")
	p.stop()
}

// unprivileged makes the command one of a user whom rights bind: root they don't. It gives the database to that user.
func unprivileged(t *testing.T, command *exec.Cmd, database string) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	const nobody = 65534
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	// The folder of a test's temporary folders is its own user's alone.
	for _, path := range []string{filepath.Dir(database), filepath.Dir(filepath.Dir(database))} {
		if err := os.Chmod(path, 0o711); err != nil { //#nosec G302 -- the other user has to get there
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Chown(database, nobody, nobody), os.Chown(filepath.Dir(database), nobody, nobody),
		os.Chmod(filepath.Dir(command.Path), 0o711)); err != nil { //#nosec G302 -- and start the program
		t.Fatal(err)
	}
}

func TestStartOnWhatCanNotBeWrittenSaysSoInOneSentenceAndChangesNothing(t *testing.T) {
	t.Parallel()
	for name, forbid := range map[string]func(database string) error{
		"a read-only file":        func(database string) error { return os.Chmod(database, 0o400) },
		"a file without rights":   func(database string) error { return os.Chmod(database, 0) },
		"a read-only folder":      func(database string) error { return os.Chmod(filepath.Dir(database), 0o500) }, //#nosec G302 -- a folder
		"a folder without rights": func(database string) error { return os.Chmod(filepath.Dir(database), 0) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := filepath.Join(t.TempDir(), "procore.db")
			administrator := initialize(t, database)
			before := readFile(t, database)
			command := newProcess(t, database)
			unprivileged(t, command, database)
			if err := forbid(database); err != nil {
				t.Fatal(err)
			}
			refusesToStart(t, command, database)
			if err := errors.Join(os.Chmod(filepath.Dir(database), 0o700), os.Chmod(database, 0o600)); err != nil { //#nosec G302 -- a folder
				t.Fatal(err)
			}
			if !bytes.Equal(readFile(t, database), before) {
				t.Error("a start that fails changes the file")
			}
			again := newProcess(t, database)
			unprivileged(t, again, database)
			signIn(t, client30, start(t, again).url, administrator).create(t, "made when it was allowed")
		})
	}
}

func TestStartOnAReadOnlyFileSystemSaysSo(t *testing.T) {
	t.Parallel()
	disk := smallFileSystem(t)
	administrator := initialize(t, disk.database)
	remount := func(flags uintptr) {
		t.Helper()
		if err := unix.Mount("tmpfs", filepath.Dir(disk.database), "tmpfs", unix.MS_REMOUNT|flags, "size=1m"); err != nil {
			t.Fatal(err)
		}
	}
	remount(unix.MS_RDONLY)
	run(t, "serve", "--database", disk.database, "--listen", "127.0.0.1:0").failed(t, disk.database, "read-only")
	remount(0)
	signIn(t, client30, serve(t, disk.database, nil).url, administrator).create(t, "made when it was allowed")
}

func refusesToStart(t *testing.T, command *exec.Cmd, words ...string) {
	t.Helper()
	var stderr bytes.Buffer
	command.Stderr = &stderr
	err := command.Run()
	var failed *exec.ExitError
	if !errors.As(err, &failed) || failed.ExitCode() != 1 {
		t.Fatalf("the start ends with %v: %s", err, &stderr)
	}
	result{status: 1, stderr: stderr.String()}.failed(t, words...)
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
