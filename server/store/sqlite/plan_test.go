package sqlite

import (
	"context"
	"database/sql"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

// recorder is an engine that writes down every statement that is sent through it.
type recorder struct {
	engine
	mu         sync.Mutex
	statements map[string]int // and how many arguments each has
}

func (r *recorder) Write(ctx context.Context, f func(tx sqlstore.Tx) error) error {
	return r.engine.Write(ctx, func(tx sqlstore.Tx) error { return f(recorded{tx, r}) })
}

func (r *recorder) Read(ctx context.Context, f func(tx sqlstore.Tx) error) error {
	return r.engine.Read(ctx, func(tx sqlstore.Tx) error { return f(recorded{tx, r}) })
}

func (r *recorder) LookUp(ctx context.Context, f func(tx sqlstore.Tx) error) error {
	return r.engine.LookUp(ctx, func(tx sqlstore.Tx) error { return f(recorded{tx, r}) })
}

type recorded struct {
	sqlstore.Tx
	to *recorder
}

func (r recorded) note(query string, arguments []any) {
	r.to.mu.Lock()
	defer r.to.mu.Unlock()
	r.to.statements[query] = len(arguments)
}

func (r recorded) ExecContext(ctx context.Context, query string, arguments ...any) (sql.Result, error) {
	r.note(query, arguments)
	return r.Tx.ExecContext(ctx, query, arguments...)
}

func (r recorded) QueryContext(ctx context.Context, query string, arguments ...any) (*sql.Rows, error) {
	r.note(query, arguments)
	return r.Tx.QueryContext(ctx, query, arguments...)
}

func (r recorded) QueryRowContext(ctx context.Context, query string, arguments ...any) *sql.Row {
	r.note(query, arguments)
	return r.Tx.QueryRowContext(ctx, query, arguments...)
}

// steps calls every method of the store, each in a way that comes to its last statement. Between them they pass every
// branch that sends a statement.
func steps(s *sqlstore.Store, acme, beta store.ServiceAccount) []struct {
	method string
	call   func(ctx context.Context) error
} {
	company, other := acme.CompanyID, beta.CompanyID
	yes, name, elsewhere := true, "Zulu", "elsewhere@example.com"
	var guest, made store.ServiceAccount
	var project store.Project
	drop := func(_ any, err error) error { return err }
	once := func(id string) *store.Once[store.ServiceAccount] {
		return &store.Once[store.ServiceAccount]{ID: []byte(id), Fingerprint: []byte("f"), Seal: func(store.ServiceAccount) ([]byte, error) { return []byte("s"), nil }}
	}
	page, third := store.PageRequest{Number: 1, Size: 2}, store.PageRequest{Number: 3, Size: 60}
	return []struct {
		method string
		call   func(ctx context.Context) error
	}{
		{"Company", func(ctx context.Context) error { return drop(s.Company(ctx, company)) }},
		{"Companies", func(ctx context.Context) error { return drop(s.Companies(ctx)) }},
		{"CreateServiceAccount", func(ctx context.Context) (err error) {
			made, err = s.CreateServiceAccount(ctx, company, store.NewServiceAccount{Name: "made", ClientID: store.NewClientID(), AddToNewProjects: true}, once("1"))
			return err
		}},
		{"CreateServiceAccount", func(ctx context.Context) (err error) {
			guest, err = s.CreateServiceAccount(ctx, other, newAccount("guest", nil), nil)
			return err
		}},
		{"CreateAdministrator", func(ctx context.Context) error {
			return drop(s.CreateAdministrator(ctx, company, newAccount("second", store.AdminLevels())))
		}},
		{"ServiceAccount", func(ctx context.Context) error { return drop(s.ServiceAccount(ctx, company, made.ID)) }},
		{"ServiceAccountByClientID", func(ctx context.Context) error { return drop(s.ServiceAccountByClientID(ctx, made.ClientID)) }},
		{"Principal", func(ctx context.Context) error { return drop(s.Principal(ctx, acme.ID, "token")) }},
		{"WorkingAdministrator", func(ctx context.Context) error { return drop(s.WorkingAdministrator(ctx, company)) }},
		{"UpdateServiceAccount", func(ctx context.Context) error {
			return drop(s.UpdateServiceAccount(ctx, company, made.ID, store.ServiceAccountChange{Name: &name, AddToNewProjects: &yes}, nil))
		}},
		{"CreateProject", func(ctx context.Context) (err error) {
			project, err = s.CreateProject(ctx, company, store.NewProject{Name: "Tower"}, nil)
			return err
		}},
		{"Project", func(ctx context.Context) error { return drop(s.Project(ctx, company, project.ID)) }},
		{"UpdateProject", func(ctx context.Context) error {
			return drop(s.UpdateProject(ctx, company, project.ID, store.ProjectChange{Name: &name}, nil))
		}},
		{"DeleteAssignment", func(ctx context.Context) error { return s.DeleteAssignment(ctx, company, made.ID, project.ID, nil) }},
		{"PutAssignment", func(ctx context.Context) error {
			_, _, err := s.PutAssignment(ctx, company, made.ID, project.ID, store.Levels{"rfis": "admin"}, nil)
			return err
		}},
		{"PutAssignment", func(ctx context.Context) error {
			_, _, err := s.PutAssignment(ctx, company, made.ID, project.ID, store.Levels{"rfis": "readonly"}, nil)
			return err
		}},
		{"Assignment", func(ctx context.Context) error { return drop(s.Assignment(ctx, company, made.ID, project.ID)) }},
		{"ReplaceCompanyPermissions", func(ctx context.Context) error {
			return drop(s.ReplaceCompanyPermissions(ctx, company, made.ID, store.Levels{"documents": "readonly"}, nil))
		}},
		{"CompanyPermissions", func(ctx context.Context) error { return drop(s.CompanyPermissions(ctx, company, made.ID)) }},
		{"AddContact", func(ctx context.Context) error { return drop(s.AddContact(ctx, company, guest.Contact.ID, nil)) }},
		{"Contact", func(ctx context.Context) error { return drop(s.Contact(ctx, company, guest.Contact.ID)) }},
		{"ChangeContactEmail", func(ctx context.Context) error {
			return drop(s.ChangeContactEmail(ctx, company, made.Contact.ID, elsewhere, nil))
		}},
		{"ListAssignments", func(ctx context.Context) error {
			return drop(s.ListAssignments(ctx, company, made.ID, store.PageRequest{Number: 1, Size: 1}))
		}},
		{"ListCompanyAssignments", func(ctx context.Context) error {
			return drop(s.ListCompanyAssignments(ctx, company, store.AccessQuery{Page: store.PageRequest{Number: 1, Size: 1}}))
		}},
		{"ListCompanyAssignments", func(ctx context.Context) error {
			return drop(s.ListCompanyAssignments(ctx, company, store.AccessQuery{ServiceAccountIDs: []store.ID{1, 2}, Page: page}))
		}},
		{"ListCompanyPermissions", func(ctx context.Context) error {
			return drop(s.ListCompanyPermissions(ctx, company, store.AccessQuery{Page: third}))
		}},
		{"ListCompanyPermissions", func(ctx context.Context) error {
			return drop(s.ListCompanyPermissions(ctx, company, store.AccessQuery{ServiceAccountIDs: []store.ID{1, 2}, Page: page}))
		}},
		{"ListContacts", func(ctx context.Context) error { return drop(s.ListContacts(ctx, company, page)) }},
		{"ListContacts", func(ctx context.Context) error { return drop(s.ListContacts(ctx, company, third)) }},
		{"ListProjects", func(ctx context.Context) error { return everyProjectList(ctx, s, company, page) }},
		{"ListServiceAccounts", func(ctx context.Context) error { return everyAccountList(ctx, s, company, page) }},
		{"ListServiceAccounts", func(ctx context.Context) error { return everyAccountList(ctx, s, company, third) }},
		{"ListAuditEvents", func(ctx context.Context) error { return everyEventList(ctx, s, company, project.ID, page) }},
		{"Shared", func(context.Context) error { return drop(s.Shared(), nil) }},
		{"TakeRequests", func(ctx context.Context) error {
			_, _, err := s.TakeRequests(ctx, store.RatePart{Account: acme.ID, API: "rest", Limit: 10, Wanted: 1, Ends: time.Now()})
			return err
		}},
		{"ForgetRateWindows", func(ctx context.Context) error { return drop(s.ForgetRateWindows(ctx)) }},
		{"UpdateSearch", func(ctx context.Context) error { return drop(s.UpdateSearch(ctx)) }},
		{"RemoveContact", func(ctx context.Context) error { return s.RemoveContact(ctx, company, guest.Contact.ID, nil) }},
		{"RevokeTokens", func(ctx context.Context) error { return s.RevokeTokens(ctx, company, made.ID, nil, nil) }},
		{"RevokeToken", func(ctx context.Context) error { return s.RevokeToken(ctx, "token", time.Now()) }},
		{"RecordTokens", func(ctx context.Context) error {
			return s.RecordTokens(ctx, map[store.ID]time.Time{made.ID: time.Now()})
		}},
		{"ResetSecret", func(ctx context.Context) error {
			_, _, err := s.ResetSecret(ctx, company, made.ID, store.SecretReset{SecretDigest: store.NewSecret().Digest(), PreviousSecretTTL: time.Microsecond}, nil, nil)
			return err
		}},
		{"EndPreviousSecrets", func(ctx context.Context) error { return drop(s.EndPreviousSecrets(ctx)) }},
		{"KeptAnswer", func(ctx context.Context) error {
			_, _, err := s.KeptAnswer(ctx, []byte("1"))
			return err
		}},
		{"ForgetKeptAnswers", func(ctx context.Context) error { return drop(s.ForgetKeptAnswers(ctx)) }},
		{"DeleteProject", func(ctx context.Context) error { return s.DeleteProject(ctx, company, project.ID, nil) }},
		{"DeleteServiceAccount", func(ctx context.Context) error { return s.DeleteServiceAccount(ctx, company, made.ID, nil) }},
		{"SigningKeys", func(ctx context.Context) error { return drop(s.SigningKeys(ctx)) }},
		{"ScrubDue", func(ctx context.Context) error { return drop(s.ScrubDue(ctx)) }},
		{"ChangeSigningKeys", func(ctx context.Context) error {
			return s.ChangeSigningKeys(ctx, func([]store.SigningKey) (store.KeyChange, error) {
				return store.KeyChange{Put: []store.SigningKey{{ID: "next", Algorithm: "ES256", PrivateKey: []byte{1}}}, Remove: []string{"next"}}, nil
			})
		}},
		{"CreateCompany", func(ctx context.Context) error {
			return drop(s.CreateCompany(ctx, store.NewCompany{Name: "Gamma", Admin: newAccount("Administrator", store.AdminLevels())}))
		}},
		{"Initialize", func(ctx context.Context) error {
			if _, err := s.Initialize(ctx, store.NewCompany{Name: "Delta"}, store.SigningKey{}); err == nil {
				panic("a second first company")
			}
			return nil
		}},
	}
}

var everySort = []store.Sort{store.SortByID, store.SortByName, store.SortByNameDesc, store.SortByCreatedAt, store.SortByCreatedAtDesc}

func everyAccountList(ctx context.Context, s *sqlstore.Store, company store.ID, page store.PageRequest) error {
	for _, sort := range everySort {
		for _, query := range []store.ServiceAccountQuery{
			{},
			{Name: "made"},
			{ClientID: "x"},
			{AppType: store.AppTypeCustom},
			{Status: store.StatusActive},
			{Status: store.StatusNonfunctional},
			{Status: store.StatusExpired},
			{IDs: []store.ID{1, 2}},
			{Search: "crowd"},
			{Search: "cr"},
			{Search: "c", AppType: store.AppTypeCustom},
		} {
			query.Sort, query.Page = sort, page
			if _, err := s.ListServiceAccounts(ctx, company, query); err != nil {
				return err
			}
		}
	}
	return nil
}

func everyProjectList(ctx context.Context, s *sqlstore.Store, company store.ID, page store.PageRequest) error {
	yes := true
	for _, sort := range everySort {
		for _, query := range []store.ProjectQuery{{}, {Name: "tower"}, {Active: &yes}, {IDs: []store.ID{1, 2}}, {Search: "tower"}, {Search: "t"}} {
			query.Sort, query.Page = sort, page
			if _, err := s.ListProjects(ctx, company, query); err != nil {
				return err
			}
		}
	}
	return nil
}

func everyEventList(ctx context.Context, s *sqlstore.Store, company, project store.ID, page store.PageRequest) error {
	for _, query := range []store.AuditQuery{
		{},
		{ServiceAccountID: 1},
		{ProjectID: project},
		{Action: store.ActionAccountCreated},
		{From: time.Unix(1, 0), To: time.Now()},
		{ServiceAccountID: 1, Action: store.ActionAccountCreated},
	} {
		query.Page = page
		if _, err := s.ListAuditEvents(ctx, company, query); err != nil {
			return err
		}
	}
	return nil
}

// A plan walks where it looks at every row of a table or an index, or sorts a list of any length. What is allowed has its reason.
var (
	walks       = regexp.MustCompile(`(?:^SCAN )|USE TEMP B-TREE`)
	walksInPlan = map[string]string{
		"SCAN companies":    "the list of all companies, for 'init' and the like, and never for a request",
		"SCAN signing_keys": "there are a few",
		"SCAN a":            "the rows of one page, in completing statements: a is the page there",
		"SCAN m":            "the same",
		"SCAN k":            "the same, and the two indexes of a directory's contacts one after the other to count them",
		"SCAN CONSTANT ROW": "no table",

		"SCAN account_search VIRTUAL TABLE INDEX 0:M2": "MATCH, which is the index",
		"SCAN account_search VIRTUAL TABLE INDEX 0:=":  "one row",
		"SCAN account_search_state":                    "it has one row",
		"SCAN account_search_due":                      "to see whether it has a row",
		"SCAN d":                                       "the first rows of account_search_due",
	}
	sortsAfter = map[string]string{
		"SEARCH a USING INTEGER PRIMARY KEY (rowid=?)":               "the accounts whose ids the request names",
		"SEARCH p USING INDEX company_administrators (company_id=?)": "a company's administrators are few",
		"SEARCH projects USING INTEGER PRIMARY KEY (rowid=?)":        "the projects whose ids the request names",
		"SCAN signing_keys": "there are a few",
	}
)

// No statement may take longer because there are more accounts, but for those that count or look through what a request asks
// for: each goes by an index to the rows that it is about.
func TestEveryStatementUsesAnIndex(t *testing.T) {
	t.Parallel()
	for name, accounts := range map[string]int{"few accounts": 200, "many": 5000} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database, acme := initialized(t)
			beta, err := database.CreateCompany(t.Context(), store.NewCompany{Name: "Beta", Admin: newAccount("Administrator", store.AdminLevels())})
			if err != nil {
				t.Fatal(err)
			}
			crowd(t, database, acme.CompanyID, accounts)
			r := &recorder{engine: engine{database}, statements: map[string]int{}}
			recording := sqlstore.New(r, sqlstore.Options{Name: "recorded", Now: time.Now, Dialect: dialect})
			called := map[string]bool{}
			for _, step := range steps(recording, acme, beta) {
				called[step.method] = true
				if err := step.call(t.Context()); err != nil {
					t.Errorf("%s: %v", step.method, err)
				}
			}
			for i := range reflect.TypeFor[*sqlstore.Store]().NumMethod() {
				if method := reflect.TypeFor[*sqlstore.Store]().Method(i).Name; !called[method] {
					t.Errorf("%s is not among the steps: its statements are not looked at", method)
				}
			}
			for _, query := range slices.Sorted(maps.Keys(r.statements)) {
				if plan := planOf(t, database, query, r.statements[query]); isWalk(plan) {
					t.Errorf("%s\n%s", query, strings.Join(plan, "\n"))
				}
			}
		})
	}
}

func isWalk(plan []string) bool {
	return slices.ContainsFunc(plan, func(step string) bool {
		if strings.Contains(step, "USE TEMP B-TREE") {
			return !slices.ContainsFunc(plan, func(step string) bool { return sortsAfter[step] != "" })
		}
		return walks.MatchString(step) && walksInPlan[step] == ""
	})
}

func planOf(t *testing.T, database *Store, query string, arguments int) []string {
	t.Helper()
	if strings.HasPrefix(query, "PRAGMA") {
		return nil
	}
	var plan []string
	err := database.read(t.Context(), func(tx sqlstore.Tx) error {
		rows, err := tx.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, make([]any, arguments)...)
		if err != nil {
			return err
		}
		plan, err = sqlstore.Collect(rows, func(rows *sql.Rows) (step string, err error) {
			var id, parent, unused int
			err = rows.Scan(&id, &parent, &unused, &step)
			return step, err
		})
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return plan
}
