package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/procore/terraform-provider-procore/provider/client"
)

// exportPatience is how long export reads without a word about how far it is.
const exportPatience = 5 * time.Second

// inventory is what a company has, each list by ID.
type inventory struct {
	companyID string
	projects  []client.Project
	accounts  []accountInventory
}

// accountInventory is an account and what it may do.
type accountInventory struct {
	client.ServiceAccount
	permissions map[string]string // without the tools at none
	memberships []client.ProjectAssignment
	gone        bool // deleted while it was read
}

// objects is how many resources the inventory makes.
func (i inventory) objects() int {
	objects := len(i.projects) + len(i.accounts)
	for _, account := range i.accounts {
		if len(account.permissions) > 0 {
			objects++
		}
		objects += len(account.memberships)
	}
	return objects
}

// counts says in words what there is.
func (i inventory) counts() string {
	permissions, memberships := 0, 0
	for _, account := range i.accounts {
		if len(account.permissions) > 0 {
			permissions++
		}
		memberships += len(account.memberships)
	}
	return fmt.Sprintf("projects: %d, service accounts: %d, of them with permissions: %d, project memberships: %d",
		len(i.projects), len(i.accounts), permissions, memberships)
}

// exportReader reads an inventory.
type exportReader struct {
	api    *client.Client
	source exportSource
	notes  *exportNotes
}

// exportStep is what is being read, and the company tool on which it needs admin.
type exportStep struct{ what, companyID, tool string }

// read reads all that a company has. Without an ID it is the only one of the account that export signs in as. What is deleted
// meanwhile is left out, with a note; any other failure is an error.
func (r *exportReader) read(ctx context.Context, companyID string) (inventory, error) {
	companyID, err := r.company(ctx, companyID)
	if err != nil {
		return inventory{}, err
	}
	found := inventory{companyID: companyID}
	accounts, err := r.api.ListServiceAccounts(ctx, companyID, client.ServiceAccountFilter{})
	if err != nil {
		return inventory{}, r.failure(exportStep{"the service accounts of company " + companyID, companyID, "Admin"}, err)
	}
	found.accounts, err = r.access(ctx, companyID, sortedByID(accounts, func(a client.ServiceAccount) string { return a.ID }))
	if err != nil {
		return inventory{}, err
	}
	found.accounts = slices.DeleteFunc(found.accounts, func(a accountInventory) bool { return a.gone })
	// After the memberships: a project of one is in this list, or was deleted with it.
	projects, err := r.api.ListProjects(ctx, companyID, client.ProjectFilter{})
	if err != nil {
		return inventory{}, r.failure(exportStep{"the projects of company " + companyID, companyID, "Directory"}, err)
	}
	found.projects = sortedByID(projects, func(p client.Project) string { return p.ID })
	r.dropEnded(&found)
	return found, nil
}

// company finds the company when none is named.
func (r *exportReader) company(ctx context.Context, id string) (string, error) {
	if id != "" {
		return id, nil
	}
	companies, err := r.api.ListCompanies(ctx)
	if err != nil {
		return "", r.failure(exportStep{what: "the companies of the service account"}, err)
	}
	return onlyCompany(companies)
}

// onlyCompany is the company to export when none is named.
func onlyCompany(companies []client.Company) (string, error) {
	switch len(companies) {
	case 0:
		return "", errors.New("the service account that PROCORE_CLIENT_ID names belongs to no company")
	case 1:
		if id := companies[0].ID; !validID(id) {
			return "", fmt.Errorf("the server has a company with the id %q, which is none", id)
		}
		return companies[0].ID, nil
	}
	names := make([]string, len(companies))
	for i, company := range companies {
		names[i] = fmt.Sprintf("%s (%s)", company.ID, quoted(company.Name))
	}
	return "", errors.New("the service account belongs to several companies; name one of them with --company-id: " + strings.Join(names, ", "))
}

// access reads what each account may do, several at a time. The first failure ends it.
func (r *exportReader) access(ctx context.Context, companyID string, accounts []client.ServiceAccount) ([]accountInventory, error) {
	var done atomic.Int64
	quiet := r.tellProgress(&done, len(accounts))
	defer quiet()
	work := func(ctx context.Context, accounts []client.ServiceAccount) ([]accountInventory, error) {
		return r.accessOfAll(ctx, companyID, accounts, &done)
	}
	read, err := collect(flat(inOrder(ctx, accessAtOnce, together(accountsTogether, eachOf(accounts)), work)))
	if errors.Is(err, context.Canceled) {
		err = errInterrupted
	}
	return read, err
}

// tellProgress says from time to time how far it is, until the function that it returns is called.
func (r *exportReader) tellProgress(done *atomic.Int64, all int) (quiet func()) {
	var running sync.WaitGroup
	ended := make(chan struct{})
	running.Go(func() {
		ticker := time.NewTicker(exportPatience)
		defer ticker.Stop()
		for {
			select {
			case <-ended:
				return
			case <-ticker.C:
				r.notes.say(fmt.Sprintf("%d of %d service accounts read.", done.Load(), all))
			}
		}
	})
	return func() {
		close(ended)
		running.Wait() // nothing is said after the end
	}
}

