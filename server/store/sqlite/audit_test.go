package sqlite

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

// scene is a database in which every kind of change can be made.
type scene struct {
	*Store
	t       *testing.T
	ctx     context.Context
	company store.ID
	other   store.ID // a second company
	account store.ServiceAccount
	flagged store.ServiceAccount // is added to new projects
	foreign store.ServiceAccount // of the second company
	guest   store.ServiceAccount // of the second company, in the first one's directory
	project store.ID             // which the account is assigned to
	empty   store.ID             // which nobody is assigned to
	secrets []store.Secret       // all that were ever given out
}

func newScene(t *testing.T) *scene {
	t.Helper()
	return newSceneAt(t, nil)
}

// newSceneAt is newScene with a clock.
func newSceneAt(t *testing.T, now func() time.Time) *scene {
	t.Helper()
	database, admin := initializedAt(t, now)
	s := &scene{Store: database, t: t, ctx: t.Context(), company: admin.CompanyID}
	other, err := database.CreateCompany(s.ctx, store.NewCompany{Name: "Beta", Admin: newAccount("Administrator", store.AdminLevels())})
	s.must(err)
	s.other = other.CompanyID
	s.account = s.make(s.company, store.NewServiceAccount{Name: "subject", Levels: store.Levels{"documents": "readonly"}})
	s.flagged = s.make(s.company, store.NewServiceAccount{Name: "flagged", AddToNewProjects: true})
	s.foreign, s.guest = s.make(s.other, store.NewServiceAccount{Name: "foreign"}), s.make(s.other, store.NewServiceAccount{Name: "guest"})
	_, err = database.AddContact(s.ctx, s.company, s.guest.Contact.ID, nil)
	s.must(err)
	for _, id := range []*store.ID{&s.project, &s.empty} {
		project, err := database.CreateProject(s.ctx, s.company, store.NewProject{Name: "Tower", Active: true}, nil)
		s.must(err)
		*id = project.ID
	}
	s.must(s.DeleteAssignment(s.ctx, s.company, s.flagged.ID, s.empty, nil))
	_, _, err = database.PutAssignment(s.ctx, s.company, s.account.ID, s.project, store.Levels{"rfis": "admin"}, nil)
	s.must(err)
	return s
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *scene) newSecret() store.SecretDigest {
	secret := store.NewSecret()
	s.secrets = append(s.secrets, secret)
	return secret.Digest()
}

func (s *scene) make(company store.ID, account store.NewServiceAccount) store.ServiceAccount {
	s.t.Helper()
	account.ClientID, account.SecretDigest = store.NewClientID(), s.newSecret()
	made, err := s.CreateServiceAccount(s.ctx, company, account, nil)
	s.must(err)
	return made
}

// dump is every row of every table.
func (s *scene) dump() string {
	s.t.Helper()
	var text strings.Builder
	for _, table := range append([]string{"audit_events", "sqlite_sequence"}, tables...) {
		text.WriteString(table + "\n" + s.rows("SELECT * FROM "+table+" ORDER BY 1, 2"))
	}
	return text.String()
}

func (s *scene) rows(query string) string {
	s.t.Helper()
	rows, err := s.writer.connection.conn.QueryContext(s.ctx, query)
	s.must(err)
	columns, err := rows.Columns()
	s.must(err)
	lines, err := sqlstore.Collect(rows, func(rows *sql.Rows) (string, error) {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		err := rows.Scan(into...)
		line := ""
		for i, value := range values {
			line += fmt.Sprintf("%s=%v ", columns[i], value)
		}
		return line, err
	})
	s.must(err)
	return strings.Join(lines, "\n") + "\n"
}

