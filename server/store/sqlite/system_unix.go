//go:build unix

package sqlite

import (
	"fmt"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// links is the number of the file's names.
func links(info os.FileInfo) int {
	if stat, found := info.Sys().(*syscall.Stat_t); found {
		return int(stat.Nlink) //#nosec G115 -- no file has 2^31 names
	}
	return 1
}

// writable returns an error unless this user may write to the file or folder. It tries nothing.
func writable(path string) error { return unix.Access(path, unix.W_OK) }

// freeBytes is the room that the folder's disk has for this user.
func freeBytes(folder string) (uint64, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(folder, &stat); err != nil {
		return 0, err
	}
	return uint64(max(stat.Bavail, 0)) * uint64(stat.Bsize), nil //nolint:unconvert,gosec // the types differ from system to system
}

// SQLite's locks are on these bytes of the file, which are never data (https://www.sqlite.org/lockingv3.html 4). Whoever
// has a database open in WAL mode holds a shared one.
const (
	firstLockByte = 0x40000000
	lockBytes     = 512
)

// holder returns a process that has the database open, other than this one, or 0. It takes no lock.
func holder(path string) (process int, err error) {
	file, err := os.Open(path) //#nosec G304 -- the operator names the file
	if err != nil {
		return 0, err
	}
	defer func() { _ = file.Close() }() // nothing was written
	lock := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart, Start: firstLockByte, Len: lockBytes}
	if err := unix.FcntlFlock(file.Fd(), unix.F_GETLK, &lock); err != nil {
		return 0, fmt.Errorf("ask for the locks on %s: %w", path, err)
	}
	if lock.Type == unix.F_UNLCK {
		return 0, nil
	}
	return int(lock.Pid), nil
}

// syncFolder waits until the names in the folder are on disk.
func syncFolder(path string) error {
	folder, err := os.Open(path) //#nosec G304 -- the database's folder
	if err != nil {
		return fmt.Errorf("open the folder: %w", err)
	}
	defer func() { _ = folder.Close() }() // nothing was written
	if err := folder.Sync(); err != nil {
		return fmt.Errorf("write the folder %s to disk: %w", path, err)
	}
	return nil
}

// replacesOpenFiles says that a file which is open can be replaced by another one.
const replacesOpenFiles = true
