package sqlite

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

// indexSearch brings the whole search index up to date.
func indexSearch(t testing.TB, database *Store) {
	t.Helper()
	for more := true; more; {
		var err error
		if more, err = database.UpdateSearch(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// searched returns the names of the accounts that a search finds, in their order.
func searched(t *testing.T, s *sqlstore.Store, company store.ID, text string) []string {
	t.Helper()
	page, err := s.ListServiceAccounts(t.Context(), company, store.ServiceAccountQuery{Search: text, Page: store.PageRequest{Number: 1, Size: 1000}})
	if err != nil || page.Total != len(page.Items) {
		t.Fatalf("search %q: %v, a total of %d", text, err, page.Total)
	}
	names := make([]string, len(page.Items))
	for i, account := range page.Items {
		names[i] = account.Name
	}
	return names
}

var searchedNames = []string{
	"nightly exporter", "NIGHTLY importer", `say "three words"`, "Straße 7", "STRASSE 7", "Kelvin \u212a", "kelvin kk", "longſ s", "élan ÉLAN", "a AND b OR NOT c*",
	"^start:col {x}", "日本語テスト", "\U000F0000\U000F0000\U000F0001 private use", "emoji 🚧🚧🚧", "tab-free   spaces", "x", "xy", "1=1; --", strings.Repeat("long ", 50) + "end",
}

// Every part of every name, description and client id is found by the index as it is by looking at each account: before the
// index knows of it, after, and when it was changed since.
func TestSearchFindsEveryPartOfATextWithTheIndexAsWithout(t *testing.T) {
	t.Parallel()
	database, admin := initialized(t)
	other, err := database.CreateCompany(t.Context(), store.NewCompany{Name: "Other", Admin: newAccount("Administrator", store.AdminLevels())})
	if err != nil {
		t.Fatal(err)
	}
	company := admin.CompanyID
	plain := forgetful(database, time.Now)
	var made []store.ServiceAccount
	for i, name := range searchedNames {
		account := newAccount(name, nil)
		account.Description = "made as no " + searchedNames[len(searchedNames)-1-i]
		created, err := database.CreateServiceAccount(t.Context(), company, account, nil)
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, created)
		create(t, database, other.CompanyID, name, nil) // never found
	}
	compare := func(when string) {
		t.Helper()
		texts := []string{"xyz", "no such text", "\xff\xff\xff", "made as no", made[0].ClientID, made[1].ClientID[10:30], strings.ToUpper(made[2].ClientID[:8]), `"""`, "***"}
		for _, name := range searchedNames {
			characters := []rune(name)
			for length := 1; length <= min(len(characters), 6); length++ {
				for at := 0; at+length <= min(len(characters), 30); at += 1 + length/2 {
					texts = append(texts, string(characters[at:at+length]))
				}
			}
			texts = append(texts, name, strings.ToUpper(name))
		}
		for _, text := range texts {
			if got, want := searched(t, database.Store, company, text), searched(t, plain, company, text); !slices.Equal(got, want) {
				t.Errorf("%s, %q: found %q, want %q", when, text, got, want)
			}
		}
	}
	compare("before the index knows of anything")
	indexSearch(t, database)
	compare("by the index")
	renamed, description := "renamed exporter", "described anew"
	for i, account := range made {
		change := store.ServiceAccountChange{Description: &description}
		if i == 0 {
			change = store.ServiceAccountChange{Name: &renamed}
		}
		switch i % 3 {
		case 0:
			_, err = database.UpdateServiceAccount(t.Context(), company, account.ID, change, nil)
		case 1:
			err = database.DeleteServiceAccount(t.Context(), company, account.ID, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := searched(t, database.Store, company, "described anew"); len(got) != (len(made)-1)/3 {
		t.Errorf("found %q by the new description", got)
	}
	compare("after changes that the index doesn't know of")
	indexSearch(t, database)
	compare("after changes that the index knows of")
	if got := searched(t, database.Store, company, "renamed"); !slices.Equal(got, []string{renamed}) {
		t.Errorf("found %q by the new name", got)
	}
	if err := database.CheckIntegrity(t.Context()); err != nil {
		t.Error(err)
	}
}

// A search asks the index: it doesn't look at each of the company's accounts, nor at another company's matches.
func TestSearchLooksAtCandidatesOnly(t *testing.T) {
	t.Parallel()
	database, admin := initialized(t)
	other, err := database.CreateCompany(t.Context(), store.NewCompany{Name: "Other", Admin: newAccount("Administrator", store.AdminLevels())})
	if err != nil {
		t.Fatal(err)
	}
	crowd(t, database, admin.CompanyID, 1500)
	create(t, database, other.CompanyID, "crowd 7", nil)
	indexSearch(t, database)
	for _, test := range []struct {
		company store.ID
		text    string
		at      int // how many candidates there are at most
	}{{admin.CompanyID, "CROWD 99", 60}, {other.CompanyID, "CROWD", 1}, {other.CompanyID, "CROWD 99", 0}, {admin.CompanyID, "NO SUCH", 0}} {
		err := database.read(t.Context(), func(tx sqlstore.Tx) error {
			ids, known, err := search{}.Candidates(t.Context(), tx, test.company, test.text, 1000)
			if !known || len(ids) > test.at {
				t.Errorf("%s in company %s: %d candidates, want at most %d", test.text, test.company, len(ids), test.at)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// FTS5 tells of this by an error, and not by what its check finds.
func TestSearchIndexThatMakesNoSenseIsDamage(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "procore.db")
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	pool, err := openPool(path, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	_, err = pool.ExecContext(t.Context(), "DELETE FROM account_search_config")
	if err := errors.Join(err, pool.Close()); err != nil {
		t.Fatal(err)
	}
	database := open(t, path)
	wantCode(t, database.CheckIntegrity(t.Context()), store.CodeNotADatabase)
	wantCode(t, database.Damage(), store.CodeNotADatabase)
}

// A connection keeps what it knows of the index's parts until it searches again. The check must not take what has moved
// since for damage.
func TestIndexThatChangedSinceAConnectionSearchedIsNoDamage(t *testing.T) {
	t.Parallel()
	database, admin := initialized(t)
	for round := range 6 {
		for i := range 60 {
			create(t, database, admin.CompanyID, strings.Repeat("exporter ", 20)+string(rune('a'+round))+strings.Repeat("x", i), nil)
			if i%10 == 9 {
				indexSearch(t, database)
			}
		}
		if err := database.CheckIntegrity(t.Context()); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		searched(t, database.Store, admin.CompanyID, "exporter")
	}
}
