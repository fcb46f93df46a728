package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

// rowsOf tells which rows each list of a company has, in which order.
func rowsOf(t *testing.T, plain *sqlstore.Store, company store.ID) map[string]string {
	t.Helper()
	all := map[string]string{}
	for name, read := range lists(plain, company, company, store.PageRequest{Number: 1, Size: 1000}) {
		found, err := read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		switch page := found.(type) {
		case store.Page[store.ServiceAccount]:
			ids = idsOf(page.Items, func(a store.ServiceAccount) []store.ID { return []store.ID{a.ID} })
		case store.Page[store.AccountLevels]:
			ids = idsOf(page.Items, func(a store.AccountLevels) []store.ID { return []store.ID{a.ServiceAccountID} })
		case store.Page[store.Assignment]:
			ids = idsOf(page.Items, func(a store.Assignment) []store.ID { return []store.ID{a.ServiceAccountID, a.ProjectID} })
		case store.Page[store.Project]:
			ids = idsOf(page.Items, func(p store.Project) []store.ID { return []store.ID{p.ID} })
		case store.Page[store.DirectoryContact]:
			ids = idsOf(page.Items, func(c store.DirectoryContact) []store.ID { return []store.ID{c.ID} })
		case store.Page[store.AuditEvent]:
			ids = idsOf(page.Items, func(e store.AuditEvent) []store.ID { return []store.ID{e.ID} })
		}
		all[name] = strings.Join(ids, " ")
	}
	return all
}

func idsOf[T any](items []T, ids func(T) []store.ID) []string {
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = fmt.Sprint(ids(item))
	}
	return texts
}

// versionOf runs one of the dialect's statements for a version.
func versionOf(t *testing.T, database *Store, statement string, arguments ...any) int64 {
	t.Helper()
	var version sql.NullInt64
	err := database.read(t.Context(), func(tx sqlstore.Tx) error {
		return tx.QueryRowContext(t.Context(), statement, arguments...).Scan(&version)
	})
	if err != nil {
		t.Fatal(err)
	}
	return version.Int64
}

// What a store remembers of a list is true as long as its version is the same. So whatever changes which rows a list has, or
// their order, must write an audit event: this fails for a method that doesn't.
func TestEveryChangeOfAListMakesAnotherVersionOfIt(t *testing.T) {
	t.Parallel()
	database, acme := initialized(t)
	beta, err := database.CreateCompany(t.Context(), store.NewCompany{Name: "Beta", Admin: newAccount("Administrator", store.AdminLevels())})
	if err != nil {
		t.Fatal(err)
	}
	plain := forgetful(database, time.Now)
	companies := []store.ID{acme.CompanyID, beta.CompanyID}
	type state struct {
		rows     map[string]string
		own, all int64
	}
	look := func() (states []state) {
		for _, company := range companies {
			states = append(states, state{
				rowsOf(t, plain, company), versionOf(t, database, dialect.ListVersion, company), versionOf(t, database, dialect.ListVersionOfAll),
			})
		}
		return states
	}
	var changed []string
	before := look()
	for _, step := range steps(database.Store, acme, beta) {
		if err := step.call(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("%s: %v", step.method, err)
		}
		after := look()
		for i, company := range companies {
			for list, rows := range after[i].rows {
				if rows == before[i].rows[list] {
					continue
				}
				changed = append(changed, step.method+" "+list)
				same := before[i].own == after[i].own
				if list == "contacts" { // of all companies' version
					same = before[i].all == after[i].all
				}
				if same {
					t.Errorf("%s changed the %s of company %s and left their version as it was", step.method, list, company)
				}
			}
		}
		before = after
	}
	for _, want := range []string{"AddContact contacts", "RemoveContact contacts", "UpdateServiceAccount accounts by name", "ResetSecret assignments", "ChangeContactEmail accounts that work by "} {
		if !slices.Contains(changed, want) {
			t.Errorf("the steps have no %s", want)
		}
	}
}
