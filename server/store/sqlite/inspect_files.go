package sqlite

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

var fileChecks = []fileCheck{
	{"length", checkLength},
	{"permissions", checkPermissions},
	{"names", checkNames},
	{"folder", checkFolder},
	{"leftovers", checkLeftovers},
	{"disk", checkDisk},
	{"log", checkLogSize},
	{"in_use", checkInUse},
}

// checkLength finds a file that was cut within a page, which SQLite reads as if it went on with zeros.
func checkLength(path string, info os.FileInfo) Finding {
	const pageSizeOffset, largest = 16, 65536
	file, err := os.Open(path) //#nosec G304 -- the operator names the file
	if err != nil {
		return problem(restoreABackup, "The file can't be read: %s", err)
	}
	defer func() { _ = file.Close() }() // nothing was written
	bytes := make([]byte, 2)
	if _, err := file.ReadAt(bytes, pageSizeOffset); err != nil {
		return problem(restoreABackup, "The file can't be read: %s", err)
	}
	page := int64(binary.BigEndian.Uint16(bytes))
	if page == 1 { // so the format says it, for two bytes can't
		page = largest
	}
	if page == 0 || info.Size()%page != 0 {
		return problem(restoreABackup, "The file of %d bytes is no whole number of pages of %d bytes: it was cut, or its header is damaged.", info.Size(), page)
	}
	return ok("The file is a whole number of pages.")
}

// beside are the suffixes of what SQLite keeps beside a database. All of them hold what the database holds.
var beside = []string{"", "-wal", "-shm", "-journal"}

func checkPermissions(path string, _ os.FileInfo) Finding {
	if runtime.GOOS == "windows" {
		return ok("On Windows the folder's rights count, which are not looked at.")
	}
	var open []string
	for _, suffix := range beside {
		if info, err := os.Stat(path + suffix); err == nil && info.Mode().Perm()&0o077 != 0 {
			open = append(open, fmt.Sprintf("%s (%04o)", path+suffix, info.Mode().Perm()))
		}
	}
	if len(open) > 0 {
		return problem("Use: chmod 600 on each. If others may have read them, rotate the signing keys: terraform-provider-procore keys rotate --discard-old",
			"Others than the owner can open what holds digests and signing keys: %s.", strings.Join(open, ", "))
	}
	return ok("Only the owner can open the files.")
}

// checkNames finds a second name of the file: who opens the database by that one has another log, and damages it.
// https://www.sqlite.org/howtocorrupt.html 2.5
func checkNames(path string, info os.FileInfo) Finding {
	if count := links(info); count > 1 {
		return problem("Find the others with find -samefile, and remove them while no server runs. Never open the database by another name.",
			"%s is one of %d names (hard links) of the same file.", path, count)
	}
	return ok("The file has one name.")
}

func checkFolder(path string, _ os.FileInfo) Finding {
	folder := filepath.Dir(path)
	for _, name := range []string{folder, path} {
		if err := writable(name); err != nil {
			return problem("Run the server as the owner of both, on a disk that isn't mounted read-only.",
				"%s can't be written by this user (%s), and SQLite writes to the file and makes its log beside it.", name, err)
		}
	}
	return ok("The file and its folder can be written.")
}

// checkLeftovers finds what a backup or restore that was killed has left.
func checkLeftovers(path string, _ os.FileInfo) Finding {
	var found []string
	for _, pattern := range []string{".backup-*", ".restore-*", ".reading-*"} {
		matches, _ := filepath.Glob(filepath.Join(filepath.Dir(path), pattern)) // fails for bad patterns only
		found = append(found, matches...)
	}
	if len(found) > 0 {
		return warning("Remove them once no backup or restore runs: they hold copies of the database.",
			"A backup or restore that was ended midway has left: %s.", strings.Join(found, ", "))
	}
	return ok("Nothing was left by a backup or restore.")
}

func checkDisk(path string, info os.FileInfo) Finding {
	const least = 16 << 20
	free, err := freeBytes(filepath.Dir(path))
	if err != nil {
		return warning("Look at the disk yourself.", "How much room the disk has can't be told: %s.", err)
	}
	const megabyte = 1 << 20
	switch {
	case free < least:
		return problem("Make room: changes fail once the disk is full. Reads and tokens go on.", "The disk has %d MB left.", free/megabyte)
	case free < uint64(max(info.Size(), 0))+least: //#nosec G115 -- not negative
		return warning("Make room: a backup or restore beside the database would fill the disk.",
			"The disk has %d MB left, and the database has %d MB.", free/megabyte, info.Size()/megabyte)
	}
	return ok("The disk has %d MB left.", free/megabyte)
}

func checkLogSize(path string, info os.FileInfo) Finding {
	const large = 64 << 20 // SQLite empties it at 4 MB where nobody reads for long
	length := size(path + "-wal")
	if length > large && length > info.Size() {
		return warning("Look for a backup, a doctor or another reader that has not ended; the log shrinks when the last server stops.",
			"The write-ahead log has %d MB: something keeps it from being worked into the database.", length>>20)
	}
	return ok("The write-ahead log has %d bytes.", max(length, 0))
}

func checkInUse(path string, _ os.FileInfo) Finding {
	switch process, err := holder(path); {
	case err != nil:
		return ok("Whether a process uses the database can't be told here: %s.", err)
	case process != 0:
		return ok("Process %d uses the database, and perhaps others.", process)
	}
	return ok("No other process uses the database.")
}
