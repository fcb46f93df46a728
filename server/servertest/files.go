package servertest

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/procore/terraform-provider-procore/server/store/postgres"
)

// storedKinds are the secrets that no file of a database may hold. Its signing keys are not among them: without a master key
// they are kept as they are.
var storedKinds = []Kind{KindPresented, KindMade, KindBrought, KindToken, KindIdempotency}

// searchFiles searches the database's files and every other SQLite file beside it, such as a backup.
func (w *watch) searchFiles() {
	for name, text := range databaseFiles(w.database) {
		w.search("the file "+name, text, storedKinds...)
	}
}

// CheckFiles fails the test when a file of the database, or another SQLite file in its folder, has a secret.
func (s *Secrets) CheckFiles(t testing.TB, database string) {
	t.Helper()
	for name, text := range databaseFiles(database) {
		s.Check(t, "the file "+name, text, storedKinds...)
	}
}

// databaseFiles returns the files of a database by their names. What isn't there or can't be read has no secret to find: a
// test may have removed it.
func databaseFiles(database string) map[string][]byte {
	files := map[string][]byte{}
	if postgres.IsURL(database) { // whose files are the database's own
		return files
	}
	folder, base := filepath.Dir(database), filepath.Base(database)
	entries, _ := os.ReadDir(folder)
	for _, entry := range entries {
		if !entry.Type().IsRegular() {
			continue
		}
		text, _ := os.ReadFile(filepath.Join(folder, entry.Name()))
		if strings.HasPrefix(entry.Name(), base) || bytes.HasPrefix(text, []byte("SQLite format 3\x00")) {
			files[entry.Name()] = text
		}
	}
	return files
}