// accessOfAll reads what some accounts may do, and counts those that are done.
func (r *exportReader) accessOfAll(ctx context.Context, companyID string, accounts []client.ServiceAccount, done *atomic.Int64) ([]accountInventory, error) {
	memberships, err := r.api.AssignmentsOf(ctx, companyID, idsOf(accounts))
	if err != nil {
		return nil, r.failure(accessStep(companyID, accounts), err)
	}
	read := make([]accountInventory, 0, len(accounts))
	for _, account := range accounts {
		found, err := r.accessOf(ctx, companyID, account, memberships[account.ID])
		if err != nil {
			return nil, err
		}
		read = append(read, found)
		done.Add(1)
	}
	return read, nil
}

// accessStep is the reading of what some accounts may do.
func accessStep(companyID string, accounts []client.ServiceAccount) exportStep {
	what := "the permissions and project memberships of service account " + accounts[0].ID
	if last := len(accounts) - 1; last > 0 {
		what += " and those after it, up to " + accounts[last].ID
	}
	return exportStep{what, companyID, "Directory"}
}

func (r *exportReader) accessOf(
	ctx context.Context, companyID string, found client.ServiceAccount, memberships []client.ProjectAssignment,
) (accountInventory, error) {
	account := accountInventory{ServiceAccount: found}
	permissions, err := r.api.RefreshPermissions(ctx, companyID, account.ID)
	if client.IsNotFound(err) {
		account.gone = true
		r.notes.say("Service account " + account.ID + " was deleted while it was read; it is left out.")
		return account, nil
	}
	if err != nil {
		return account, r.failure(accessStep(companyID, []client.ServiceAccount{found}), err)
	}
	account.permissions = maps.Clone(permissions.Company)
	maps.DeleteFunc(account.permissions, func(_, level string) bool { return level == levelNone })
	account.memberships = sortedByID(memberships, func(m client.ProjectAssignment) string { return m.ProjectID })
	return account, nil
}

// dropEnded leaves out the memberships of projects that were deleted while the company was read.
func (r *exportReader) dropEnded(found *inventory) {
	there := map[string]bool{}
	for _, project := range found.projects {
		there[project.ID] = true
	}
	for i := range found.accounts {
		account := &found.accounts[i]
		account.memberships = slices.DeleteFunc(account.memberships, func(membership client.ProjectAssignment) bool {
			ended := !there[membership.ProjectID]
			if ended {
				r.notes.say(fmt.Sprintf("Project %s was deleted while the company was read; the membership of service account %s is left out.",
					membership.ProjectID, account.ID))
			}
			return ended
		})
	}
}

// sortedByID sorts by ID, as numbers. A page of a list can repeat the last object of the one before when somebody makes another
// in between, so each is there once.
func sortedByID[T any](objects []T, id func(T) string) []T {
	slices.SortStableFunc(objects, func(a, b T) int { return compareIDs(id(a), id(b)) })
	return slices.CompactFunc(objects, func(a, b T) bool { return id(a) == id(b) })
}

// compareIDs compares IDs as the numbers that they are: without leading zeros, so that the longer is the greater.
func compareIDs(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// errInterrupted is what Ctrl-C ends export with.
var errInterrupted = errors.New("interrupted; nothing was written")

// failure says what could not be read, why, and what to do.
func (r *exportReader) failure(step exportStep, err error) error {
	var failure *client.Error
	if !errors.As(err, &failure) {
		return fmt.Errorf("unable to read %s: %w", step.what, err)
	}
	if failure.Origin == client.OriginCaller {
		return errInterrupted
	}
	advice := r.advice(step, failure)
	if advice != "" {
		advice = " " + advice
	}
	return fmt.Errorf("unable to read %s: %s%s Nothing was written", step.what, sentence(failure.Error()), advice)
}

func (r *exportReader) advice(step exportStep, failure *client.Error) string {
	if r.source.database != "" {
		return "Check " + r.source.endpoint() + ", and --company-id (PROCORE_COMPANY_ID)."
	}
	switch {
	case client.IsOtherCompany(failure):
		return "The credentials belong to another company than " + step.companyID + ": check PROCORE_CLIENT_ID and --company-id (PROCORE_COMPANY_ID)."
	case client.IsWrongCredentials(failure):
		return "Check PROCORE_CLIENT_ID and PROCORE_CLIENT_SECRET: was that account's secret reset, the account deleted, or is it nonfunctional or expired?"
	case failure.Origin == client.OriginNetwork:
		return "Check that the management API runs at " + r.source.endpoint() + ", --base-url (PROCORE_BASE_URL), the network, and, for a private " +
			"certificate authority, --ca-certificate-file."
	case failure.Origin != client.OriginAPI:
		return "Check that --base-url (PROCORE_BASE_URL) is the management API's; it was asked at " + r.source.endpoint() + "."
	case failure.Status == http.StatusForbidden:
		return "Give the service account that PROCORE_CLIENT_ID names admin on the company's " + step.tool + " tool; export needs it on both Admin and Directory."
	case failure.Status == http.StatusTooManyRequests:
		return "The server limits how fast it is called: try again later, or raise --max-retries."
	case failure.Status >= http.StatusInternalServerError:
		return "The server has a fault of its own; its log tells more."
	default:
		return ""
	}
}
