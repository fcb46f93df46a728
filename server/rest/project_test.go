package rest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/servertest"
)

func TestProjectIsMadeWithItsDefaults(t *testing.T) {
	t.Parallel()
	clock := newClock()
	admin := start(t, servertest.Now(clock.now))
	now := clock.now().UTC().Format(time.RFC3339)

	a := admin.post("projects", object{"name": "  Harbour Tower "}).want(201)
	got := data[project](a)
	equal(t, "company_id", got.CompanyID, admin.company)
	equal(t, "name", got.Name, "Harbour Tower")
	equal(t, "project_number", got.ProjectNumber, nil)
	equal(t, "active", got.Active, true)
	equal(t, "created_at", got.CreatedAt, now)
	equal(t, "updated_at", got.UpdatedAt, now)
	location := a.header.Get("Location")
	equal(t, "Location", location, "/rest/v2.0/companies/"+admin.company+"/projects/"+got.ID)
	stored := admin.get(location).want(200)
	equal(t, "what is stored", string(stored.body), string(a.body))
	if etag := a.header.Get("ETag"); etag == "" || etag != stored.header.Get("ETag") {
		t.Errorf("ETag %s at create, %s when read", etag, stored.header.Get("ETag"))
	}
}

func TestProjectTakesEveryField(t *testing.T) {
	t.Parallel()
	admin := start(t)
	for body, want := range map[string]string{
		`{"name":"a","project_number":" 2026-014 ","active":false}`: `"2026-014" false`,
		`{"name":"b","project_number":null,"active":true}`:          `null true`,
		`{"name":"c","project_number":""}`:                          `null true`,
		`{"name":"d","project_number":"  "}`:                        `null true`,
		`{"name":"Ünïcode 東京","project_number":"№ 7"}`:              `"№ 7" true`,
	} {
		made := data[project](admin.post("projects", body).want(201))
		stored := data[project](admin.get("projects/" + made.ID).want(200))
		for _, got := range []project{made, stored} {
			equal(t, body, asJSON(t, got.ProjectNumber)+" "+asJSON(t, got.Active), want)
		}
	}
	admin.post("projects", object{"name": "a"}).want(201) // Procore's projects may share a name
}

func TestProjectEditChangesWhatIsSentAlone(t *testing.T) {
	t.Parallel()
	clock := newClock()
	admin := start(t, servertest.Now(clock.now))
	made := data[project](admin.post("projects", object{"name": "Tower", "project_number": "7"}).want(201))
	path := "projects/" + made.ID

	for _, test := range []struct {
		body, want string
		changes    bool
	}{
		{`{}`, `"Tower" "7" true`, false},
		{`{"name":"Tower"}`, `"Tower" "7" true`, false},
		{`{"name":" Tower ","project_number":" 7","active":true}`, `"Tower" "7" true`, false},
		{`{"name":"Bridge"}`, `"Bridge" "7" true`, true},
		{`{"active":false}`, `"Bridge" "7" false`, true},
		{`{"project_number":"8"}`, `"Bridge" "8" false`, true},
		{`{"project_number":null}`, `"Bridge" null false`, true},
		{`{"project_number":""}`, `"Bridge" null false`, false},
		{`{"name":"bridge","project_number":"9","active":true}`, `"bridge" "9" true`, true},
	} {
		before := admin.get(path).want(200)
		clock.advance(time.Minute)
		a := admin.patch(path, test.body).want(200)
		got := data[project](a)
		equal(t, test.body, asJSON(t, got.Name)+" "+asJSON(t, got.ProjectNumber)+" "+asJSON(t, got.Active), test.want)
		if changed := got.UpdatedAt == clock.now().UTC().Format(time.RFC3339); changed != test.changes {
			t.Errorf("%s: updated_at is %s", test.body, got.UpdatedAt)
		}
		if same := a.header.Get("ETag") == before.header.Get("ETag"); same == test.changes {
			t.Errorf("%s: the ETag stays: %v", test.body, same)
		}
		equal(t, "what is stored", string(admin.get(path).body), string(a.body))
	}
}

