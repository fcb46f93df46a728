package sqlite

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

// forgetful returns a store on the same database that remembers nothing of any list, and has no search index: it counts, and
// walks to each page.
func forgetful(database *Store, now func() time.Time) *sqlstore.Store {
	plain := dialect
	plain.ListVersion, plain.ListVersionOfAll, plain.Search = "", "", nil
	return sqlstore.New(engine{database}, sqlstore.Options{Name: "the same", Now: now, Dialect: plain})
}

// crowd adds accounts to a company, as rows and without events. Their names don't come in the order of their ids.
func crowd(t testing.TB, database *Store, company store.ID, accounts int) {
	t.Helper()
	for _, statement := range []string{
		`WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
			INSERT INTO service_accounts (company_id, name, name_key, search_key, app_type, marketplace_app, description, client_id,
			deletion_protection, add_to_new_projects, secret_version, secret_digest, secret_created_at, token_epoch, created_at, updated_at)
			SELECT ?1, 'crowd ' || k, 'CROWD ' || k, 'CROWD ' || k || char(0) || char(0) || client_id,
			'custom', '', '', lower(client_id), 0, 0, 1, randomblob(32), 1, 1, i / 3, i / 3 FROM (SELECT i, i * 7919 % 100003 AS k, hex(randomblob(32)) AS client_id FROM n)`,
		`INSERT INTO contacts (company_id, service_account_id, name, email_address, assigned_email_address, active, created_at, updated_at)
			SELECT company_id, id, 'contact', id || '@x.invalid', id || '@x.invalid', 1, 1, 1 FROM service_accounts
			WHERE company_id = ?1 AND id NOT IN (SELECT service_account_id FROM contacts) AND ?2`,
	} {
		err := database.write(t.Context(), func(tx sqlstore.Tx) error {
			_, err := tx.ExecContext(t.Context(), statement, company, accounts)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// lists are all lists of a company, in all of their orders. An id stands for some account of it.
func lists(s *sqlstore.Store, company, id store.ID, page store.PageRequest) map[string]func(ctx context.Context) (any, error) {
	all := map[string]func(ctx context.Context) (any, error){
		"permissions": func(ctx context.Context) (any, error) {
			return s.ListCompanyPermissions(ctx, company, store.AccessQuery{Page: page})
		},
		"assignments": func(ctx context.Context) (any, error) {
			return s.ListCompanyAssignments(ctx, company, store.AccessQuery{Page: page})
		},
		"contacts": func(ctx context.Context) (any, error) { return s.ListContacts(ctx, company, page) },
		"events": func(ctx context.Context) (any, error) {
			return s.ListAuditEvents(ctx, company, store.AuditQuery{Page: page})
		},
		"events of an account": func(ctx context.Context) (any, error) {
			return s.ListAuditEvents(ctx, company, store.AuditQuery{ServiceAccountID: id, Page: page})
		},
		"assignments of an account": func(ctx context.Context) (any, error) {
			found, err := s.ListAssignments(ctx, company, id, page)
			if errors.Is(err, &store.Error{Code: store.CodeNotFound}) {
				return "gone", nil
			}
			return found, err
		},
	}
	for _, sort := range []store.Sort{store.SortByID, store.SortByName, store.SortByNameDesc, store.SortByCreatedAt, store.SortByCreatedAtDesc} {
		all["projects by "+string(sort)] = func(ctx context.Context) (any, error) {
			return s.ListProjects(ctx, company, store.ProjectQuery{Sort: sort, Page: page})
		}
		for name, query := range map[string]store.ServiceAccountQuery{
			"accounts": {}, "custom accounts": {AppType: store.AppTypeCustom}, "accounts that few are like": {Search: "owd 99"}, "accounts that many are like": {Search: "crowd"},
			"accounts that work": {Status: store.StatusActive},
		} {
			query.Sort, query.Page = sort, page
			all[name+" by "+string(sort)] = func(ctx context.Context) (any, error) { return s.ListServiceAccounts(ctx, company, query) }
		}
	}
	return all
}

// Whatever was remembered of a list, and whoever changed what since: a page is the page.
func TestPagesAreRightWhateverChangedBetweenThem(t *testing.T) {
	t.Parallel()
	clock := time.Unix(1_800_000_000, 0)
	now := func() time.Time { return clock }
	database, admin := initializedAt(t, now)
	company, ctx := admin.CompanyID, t.Context()
	other, err := database.CreateCompany(ctx, store.NewCompany{Name: "Other", Admin: newAccount("Administrator", store.AdminLevels())})
	if err != nil {
		t.Fatal(err)
	}
	crowd(t, database, company, 2500)
	plain := forgetful(database, now)
	seed := rand.Uint64() //#nosec G404 -- a test's choices
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0)) //#nosec G404 -- a test's choices
	last := store.ID(2502)
	anyAccount := func() store.ID { return 3 + store.ID(random.Int64N(int64(last)-2)) }
	for round := range 60 {
		clock = clock.Add(time.Duration(random.IntN(3)-1) * time.Second) // the clock may be put back
		name, project := "Crowd "+strconv.Itoa(random.IntN(100000)), store.ID(1+random.IntN(5))
		switch random.IntN(9) {
		case 0, 1:
			if made, err := database.CreateServiceAccount(ctx, company, newAccount(name, store.Levels{"documents": "readonly"}), nil); err == nil {
				last = made.ID
			}
		case 2:
			_ = database.DeleteServiceAccount(ctx, company, anyAccount(), nil)
		case 3:
			secret := name + " " + store.NewSecret().Reveal() // masked in the event
			_, _ = database.UpdateServiceAccount(ctx, company, anyAccount(), store.ServiceAccountChange{Name: &[]string{name, secret}[random.IntN(2)]}, nil)
		case 4:
			_, _ = database.CreateProject(ctx, company, store.NewProject{Name: name}, nil)
			_, _ = database.UpdateProject(ctx, company, project, store.ProjectChange{Name: &name}, nil)
		case 5:
			_ = database.DeleteProject(ctx, company, project, nil)
		case 6:
			_, _, _ = database.PutAssignment(ctx, company, anyAccount(), project, store.Levels{"rfis": "admin"}, nil)
		case 7:
			made, _ := database.CreateServiceAccount(ctx, other.CompanyID, newAccount(name, nil), nil)
			_, _ = database.AddContact(ctx, company, made.Contact.ID, nil)
			_, _ = database.AddContact(ctx, other.CompanyID, anyAccount(), nil)
		case 8:
			_, _, _ = database.ResetSecret(ctx, company, anyAccount(), store.SecretReset{SecretDigest: store.NewSecret().Digest()}, nil, nil)
		}
		if random.IntN(3) == 0 {
			_, _ = database.UpdateSearch(ctx)
		}
		size := []int{1, 7, 60, 100, 1000}[random.IntN(5)]
		page, id := store.PageRequest{Number: 1 + random.IntN(1+3*int(last)/size), Size: size}, anyAccount()
		if random.IntN(4) == 0 {
			page.Number = 1 + random.IntN(2)
		}
		want := lists(plain, company, id, page)
		for name, read := range lists(database.Store, company, id, page) {
			if random.IntN(4) > 0 { // what isn't read now has more to catch up on
				continue
			}
			got, err := read(ctx)
			wanted, wantErr := want[name](ctx)
			if err != nil || wantErr != nil || !reflect.DeepEqual(got, wanted) {
				t.Fatalf("round %d, seed %d, %s, page %+v: %v, %v\ngot  %s\nwant %s", round, seed, name, page, err, wantErr, briefly(got), briefly(wanted))
			}
		}
	}
}

func briefly(value any) string {
	text := fmt.Sprint(value)
	return text[:min(len(text), 400)]
}
