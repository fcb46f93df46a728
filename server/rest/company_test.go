package rest_test

import (
	"regexp"
	"testing"
)

type company struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	CreatedAt string `json:"created_at"`
	UpdatedAt string `json:"updated_at"`
}

// procoreTime is a timestamp as Procore writes it: UTC, to the second.
var procoreTime = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`)

func TestCompaniesListsTheCallersCompanyAlone(t *testing.T) {
	t.Parallel()
	admin := start(t)
	other := admin.otherCompany("Beta")

	for _, c := range []struct {
		client
		name string
	}{{admin, "Acme"}, {other, "Beta"}} {
		a := c.get("/rest/v2.0/companies").want(200)
		list := data[[]company](a)
		if len(list) != 1 || list[0].ID != c.company || list[0].Name != c.name {
			t.Errorf("want %s alone, got %s", c.name, a.body)
		}
		equal(t, "Total", a.header.Get("Total"), "1")
	}
}

func TestCompaniesBeyondTheLastPageAreNone(t *testing.T) {
	t.Parallel()
	admin := start(t)

	a := admin.get("/rest/v2.0/companies?page=2&per_page=1").want(200)
	equal(t, "companies", len(data[[]company](a)), 0)
	equal(t, "Total", a.header.Get("Total"), "1")
	admin.get("/rest/v2.0/companies?page=0").faults(422, "UNPROCESSABLE_ENTITY", "page out_of_range")
}

func TestCompanyIsShownToEveryAccountOfIt(t *testing.T) {
	t.Parallel()
	admin := start(t)
	plain := admin.as(admin.create("plain"))

	for _, c := range []client{admin, plain} {
		a := c.get("/rest/v2.0/companies/" + c.company).want(200)
		got := data[company](a)
		equal(t, "id", got.ID, admin.company)
		equal(t, "name", got.Name, "Acme")
		if !procoreTime.MatchString(got.CreatedAt) || !procoreTime.MatchString(got.UpdatedAt) {
			t.Errorf("times are not Procore's: %s", a.body)
		}
		if a.header.Get("ETag") == "" {
			t.Error("a company has no ETag")
		}
	}
}

func TestCompanyOfOthersIsNotFound(t *testing.T) {
	t.Parallel()
	admin := start(t)
	other := admin.otherCompany("Beta")

	for _, id := range []string{other.company, "3", "0", "-1", "01", "abc", "99999999999999999999", "%2e"} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			c := admin.named(t)
			c.get("/rest/v2.0/companies/"+id).refused(404, "NOT_FOUND")
			c.get("/rest/v2.0/companies/"+id+"/service_accounts").refused(404, "NOT_FOUND")
		})
	}
}
