package provider

import (
	"maps"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/procore/terraform-provider-procore/provider/client"
)

// plannedAccess is what the resources of one plan tell each other about the access of accounts. Terraform shows the
// provider one resource at a time: first a reset, then what refers to it, and everything else before or after as it
// happens. So of a reset and a grant that doesn't refer to it, the one that is planned second can tell of both; but no
// reset can know which grants are still to come. The rest has to be said in words, and is: see warnPlannedReset.
//
// An apply plans each change again before it makes it, with a plannedAccess of its own.
type plannedAccess struct {
	mu     sync.Mutex
	resets map[accountKey]plannedClearing
	strays map[accountKey]map[string]bool
	done   map[accountKey]bool   // resets that have happened
	known  map[accountKey]string // client IDs that were seen
}

// accountKey names an account among those of all companies.
type accountKey struct{ companyID, id string }

// plannedClearing is a planned reset that clears the access of its account.
type plannedClearing struct {
	certain     bool
	permissions map[string]string // that it clears; nil: not known
}

// planReset notes a reset that clears access, and returns the grants planned before it that don't wait for it, in words.
func (p *plannedAccess) planReset(account accountKey, reset plannedClearing) (strays []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.resets == nil {
		p.resets = map[accountKey]plannedClearing{}
	}
	p.resets[account] = reset
	return slices.Sorted(maps.Keys(p.strays[account]))
}

// resetDone notes that the reset has happened: what is granted from now on stays.
func (p *plannedAccess) resetDone(account accountKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.resets, account)
	if p.done == nil {
		p.done = map[accountKey]bool{}
	}
	p.done[account] = true
}

// wasReset reports whether this apply has reset the account's secret, so that what it holds is not what the plan knew.
func (p *plannedAccess) wasReset(account accountKey) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.done[account]
}

// saw notes the client ID of an account, which says later that an account of this ID is the same.
func (p *plannedAccess) saw(account client.ServiceAccount) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		p.known = map[accountKey]string{}
	}
	p.known[accountKey{account.CompanyID, account.ID}] = account.ClientID
}

// clientID returns the client ID of an account; empty: it wasn't seen.
func (p *plannedAccess) clientID(account accountKey) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.known[account]
}

// plannedReset returns the reset of an account that was planned so far.
func (p *plannedAccess) plannedReset(account accountKey) (reset plannedClearing, found bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	reset, found = p.resets[account]
	return reset, found
}

// planStray notes a grant that doesn't wait for a reset.
func (p *plannedAccess) planStray(account accountKey, what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.strays == nil {
		p.strays = map[accountKey]map[string]bool{}
	}
	if p.strays[account] == nil {
		p.strays[account] = map[string]bool{}
	}
	p.strays[account][what] = true
}

// plannedGrant is access of an account that a plan grants.
type plannedGrant struct {
	companyID, accountID types.String
	secretVersion        types.Int64
	what                 string // "the company permissions", "the membership of project 3"
}

// planGrant compares a grant with the resets planned so far. It warns when a reset clears what the grant gives and the
// grant doesn't wait for it; a secret_version that is only known after apply does. When one waits, planGrant returns the
// reset.
func (c *connection) planGrant(diags *diag.Diagnostics, grant plannedGrant) (reset plannedClearing, waits bool) {
	if c.session == nil || grant.companyID.ValueString() == "" || grant.accountID.ValueString() == "" {
		return plannedClearing{}, false
	}
	account := accountKey{grant.companyID.ValueString(), grant.accountID.ValueString()}
	waits = grant.secretVersion.IsUnknown()
	if !waits {
		c.session.access.planStray(account, grant.what)
	}
	reset, found := c.session.access.plannedReset(account)
	if found && !waits {
		warnStrayGrant(diags, account.id, grant.what, reset.certain)
	}
	return reset, found && waits
}

// basis is the basis of the next plan for what belongs to an account. The account's client ID stays what it was;
// at first it is known when the account itself is in the configuration, or was looked up.
func (p *plannedAccess) basis(account accountKey, version client.Version, before basis) basis {
	next := newBasis(version)
	if next.ClientID = before.ClientID; next.ClientID == "" {
		next.ClientID = p.clientID(account)
	}
	return next
}
