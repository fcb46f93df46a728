package sqlite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/procore/terraform-provider-procore/server/store"
)

// The write-ahead log's format: https://www.sqlite.org/fileformat.html 4.1 and 4.2.
const (
	logMagic            = 0x377f0682 // and one more where checksums read big-endian words
	logHeaderLength     = 32
	logFrameLength      = 24
	identityOffset      = 60
	applicationIDOffset = 68
)

// checkLog returns *store.Error with CodeNotADatabase when the write-ahead log beside the database is another one's.
// SQLite would not notice: a log is checked against itself alone, and its pages would be written into this database.
// That is what a database that was copied or restored over an old one, without the old one's log being taken away, meets.
//
// The first frame of the first page decides; each of this program's transactions has one (see Store.change). What is
// torn is left to SQLite, which doesn't read on from there either.
func checkLog(path string, header []byte) error {
	file, err := os.Open(path + "-wal") //#nosec G304 -- beside the database that the operator names
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open the database's write-ahead log: %w", err)
	}
	defer func() { _ = file.Close() }() // nothing was written
	page, err := firstPageInLog(file, pageSize(header))
	if err != nil || page == nil {
		return err
	}
	own, logged := header[identityOffset:][:4], page[identityOffset:][:4]
	if none := [4]byte{}; [4]byte(own) == none || [4]byte(own) == [4]byte(logged) {
		return nil
	}
	return &store.Error{Code: store.CodeNotADatabase, Message: fmt.Sprintf(
		"The write-ahead log %s-wal belongs to another database than %s, and using the two together would destroy it. Put the "+
			"log's own database beside it, or move the log away if the database was restored from a backup.", path, path)}
}

// checkLogOf is checkLog for a database that nothing of this process has open, by any of its names. It changes nothing.
func checkLogOf(path string) (err error) {
	if path, err = resolve(path); err != nil { // SQLite looks for the log beside the file that a link leads to
		return err
	}
	file, err := os.Open(path) //#nosec G304 -- the operator names the file
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer func() { _ = file.Close() }() // nothing was written
	header := make([]byte, headerSize)
	if _, err := file.ReadAt(header, 0); err != nil {
		return fmt.Errorf("read the database file: %w", err)
	}
	return checkLog(path, header)
}

// pageSize reads the database's page size; 1 means 65536.
func pageSize(header []byte) int {
	if size := int(binary.BigEndian.Uint16(header[16:])); size != 1 {
		return size
	}
	return 1 << 16
}

// firstPageInLog returns the first image of the database's first page, or nil where the log has none that is whole.
func firstPageInLog(log io.Reader, size int) ([]byte, error) {
	header := make([]byte, logHeaderLength)
	if whole, err := readWhole(log, header); !whole {
		return nil, err
	}
	magic := binary.BigEndian.Uint32(header)
	if magic&^1 != logMagic || int(binary.BigEndian.Uint32(header[8:])) != size {
		return nil, nil // SQLite ignores it, or the database is damaged: not for here
	}
	sum := logSum{order: binary.LittleEndian}
	if magic&1 == 1 {
		sum.order = binary.BigEndian
	}
	if !sum.matches(header[24:32], header[:24]) {
		return nil, nil
	}
	frame := make([]byte, logFrameLength+size)
	for {
		if whole, err := readWhole(log, frame); !whole {
			return nil, err
		}
		page := frame[logFrameLength:]
		if [8]byte(frame[8:16]) != [8]byte(header[16:24]) || !sum.matches(frame[16:24], frame[:8], page) {
			return nil, nil // torn, or left over from before the log began anew
		}
		if binary.BigEndian.Uint32(frame) == 1 {
			return page, nil
		}
	}
}

// readWhole reports whether there was enough to read.
func readWhole(from io.Reader, buffer []byte) (whole bool, err error) {
	_, err = io.ReadFull(from, buffer)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the database's write-ahead log: %w", err)
	}
	return true, nil
}

// logSum is the running checksum of a log (https://www.sqlite.org/fileformat.html 4.2).
type logSum struct {
	order binary.ByteOrder
	a, b  uint32
}

// matches adds the data, and reports whether the sum is this one.
func (s *logSum) matches(want []byte, data ...[]byte) bool {
	for _, part := range data {
		for i := 0; i+8 <= len(part); i += 8 {
			s.a += s.order.Uint32(part[i:]) + s.b
			s.b += s.order.Uint32(part[i+4:]) + s.a
		}
	}
	return binary.BigEndian.Uint32(want) == s.a && binary.BigEndian.Uint32(want[4:]) == s.b
}