// storeChanges are all changes of this store that leave audit events.
func (s *scene) storeChanges() map[string]func() error {
	edited, ctx, company, id := "edited", s.ctx, s.company, s.account.ID
	return map[string]func() error{
		"a company": func() error {
			_, err := s.CreateCompany(ctx, store.NewCompany{Name: "Gamma", Admin: newAccount("Administrator", store.AdminLevels())})
			return err
		},
		"an administrator": func() error {
			_, err := s.CreateAdministrator(ctx, company, newAccount("recovered", store.AdminLevels()))
			return err
		},
		"create": func() error {
			_, err := s.CreateServiceAccount(ctx, company, newAccount("new", nil), nil)
			return err
		},
		"edit": func() error {
			_, err := s.UpdateServiceAccount(ctx, company, id, store.ServiceAccountChange{Name: &edited}, nil)
			return err
		},
		"delete": func() error { return s.DeleteServiceAccount(ctx, company, id, nil) },
		"reset": func() error {
			_, _, err := s.ResetSecret(ctx, company, id, store.SecretReset{SecretDigest: s.newSecret()}, nil, nil)
			return err
		},
		"reset that keeps access": func() error {
			_, _, err := s.ResetSecret(ctx, company, id, store.SecretReset{SecretDigest: s.newSecret(), KeepAccess: true, PreviousSecretTTL: time.Hour}, nil, nil)
			return err
		},
		"revoke": func() error { return s.RevokeTokens(ctx, company, id, nil, nil) },
		"grant": func() error {
			_, err := s.ReplaceCompanyPermissions(ctx, company, id, store.Levels{"reports": "admin"}, nil)
			return err
		},
		"assign": func() error {
			_, _, err := s.PutAssignment(ctx, company, id, s.empty, store.Levels{"rfis": "admin"}, nil)
			return err
		},
		"replace an assignment": func() error {
			_, _, err := s.PutAssignment(ctx, company, id, s.project, store.Levels{"drawings": "admin"}, nil)
			return err
		},
		"delete an assignment": func() error { return s.DeleteAssignment(ctx, company, id, s.project, nil) },
		"a project that gets accounts": func() error {
			_, err := s.CreateProject(ctx, company, store.NewProject{Name: "Bridge"}, nil)
			return err
		},
		"edit a project": func() error {
			_, err := s.UpdateProject(ctx, company, s.project, store.ProjectChange{Name: &edited}, nil)
			return err
		},
		"delete a project with accounts": func() error { return s.DeleteProject(ctx, company, s.project, nil) },
		"change an address": func() error {
			_, err := s.ChangeContactEmail(ctx, company, s.account.Contact.ID, "new@example.com", nil)
			return err
		},
		"add a contact": func() error {
			_, err := s.AddContact(ctx, company, s.foreign.Contact.ID, nil)
			return err
		},
		"remove a contact": func() error { return s.RemoveContact(ctx, company, s.guest.Contact.ID, nil) },
	}
}

// tables are all that changes write to, besides the audit events.
var tables = []string{
	"companies", "contacts", "service_accounts", "company_permissions", "projects", "project_assignments",
	"project_permissions", "directory_entries", "kept_answers",
}

// forbid lets SQLite refuse every operation on these tables under a condition, as a full disk might in the middle of a
// change.
func (s *scene) forbid(condition string, tables ...string) {
	s.t.Helper()
	for _, table := range tables {
		for _, operation := range []string{"INSERT", "UPDATE", "DELETE"} {
			_, err := s.writer.connection.conn.ExecContext(s.ctx, fmt.Sprintf(
				"CREATE TRIGGER forbidden_%[1]s_%[2]s BEFORE %[1]s ON %[2]s WHEN %[3]s BEGIN SELECT RAISE(ABORT, 'forbidden'); END",
				operation, table, condition))
			s.must(err)
		}
	}
}

func TestChangeWithoutItsEventIsNoChange(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.forbid("TRUE", "audit_events")
	before := s.dump()
	for name, change := range s.storeChanges() {
		if err := change(); err == nil {
			t.Errorf("%s: it leaves no event", name)
		}
		if after := s.dump(); after != before {
			t.Fatalf("%s: it left half a change:\n%s\nbefore it was\n%s", name, after, before)
		}
	}
}

func TestEventOfAChangeThatFailsIsNotKept(t *testing.T) {
	t.Parallel()
	for name := range newScene(t).storeChanges() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := newScene(t) // fails with its first write
			first.forbid("TRUE", tables...)
			before := first.dump()
			if err := first.storeChanges()[name](); err == nil || first.dump() != before {
				t.Errorf("it left half a change (%v)", err)
			}
			last := newScene(t) // fails with what it writes after its event, if anything
			last.forbid("(SELECT count(*) FROM audit_events) > "+last.rows("SELECT count(*) AS '' FROM audit_events")[1:], tables...)
			before = last.dump()
			if err := last.storeChanges()[name](); err != nil && last.dump() != before {
				t.Errorf("it left its event (%v)", err)
			}
		})
	}
}

// eventColumns are what an event is made of.
const eventColumns = `id, company_id, service_account_id, action, actor_service_account_id, actor_client_id, request_id, facts_before,
	facts_after, created_at`

