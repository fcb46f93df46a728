package rest

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/procore/terraform-provider-procore/server/store"
)

// Config is what the management API needs.
type Config struct {
	Companies       store.Companies
	ServiceAccounts store.ServiceAccounts
	Permissions     store.Permissions
	Projects        store.Projects
	Assignments     store.Assignments
	Directory       store.Directory
	AuditEvents     store.AuditEvents
	KeptAnswers     store.KeptAnswers
	// Authenticate returns who a bearer token speaks for. It returns *InvalidTokenError for a token that doesn't count, and
	// any other error where that couldn't be found out.
	Authenticate func(ctx context.Context, token string) (store.Principal, error)
	// Admit counts a request of an account against its rate limit.
	Admit func(account store.ID) Admission
	// AdmitEnded counts a request that an ended token of the account came with. It is another count than Admit's: whoever
	// holds a token that was ended shall not use up what its account may ask for.
	AdmitEnded func(account store.ID) Admission
	// SecretReset is called after each reset of a client secret, for the metrics.
	SecretReset func()
	// Logger takes what goes wrong inside.
	Logger *slog.Logger
}

// Admission says whether a request is within its caller's rate limit.
type Admission struct {
	Allowed bool
	// Limit is how many requests a window allows; 0 means that there is no limit.
	Limit     int
	Remaining int
	// Reset is when the window ends.
	Reset time.Time
	// RetryAfter is how long that is from now.
	RetryAfter time.Duration
}

const (
	companiesPath = "/rest/v2.0/companies"
	companyPath   = companiesPath + "/{company_id}"
	accountsPath  = companyPath + "/service_accounts"
	accountPath   = accountsPath + "/{id}"

	resetSecretPath  = accountPath + "/actions/reset_secret"
	revokeTokensPath = accountPath + "/actions/revoke_tokens"

	assignmentsPath = accountPath + "/project_assignments"
	assignmentPath  = assignmentsPath + "/{project_id}"
	projectsPath    = companyPath + "/projects"
	projectPath     = projectsPath + "/{id}"
	contactsPath    = companyPath + "/directory/contacts"
	contactPath     = contactsPath + "/{id}"
)

// MaxBodyBytes is how large a request's body may be; a larger one is answered with 413.
const MaxBodyBytes = 1 << 20

// Register adds every route of the management API. The tool is the company tool whose Admin level the caller must
// hold; "" lets any account of the company in.
func Register(api huma.API, config Config) {
	c, a := &companies{config}, &accounts{config}
	p, m, d, e := &projects{config}, &assignments{config}, &directory{config}, &auditEvents{config}
	add := routes{api: api, access: access{Config: config, api: api}}

	handle(add, http.MethodGet, companiesPath, "", "list-companies", "List the companies that the caller belongs to", c.list)
	handle(add, http.MethodGet, companyPath, "", "get-company", "Get a company", c.get)
	handle(add, http.MethodGet, companyPath+"/me", "", "get-me", "Get the caller's own account and its effective permissions", a.me)
	handle(add, http.MethodGet, companyPath+"/tools", store.ToolAdmin, "list-tools", "List the company and project tools with the levels that each takes", listTools)

	handle(add, http.MethodGet, accountsPath, store.ToolAdmin, "list-service-accounts", "List service accounts", a.list)
	handle(add, http.MethodPost, accountsPath, store.ToolAdmin, "create-service-account", "Create a service account and show its secret once", a.create)
	handle(add, http.MethodGet, accountPath, store.ToolAdmin, "get-service-account", "Get a service account", a.get)
	handle(add, http.MethodPatch, accountPath, store.ToolAdmin, "update-service-account", "Edit a service account", a.update)
	handle(add, http.MethodDelete, accountPath, store.ToolAdmin, "delete-service-account", "Delete a service account", a.delete)
	handle(add, http.MethodPost, resetSecretPath, store.ToolAdmin, "reset-service-account-secret", "Reset the client secret and show the new one once", a.resetSecret)
	handle(add, http.MethodPost, revokeTokensPath, store.ToolAdmin, "revoke-service-account-tokens", "End all live tokens and keep the secret", a.revokeTokens)

	handle(add, http.MethodGet, accountPath+"/permissions", store.ToolDirectory, "get-service-account-permissions", "Get a service account's levels on company tools", a.permissions)
	handle(add, http.MethodPut, accountPath+"/permissions", store.ToolDirectory, "put-service-account-permissions", "Replace a service account's levels on company tools", a.putPermissions)
	handle(add, http.MethodGet, companyPath+"/permissions", store.ToolDirectory, "list-permissions", "List all service accounts' levels on company tools", a.listPermissions)
	handle(add, http.MethodGet, companyPath+"/project_assignments", store.ToolDirectory, "list-company-project-assignments", "List the projects that all service accounts are assigned to", m.listCompany)
	handle(add, http.MethodGet, assignmentsPath, store.ToolDirectory, "list-project-assignments", "List the projects that a service account is assigned to", m.list)
	handle(add, http.MethodGet, assignmentPath, store.ToolDirectory, "get-project-assignment", "Get a service account's place in a project", m.get)
	handle(add, http.MethodPut, assignmentPath, store.ToolDirectory, "put-project-assignment", "Assign a service account to a project, or replace its levels there", m.put)
	alsoCreates(api.OpenAPI().Paths[assignmentPath].Put)
	handle(add, http.MethodDelete, assignmentPath, store.ToolDirectory, "delete-project-assignment", "Take a service account out of a project", m.delete)

	handle(add, http.MethodGet, projectsPath, store.ToolDirectory, "list-projects", "List projects", p.list)
	handle(add, http.MethodPost, projectsPath, store.ToolDirectory, "create-project", "Create a project", p.create)
	handle(add, http.MethodGet, projectPath, store.ToolDirectory, "get-project", "Get a project", p.get)
	handle(add, http.MethodPatch, projectPath, store.ToolDirectory, "update-project", "Edit a project", p.update)
	handle(add, http.MethodDelete, projectPath, store.ToolDirectory, "delete-project", "Delete a project and the assignments to it", p.delete)

	handle(add, http.MethodGet, contactsPath, store.ToolDirectory, "list-contacts", "List the contacts of the company's directory", d.list)
	handle(add, http.MethodPost, contactsPath, store.ToolDirectory, "add-contact", "Put a contact of another company into this directory too, which makes its account nonfunctional", d.add)
	handle(add, http.MethodGet, contactPath, store.ToolDirectory, "get-contact", "Get a contact", d.get)
	handle(add, http.MethodPatch, contactPath, store.ToolDirectory, "update-contact", "Change a contact's e-mail address, which makes its account nonfunctional until it is put back", d.update)
	handle(add, http.MethodDelete, contactPath, store.ToolDirectory, "remove-contact", "Take a contact out of this directory again", d.remove)

	handle(add, http.MethodGet, companyPath+"/audit_events", store.ToolAdmin, "list-audit-events", "List who changed what, newest first", e.list)
}

