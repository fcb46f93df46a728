package sqlite

import (
	"errors"
	"os"
	"slices"
	"sync"
)

// held is a database's file that this process keeps open for as long as one of its own uses it: the first one of a process
// to close a file takes all of the process's locks off it (fcntl(2)), SQLite's too, by whichever name it was opened. What
// SQLite opens is SQLite's own business, which knows of this.
type held struct {
	info    os.FileInfo
	files   []*os.File
	holders int
}

var holding struct {
	sync.Mutex
	files []*held
}

// hold opens a file, or shares it with who holds it already.
func hold(path string, flags int) (*held, error) {
	holding.Lock()
	defer holding.Unlock()
	if info, err := os.Stat(path); err == nil {
		if h := knownAs(info); h != nil {
			h.holders++
			return h, nil
		}
	}
	file, err := os.OpenFile(path, flags, 0o600) //#nosec G304 -- the operator names the database
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	h := knownAs(info)
	if h == nil {
		h = &held{info: info}
		holding.files = append(holding.files, h)
	}
	h.files = append(h.files, file) // more than one where the file got its name between the two looks
	h.holders++
	return h, nil
}

func knownAs(info os.FileInfo) *held {
	at := slices.IndexFunc(holding.files, func(h *held) bool { return os.SameFile(h.info, info) })
	if at < 0 {
		return nil
	}
	return holding.files[at]
}

// file is for reading and for its mode; it must not be closed.
func (h *held) file() *os.File { return h.files[0] }

// release closes the file when nobody else of this process holds it. SQLite must have closed its own before.
func (h *held) release() error {
	if h == nil {
		return nil
	}
	holding.Lock()
	defer holding.Unlock()
	h.holders--
	if h.holders > 0 {
		return nil
	}
	holding.files = slices.DeleteFunc(holding.files, func(other *held) bool { return other == h })
	var errs []error
	for _, file := range h.files {
		errs = append(errs, file.Close())
	}
	return errors.Join(errs...)
}