func TestProjectRefusesABadBody(t *testing.T) {
	t.Parallel()
	admin := start(t)
	made := data[project](admin.post("projects", object{"name": "Tower", "project_number": "7"}).want(201))
	long := strings.Repeat("é", 256)

	for _, test := range []struct {
		body   string
		faults []string
	}{
		{`{"name":""}`, []string{"name blank"}},
		{`{"name":"  "}`, []string{"name blank"}},
		{`{"name":null}`, []string{"name wrong_type"}},
		{`{"name":5}`, []string{"name wrong_type"}},
		{`{"name":"a\nb"}`, []string{"name invalid_characters"}},
		{`{"name":"` + long + `"}`, []string{"name too_long"}},
		{`{"name":"x","project_number":5}`, []string{"project_number wrong_type"}},
		{`{"name":"x","project_number":"` + long + `"}`, []string{"project_number too_long"}},
		{`{"name":"x","project_number":"a\tb"}`, []string{"project_number invalid_characters"}},
		{`{"name":"x","active":null}`, []string{"active wrong_type"}},
		{`{"name":"x","active":"true"}`, []string{"active wrong_type"}},
		{`{"name":"x","active":1}`, []string{"active wrong_type"}},
		{`{"name":"x","id":"5"}`, []string{"id unknown_field"}},
		{`{"name":"x","colour":"red"}`, []string{"colour unknown_field"}},
		{`{"name":"x","Active":true}`, []string{"Active unknown_field"}},
		{
			`{"name":" ","project_number":"` + long + `","active":7,"colour":"red"}`,
			[]string{"name blank", "project_number too_long", "active wrong_type", "colour unknown_field"},
		},
		{`[]`, []string{"body wrong_type"}},
		{`null`, []string{"body wrong_type"}},
	} {
		admin.post("projects", test.body).faults(422, unprocessable, test.faults...)
		admin.patch("projects/"+made.ID, test.body).faults(422, unprocessable, test.faults...)
	}
	admin.post("projects", `{}`).faults(422, unprocessable, "name blank")
	admin.post("projects", `{"name"`).faults(400, badRequest, "body invalid")
	admin.patch("projects/"+made.ID, ``).faults(400, badRequest, "body invalid_body")
	equal(t, "projects afterwards", asJSON(t, data[[]project](admin.get("projects"))), "["+asJSON(t, made)+"]")
	admin.post("projects", object{"name": strings.Repeat("é", 255), "project_number": strings.Repeat("é", 255)}).want(201)
}

func TestProjectThatIsNotThereIsNotFound(t *testing.T) {
	t.Parallel()
	admin := start(t)
	other := admin.otherCompany("Beta")
	foreign, gone := other.project("Foreign"), admin.project("Gone")
	admin.delete("projects/" + gone.ID).want(204)

	for _, id := range append([]string{foreign.ID, gone.ID}, impossibleIDs...) {
		admin.get("projects/"+id).refused(404, "NOT_FOUND")
		admin.patch("projects/"+id, object{"name": "x"}).refused(404, "NOT_FOUND")
		admin.delete("projects/"+id).refused(404, "NOT_FOUND")
	}
	equal(t, "the other company's project", data[project](other.get("projects/"+foreign.ID)).Name, "Foreign")
}

func TestProjectsDeletionRemovesItsAssignments(t *testing.T) {
	t.Parallel()
	admin := start(t)
	one, two := admin.create("one").ID, admin.create("two").ID
	tower, bridge := admin.project("Tower").ID, admin.project("Bridge").ID
	for _, account := range []string{one, two} {
		admin.assign(account, tower, levels{"rfis": "admin"})
		admin.assign(account, bridge, levels{"rfis": "readonly"})
	}

	equal(t, "length of the body", len(admin.delete("projects/"+tower).want(204).body), 0)
	for _, account := range []string{one, two} {
		equal(t, "projects left", admin.assigned(account), bridge)
		admin.get(assignmentPath(account, tower)).refused(404, "NOT_FOUND")
	}
	// The id never comes back, or an old assignment could be taken for one to a new project.
	if again := admin.project("Tower").ID; again == tower {
		t.Errorf("the id %s is used twice", again)
	}
}