func TestEventsAreKeptForEverAndAsTheyAre(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for name, change := range s.storeChanges() {
		if name == "delete" {
			continue
		}
		_ = change() // some undo each other
	}
	before := s.rows("SELECT * FROM audit_events ORDER BY id")
	for _, statement := range []string{
		"UPDATE audit_events SET actor_client_id = ''", "UPDATE audit_events SET project_id = 1", "UPDATE audit_events SET created_at = 0 WHERE id = 1",
		"DELETE FROM audit_events", "DELETE FROM audit_events WHERE id = 1", "UPDATE OR IGNORE audit_events SET action = 'x'",
		"REPLACE INTO audit_events SELECT id, company_id, service_account_id, 'forged', 0, '', '', NULL, NULL, 0 FROM audit_events WHERE id = 1",
		"INSERT OR REPLACE INTO audit_events SELECT " + eventColumns + " FROM audit_events",
		"INSERT INTO audit_events SELECT " + eventColumns + " FROM audit_events WHERE true ON CONFLICT (id) DO UPDATE SET action = 'forged'",
	} {
		if _, err := s.writer.connection.conn.ExecContext(s.ctx, statement); err == nil {
			t.Errorf("%s: no error", statement)
		}
		if after := s.rows("SELECT * FROM audit_events ORDER BY id"); after != before {
			t.Fatalf("%s changed the events", statement)
		}
	}
	s.must(s.DeleteServiceAccount(s.ctx, s.company, s.account.ID, nil))
	after := s.rows("SELECT * FROM audit_events ORDER BY id")
	if !strings.HasPrefix(after, before) {
		t.Error("deleting the account changed its events")
	}
	page, err := s.ListAuditEvents(s.ctx, s.company, store.AuditQuery{ServiceAccountID: s.account.ID, Page: store.PageRequest{Number: 1, Size: 100}})
	if err != nil || page.Total < 5 || page.Items[0].Action != store.ActionAccountDeleted {
		t.Errorf("the deleted account has %d events, %v", page.Total, err)
	}
}

func TestNoEventHoldsASecretOrADigest(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for _, name := range []string{"reset", "reset that keeps access", "edit", "revoke", "create", "delete"} {
		s.must(s.storeChanges()[name]())
	}
	text := s.rows("SELECT * FROM audit_events")
	for _, secret := range s.secrets {
		digest := secret.Digest()
		for what, hidden := range map[string]string{
			"a secret": secret.Reveal(), "the heart of a secret": secret.Reveal()[4:47], "a digest": hex.EncodeToString(digest[:]),
			"a digest in base64": base64.StdEncoding.EncodeToString(digest[:]), "a raw digest": string(digest[:]), "a list of bytes": fmt.Sprint(digest),
		} {
			if strings.Contains(text, hidden) || strings.Contains(strings.ToLower(text), strings.ToLower(hidden)) {
				t.Errorf("the events hold %s", what)
			}
		}
	}
	if strings.Contains(text, "digest") || !strings.Contains(text, s.secrets[0].Digest().Fingerprint()) {
		t.Error("the events name no secret by its fingerprint")
	}
}

func TestActorAndRequestComeFromTheContext(t *testing.T) {
	t.Parallel()
	database, admin := initialized(t)
	ctx := store.WithActor(t.Context(), store.Actor{ServiceAccountID: admin.ID, ClientID: admin.ClientID, RequestID: "request"})
	account, err := database.CreateServiceAccount(ctx, admin.CompanyID, newAccount("ci", nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	page, err := database.ListAuditEvents(ctx, admin.CompanyID, store.AuditQuery{Page: store.PageRequest{Number: 1, Size: 10}})
	if err != nil || page.Total != 2 {
		t.Fatalf("%d events, %v", page.Total, err)
	}
	if got := page.Items[0]; got.ServiceAccountID != account.ID || got.Actor != store.ActorFrom(ctx) {
		t.Errorf("the event of the request is %+v", got)
	}
	if got := page.Items[1]; got.ServiceAccountID != admin.ID || got.Actor != (store.Actor{}) {
		t.Errorf("the event of init is %+v", got)
	}
}

func TestBackupHoldsTheEventsAndGuardsThemToo(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	to := filepath.Join(t.TempDir(), "copy.db")
	s.must(Backup(s.ctx, s.path, to))
	restored := &scene{Store: open(t, to), t: t, ctx: t.Context()}
	if restored.dump() != s.dump() {
		t.Error("the copy differs")
	}
	if _, err := restored.writer.connection.conn.ExecContext(s.ctx, "DELETE FROM audit_events"); err == nil {
		t.Error("the copy's events can be deleted")
	}
}
