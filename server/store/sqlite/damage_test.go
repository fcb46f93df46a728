package sqlite

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/procore/terraform-provider-procore/server/store"
)

// crashed returns the path of a database whose files are as a killed process leaves them: with a log that has the last
// changes, here the creation of the account.
func crashed(t *testing.T, name string) (path string, account store.ServiceAccount) {
	t.Helper()
	live, admin := initialized(t)
	if _, err := live.writer.connection.conn.ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatal(err)
	}
	account = create(t, live, admin.CompanyID, name, nil)
	path = filepath.Join(t.TempDir(), "procore.db")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.WriteFile(path+suffix, contents(t, live.path+suffix), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path, account
}

func TestLogOfAnotherDatabaseIsRefusedAndNothingIsTouched(t *testing.T) {
	t.Parallel()
	mine, account := crashed(t, "mine")
	other, _ := crashed(t, "other")
	if err := os.Rename(mine+"-wal", mine+".kept"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(mine+"-wal", contents(t, other+"-wal"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := contents(t, mine)
	_, err := Open(t.Context(), Options{Path: mine})
	wantCode(t, err, store.CodeNotADatabase)
	if err == nil || !strings.Contains(err.Error(), mine+"-wal") {
		t.Errorf("the error doesn't name the log: %v", err)
	}
	if !bytes.Equal(contents(t, mine), before) || !bytes.Equal(contents(t, mine+"-wal"), contents(t, other+"-wal")) {
		t.Error("a refused start changes the files")
	}

	// With its own log nothing is lost.
	if err := os.Rename(mine+".kept", mine+"-wal"); err != nil {
		t.Fatal(err)
	}
	if got, err := open(t, mine).ServiceAccount(t.Context(), account.CompanyID, account.ID); err != nil || got.Name != "mine" {
		t.Errorf("%q, %v", got.Name, err)
	}
}

func TestBackupThatIsPutOverADatabaseIsNotMixedWithTheOldOnesLog(t *testing.T) {
	t.Parallel()
	live, admin := initialized(t)
	create(t, live, admin.CompanyID, "in the log", nil)
	folder := t.TempDir()
	restored := filepath.Join(folder, "procore.db")
	if err := Backup(t.Context(), live.path, restored); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(restored+"-wal", contents(t, live.path+"-wal"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), Options{Path: restored})
	wantCode(t, err, store.CodeNotADatabase)
	if err := os.Remove(restored + "-wal"); err != nil {
		t.Fatal(err)
	}
	if got, err := open(t, restored).ServiceAccount(t.Context(), admin.CompanyID, admin.ID); err != nil || got.ID != admin.ID {
		t.Errorf("the backup alone: %v", err)
	}
}

func TestEveryTransactionSaysWhoseLogItIsIn(t *testing.T) {
	t.Parallel()
	live, admin := initialized(t)
	if _, err := live.writer.connection.conn.ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatal(err)
	}
	if err := live.RevokeTokens(t.Context(), admin.CompanyID, admin.ID, nil, nil); err != nil { // grows no file, and so has no other reason to write the first page
		t.Fatal(err)
	}
	page, err := firstPageInLog(bytes.NewReader(contents(t, live.path+"-wal")), 4096)
	if err != nil || page == nil || int64(binary.BigEndian.Uint32(page[identityOffset:])) != int64(live.identity) || live.identity == 0 {
		t.Errorf("the log has no first page with the number %d: %v", live.identity, err)
	}
}

func TestDatabaseWithoutANumberGetsOneAndKeepsIt(t *testing.T) {
	t.Parallel()
	path := firstSchema(t, store.NewSecret()) // made by prepareFile, so it has a number
	for _, number := range []string{"0", "77"} {
		db, err := openPool(path, settings(patience), 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), "PRAGMA user_version = "+number); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		opened, again := open(t, path), open(t, path)
		if opened.identity == 0 || again.identity != opened.identity || number == "77" && opened.identity != 77 {
			t.Errorf("after %s the number is %d, and %d", number, opened.identity, again.identity)
		}
		if err := errors.Join(opened.Close(), again.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMissingLogAndStaleSharedMemoryAreNoObstacle(t *testing.T) {
	t.Parallel()
	path, account := crashed(t, "last")
	other, _ := crashed(t, "other")
	for what, shm := range map[string][]byte{
		"another database's": contents(t, other+"-shm"), "zeros": make([]byte, 32<<10), "noise": bytes.Repeat([]byte{0xa5, 7}, 16<<10), "cut short": {1, 2, 3},
	} {
		folder := t.TempDir()
		copied := filepath.Join(folder, "procore.db")
		if err := errors.Join(os.WriteFile(copied, contents(t, path), 0o600), os.WriteFile(copied+"-wal", contents(t, path+"-wal"), 0o600),
			os.WriteFile(copied+"-shm", shm, 0o600)); err != nil {
			t.Fatal(err)
		}
		if got, err := open(t, copied).ServiceAccount(t.Context(), account.CompanyID, account.ID); err != nil || got.Name != "last" {
			t.Errorf("shared memory of %s: %q, %v", what, got.Name, err)
		}
	}
	// Without the log the last change is lost, as it must be; what was in the file before is whole.
	if err := os.Remove(path + "-wal"); err != nil {
		t.Fatal(err)
	}
	lost := open(t, path)
	if err := lost.CheckIntegrity(t.Context()); err != nil {
		t.Error(err)
	}
	_, err := lost.ServiceAccount(t.Context(), account.CompanyID, account.ID)
	wantCode(t, err, store.CodeNotFound)
}

func TestHeaderWithAnyByteFlippedIsRefusedOrHarmless(t *testing.T) {
	t.Parallel()
	path, _ := crashed(t, "kept")
	whole := open(t, path)
	want := state(t, whole)
	if err := whole.Close(); err != nil {
		t.Fatal(err)
	}
	data, folder := contents(t, path), t.TempDir()
	refused := 0
	for at := range 100 {
		if at >= 72 && at < 92 { // reserved for expansion
			continue
		}
		flipped := bytes.Clone(data)
		flipped[at] ^= 0xff
		path := filepath.Join(folder, fmt.Sprintf("%d.db", at))
		if err := os.WriteFile(path, flipped, 0o600); err != nil {
			t.Fatal(err)
		}
		opened, err := Open(t.Context(), Options{Path: path})
		if err != nil {
			refused++
			var broken *store.Error
			if !errors.As(err, &broken) || !bytes.Equal(contents(t, path), flipped) {
				t.Errorf("byte %d: changed, or refused with %v", at, err)
			}
			continue
		}
		if got := state(t, opened); got != want {
			t.Errorf("byte %d: the database has\n%s", at, got)
		}
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	}
	if refused < 20 {
		t.Errorf("%d bytes matter", refused)
	}
}

// A page may be damaged in many ways; none may make an account that is there one that isn't.
func TestNoDamagedPageMakesAnAccountThatIsThereOneThatIsNot(t *testing.T) {
	t.Parallel()
	path, account := crashed(t, "kept")
	first := open(t, path)
	accounts := []store.ServiceAccount{account}
	for i := range 12 {
		accounts = append(accounts, create(t, first, account.CompanyID, fmt.Sprint("exporter ", i), store.Levels{"documents": store.LevelReadOnly}))
	}
	want := state(t, first)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	data := contents(t, path)
	damages := map[string]func(page []byte){
		"inverted": func(page []byte) {
			for i := range page {
				page[i] ^= 0xff
			}
		},
		"zeroed":           func(page []byte) { clear(page) },
		"another's":        func(page []byte) { copy(page, data[4096*2:][:4096]) },
		"noise":            func(page []byte) { copy(page, bytes.Repeat([]byte{0x5a, 0xc3, 0x0d, 0x99}, 1024)) },
		"said to be empty": func(page []byte) { page[3], page[4] = 0, 0 },
	}
	turn := 0 // every page meets one or two of the five
	for what, damage := range damages {
		turn++
		from := 1 + turn%3
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			folder, found := t.TempDir(), 0
			for page := from; page < len(data)/4096; page += 3 { // the first is for the header's test
				path := filepath.Join(folder, fmt.Sprintf("%d.db", page))
				torn := bytes.Clone(data)
				damage(torn[page*4096:][:4096])
				if err := os.WriteFile(path, torn, 0o600); err != nil {
					t.Fatal(err)
				}
				if damagedPageIsFound(t, path, accounts, want) {
					found++
				}
			}
			if found < len(data)/4096/6 {
				t.Errorf("damage was found on %d pages of %d", found, len(data)/4096)
			}
		})
	}
}

// damagedPageIsFound fails the test unless the damage is found, at the start or by the check, or does no harm.
func damagedPageIsFound(t *testing.T, path string, accounts []store.ServiceAccount, want string) (found bool) {
	t.Helper()
	opened, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		wantCode(t, err, store.CodeNotADatabase)
		return true
	}
	defer func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	}()
	err = opened.CheckIntegrity(t.Context())
	if err == nil {
		if got := state(t, opened); got != want {
			t.Errorf("%s: the check finds nothing, and the database has\n%s", path, got)
		}
		return false
	}
	wantCode(t, err, store.CodeNotADatabase)
	wantCode(t, opened.CheckRead(t.Context()), store.CodeNotADatabase)
	wantCode(t, opened.CheckWrite(t.Context()), store.CodeNotADatabase)
	for _, account := range accounts {
		if _, err := opened.ServiceAccount(t.Context(), account.CompanyID, account.ID); !errors.Is(err, &store.Error{Code: store.CodeNotADatabase}) {
			t.Errorf("%s: management says %v", path, err)
		}
		got, err := opened.ServiceAccountByClientID(t.Context(), account.ClientID)
		if err != nil {
			wantCode(t, err, store.CodeNotADatabase)
		} else if got.ID != account.ID || got.Credentials != account.Credentials {
			t.Errorf("%s: account %s is answered for account %s", path, got.ID, account.ID)
		}
	}
	return true
}
