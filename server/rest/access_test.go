package rest_test

import (
	"strings"
	"testing"
)

// levels maps tools to levels.
type levels map[string]string

func (c client) put(path string, body any) answer { c.t.Helper(); return c.do("PUT", path, body) }

// grant replaces an account's levels on company tools.
func (c client) grant(id string, company levels) answer {
	c.t.Helper()
	return c.put("service_accounts/"+id+"/permissions", object{"company": company}).want(200)
}

// granted returns an account's levels on company tools as JSON.
func (c client) granted(id string) string {
	c.t.Helper()
	return companyLevels(c.get("service_accounts/" + id + "/permissions").want(200))
}

func companyLevels(a answer) string {
	a.t.Helper()
	return asJSON(a.t, data[struct {
		Company levels `json:"company"`
	}](a).Company)
}

// holder makes an account with these levels on company tools and signs in as it.
func (c client) holder(name string, company levels) client {
	c.t.Helper()
	created := c.create(name)
	c.grant(created.ID, company)
	return c.as(created)
}

// project is a project as the contract spells it.
type project struct {
	ID            string  `json:"id"`
	CompanyID     string  `json:"company_id"`
	Name          string  `json:"name"`
	ProjectNumber *string `json:"project_number"`
	Active        bool    `json:"active"`
	CreatedAt     string  `json:"created_at"`
	UpdatedAt     string  `json:"updated_at"`
}

// project makes a project with this name.
func (c client) project(name string) project {
	c.t.Helper()
	return data[project](c.post("projects", object{"name": name}).want(201))
}

// assignment is an account's place in a project.
type assignment struct {
	ServiceAccountID string `json:"service_account_id"`
	ProjectID        string `json:"project_id"`
	Permissions      levels `json:"permissions"`
	CreatedAt        string `json:"created_at"`
	UpdatedAt        string `json:"updated_at"`
}

func assignmentPath(account, project string) string {
	return "service_accounts/" + account + "/project_assignments/" + project
}

// assign puts an account into a project, where it isn't yet.
func (c client) assign(account, project string, permissions levels) assignment {
	c.t.Helper()
	return data[assignment](c.put(assignmentPath(account, project), object{"permissions": permissions}).want(201))
}

// assigned returns the ids of an account's projects, joined by commas.
func (c client) assigned(account string) string {
	c.t.Helper()
	var ids []string
	for _, a := range data[[]assignment](c.get("service_accounts/" + account + "/project_assignments").want(200)) {
		ids = append(ids, a.ProjectID)
	}
	return strings.Join(ids, ",")
}

// contact is a contact as a company's directory shows it.
type contact struct {
	ID               string `json:"id"`
	Name             string `json:"name"`
	EmailAddress     string `json:"email_address"`
	HomeCompanyID    string `json:"home_company_id"`
	ServiceAccountID string `json:"service_account_id"`
	Active           bool   `json:"active"`
	CreatedAt        string `json:"created_at"`
	UpdatedAt        string `json:"updated_at"`
}

// contact reads a contact of the company's directory.
func (c client) contact(id string) contact {
	c.t.Helper()
	return data[contact](c.get("directory/contacts/" + id).want(200))
}

// setEmail changes a contact's e-mail address.
func (c client) setEmail(id, address string) answer {
	c.t.Helper()
	return c.patch("directory/contacts/"+id, object{"email_address": address})
}

// addContact puts a contact into the company's directory.
func (c client) addContact(id string) answer {
	c.t.Helper()
	return c.post("directory/contacts", object{"contact_id": id})
}

// conflict ends the test unless the answer is a 409 for this reason alone.
func (a answer) conflict(reason string) errorBody {
	a.t.Helper()
	return a.faults(409, "CONFLICT", " "+reason)
}

const (
	unprocessable = "UNPROCESSABLE_ENTITY"
	badRequest    = "BAD_REQUEST"
)

// impossibleIDs can't name an object.
var impossibleIDs = []string{
	"0", "-1", "007", "+1", "1.0", "abc", "999", "99999999999999999999", "9223372036854775807", "1%20", "%D9%A1", "*",
}

// messages joins the messages of an error's details.
func (b errorBody) messages() string {
	var texts []string
	for _, detail := range b.Error.Details {
		texts = append(texts, detail.Message)
	}
	return strings.Join(texts, "; ")
}

// says fails the test unless the text has every one of these parts.
func says(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q doesn't say %q", text, part)
		}
	}
}
