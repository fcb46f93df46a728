package sqlite

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// links is the number of the file's names, which is not looked at here.
func links(os.FileInfo) int { return 1 }

// writable returns an error when the file is marked read-only.
func writable(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() && info.Mode().Perm()&0o200 == 0 {
		return os.ErrPermission
	}
	return err
}

// freeBytes is the room that the folder's disk has for this user.
func freeBytes(folder string) (free uint64, err error) {
	name, err := windows.UTF16PtrFromString(folder)
	if err != nil {
		return 0, err
	}
	err = windows.GetDiskFreeSpaceEx(name, &free, nil, nil)
	return free, err
}

// holder can't tell who has the database open.
func holder(string) (process int, err error) {
	return 0, errors.New("Windows doesn't tell who holds a lock")
}

// syncFolder does nothing: NTFS keeps names in its own log.
func syncFolder(string) error { return nil }

// replacesOpenFiles says that a file which is open can't be replaced by another one.
const replacesOpenFiles = false