// routes is what every route is registered with.
type routes struct {
	api    huma.API
	access access
}

// handle registers one route. Its status is 201 where a collection is posted to, 204 where there is nothing to answer,
// and 200 otherwise.
func handle[I, O any](add routes, method, path, tool, id, summary string, handler func(context.Context, *I) (*O, error)) {
	operation := huma.Operation{
		OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"Management"},
		Description:  accessDescription(tool),
		MaxBodyBytes: MaxBodyBytes + 1, // huma refuses a body that reaches the limit, not only one that passes it
		Security:     []map[string][]string{{"oauth2": {}}},
		Middlewares:  huma.Middlewares{add.access.allow(tool)},
		Errors:       errorStatuses(method, path),
	}
	if method == http.MethodPost && !strings.Contains(path, "/actions/") {
		operation.DefaultStatus = http.StatusCreated
	}
	huma.Register(add.api, operation, func(ctx context.Context, input *I) (*O, error) {
		output, err := handler(ctx, input)
		if err != nil {
			return nil, statusError(ctx, add.access.Logger, err)
		}
		return output, nil
	})
}

// alsoCreates documents the 201 of a route that answers 200 where the object was there already.
func alsoCreates(operation *huma.Operation) {
	created := *operation.Responses["200"]
	created.Description = http.StatusText(http.StatusCreated)
	operation.Responses["201"] = &created
}

func accessDescription(tool string) string {
	switch tool {
	case "":
		return "Any working account of the company may call this."
	case store.ToolDirectory:
		return "Needs `admin` on the company's Directory tool."
	default:
		return "Needs `admin` on the company's Admin tool, or on its Directory tool, which implies it."
	}
}

// errorStatuses lists the failures that the OpenAPI document promises for a route.
func errorStatuses(method, path string) []int {
	statuses := []int{
		http.StatusBadRequest, http.StatusUnauthorized, http.StatusUnprocessableEntity,
		http.StatusTooManyRequests, http.StatusServiceUnavailable,
	}
	if path != companiesPath {
		statuses = append(statuses, http.StatusForbidden, http.StatusNotFound)
	}
	if method != http.MethodGet {
		statuses = append(statuses, http.StatusConflict, http.StatusPreconditionFailed, http.StatusGatewayTimeout)
	}
	if method != http.MethodGet && method != http.MethodDelete {
		statuses = append(statuses, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	return statuses
}
