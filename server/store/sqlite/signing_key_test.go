package sqlite

import (
	"bytes"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
)

// holds names the files of the database in which these bytes are.
func holds(t *testing.T, database *Store, want []byte) (names []string) {
	t.Helper()
	files, err := filepath.Glob(database.path + "*")
	if err != nil || len(files) < 2 {
		t.Fatalf("files %v, %v", files, err)
	}
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, want) {
			names = append(names, filepath.Base(name))
		}
	}
	return names
}

func randomKey(id string) store.SigningKey {
	private := make([]byte, 300)
	_, _ = rand.Read(private)
	return store.SigningKey{ID: id, Algorithm: "ES256", PrivateKey: private, CreatedAt: time.Now()}
}

func change(t *testing.T, database *Store, change store.KeyChange) {
	t.Helper()
	err := database.ChangeSigningKeys(t.Context(), func([]store.SigningKey) (store.KeyChange, error) { return change, nil })
	if err != nil {
		t.Fatal(err)
	}
}

func testMasterKey(t *testing.T) store.MasterKey {
	t.Helper()
	master, err := store.ParseMasterKey(hex.EncodeToString(bytes.Repeat([]byte{7}, store.MasterKeySize)))
	if err != nil {
		t.Fatal(err)
	}
	return master
}

func TestScrubLeavesNoPlainKeyInAnyFile(t *testing.T) {
	t.Parallel()
	database, _ := initialized(t)
	// Enough keys that pages are split and given free again, as a long life would do.
	var keys []store.SigningKey
	for i := range 60 {
		keys = append(keys, randomKey(fmt.Sprintf("key-%02d", i)))
		change(t, database, store.KeyChange{Put: keys[i:]})
	}
	if _, err := database.writer.connection.conn.ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatal(err)
	}
	if _, err := database.writer.connection.conn.ExecContext(t.Context(), "DELETE FROM signing_keys WHERE id < 'key-20'"); err != nil { // without care
		t.Fatal(err)
	}
	for i := range 5 {
		create(t, database, 1, fmt.Sprintf("account %d", i), nil)
	}
	for _, key := range keys {
		if holds(t, database, key.PrivateKey[20:60]) == nil {
			t.Fatalf("the control: %s is in no file", key.ID)
		}
	}
	if due, err := database.ScrubDue(t.Context()); err != nil || due {
		t.Errorf("scrubbing is due before anything was sealed: %v %v", due, err)
	}

	master := testMasterKey(t)
	err := database.ChangeSigningKeys(t.Context(), func(stored []store.SigningKey) (store.KeyChange, error) {
		return store.SealSigningKeys(stored, master, master)
	})
	if err != nil {
		t.Fatal(err)
	}
	if due, err := database.ScrubDue(t.Context()); err != nil || !due {
		t.Errorf("scrubbing is due: %v %v", due, err)
	}
	if err := database.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	if due, err := database.ScrubDue(t.Context()); err != nil || due {
		t.Errorf("scrubbing is still due: %v %v", due, err)
	}
	for _, key := range keys {
		for begin := 0; begin+16 <= len(key.PrivateKey); begin += 16 {
			if names := holds(t, database, key.PrivateKey[begin:begin+16]); names != nil {
				t.Errorf("%s is in %v in plain", key.ID, names)
				break
			}
		}
	}
	stored, err := database.SigningKeys(t.Context())
	if err != nil || len(stored) != 40 {
		t.Fatalf("%d keys, %v", len(stored), err)
	}
	for _, key := range stored {
		if opened, err := master.Open(key); err != nil || !bytes.Equal(opened.PrivateKey, keys[index(key.ID)].PrivateKey) {
			t.Errorf("%s is another key now: %v", key.ID, err)
		}
	}
}

func index(id string) (i int) {
	_, _ = fmt.Sscanf(id, "key-%02d", &i)
	return i
}

func TestScrubThatIsKeptFromItsWorkStaysDue(t *testing.T) {
	t.Parallel()
	database, _ := initialized(t)
	key := randomKey("k")
	change(t, database, store.KeyChange{Put: []store.SigningKey{key}})
	sealed, err := testMasterKey(t).Seal(key)
	if err != nil {
		t.Fatal(err)
	}
	change(t, database, store.KeyChange{Put: []store.SigningKey{sealed}})

	other := open(t, database.path) // as another process, in the middle of a long read
	tx, err := reading(other).BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	var count int
	if err := tx.QueryRowContext(t.Context(), "SELECT count(*) FROM signing_keys").Scan(&count); err != nil {
		t.Fatal(err)
	}
	wantCode(t, database.scrub(t.Context(), 50*time.Millisecond), store.CodeUnavailable)
	if due, err := database.ScrubDue(t.Context()); err != nil || !due {
		t.Errorf("scrubbing is due: %v, %v", due, err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := database.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	if names := holds(t, database, key.PrivateKey[:32]); names != nil {
		t.Errorf("the plain key is in %v", names)
	}
}

func TestChangeOfSigningKeysIsWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	database, _ := initialized(t)
	refused := errors.New("refused")
	err := database.ChangeSigningKeys(t.Context(), func(keys []store.SigningKey) (store.KeyChange, error) {
		if len(keys) != 1 || keys[0].ID != "key" {
			t.Errorf("the keys are %v", keys)
		}
		return store.KeyChange{Remove: []string{"key"}}, refused
	})
	if !errors.Is(err, refused) {
		t.Errorf("the error is %v", err)
	}
	first, err := database.SigningKeys(t.Context())
	if err != nil || len(first) != 1 || first[0].SignAfter != first[0].CreatedAt {
		t.Fatalf("the keys are %v, %v", first, err)
	}
	next := randomKey("next")
	next.SignAfter, next.LongestTTL = next.CreatedAt.Add(time.Hour), 90*time.Minute
	change(t, database, store.KeyChange{Put: []store.SigningKey{next}})
	keys, err := database.SigningKeys(t.Context())
	if err != nil || len(keys) != 2 || keys[0].ID != "next" || keys[1].ID != "key" {
		t.Fatalf("the keys are %v, %v", keys, err)
	}
	if !keys[0].SignAfter.Equal(next.SignAfter.Truncate(time.Microsecond)) || keys[0].LongestTTL != next.LongestTTL || keys[0].Sealed() {
		t.Errorf("the new key came back as %+v", keys[0])
	}
	change(t, database, store.KeyChange{Put: []store.SigningKey{randomKey("third")}, Remove: []string{"key", "next"}})
	if keys, err := database.SigningKeys(t.Context()); err != nil || len(keys) != 1 || keys[0].ID != "third" {
		t.Errorf("the keys are %v, %v", keys, err)
	}
}

func TestKeyOfAnEarlierSchemaSignsOn(t *testing.T) {
	t.Parallel()
	keys, err := open(t, firstSchema(t, store.NewSecret())).SigningKeys(t.Context())
	if err != nil || len(keys) != 1 {
		t.Fatalf("the keys are %v, %v", keys, err)
	}
	// Nobody noted what its tokens' lifetime was.
	if keys[0].Sealed() || !keys[0].SignAfter.Equal(keys[0].CreatedAt) || keys[0].LongestTTL != 24*time.Hour {
		t.Errorf("the key is %+v", keys[0])
	}
}
