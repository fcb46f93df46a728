package modeltest

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// model is what the API should know, and by when.
type model struct {
	now      time.Time
	cutoff   time.Time // zero: never
	sunset   time.Time // zero: never
	tokenTTL time.Duration

	companies []*company
	accounts  []*account // the deleted ones too
	made      []*project // the deleted ones too
	tokens    []*token
	events    []*event
}

type company struct {
	id        int
	name      string
	createdAt time.Time
}

type account struct {
	id                          int
	company                     *company
	name, appType, app          string
	description, clientID       string
	protected, addToNewProjects bool
	deleted                     bool

	version       int
	secret        string
	secretAt      time.Time
	previous      string
	previousUntil time.Time // zero: there is none
	older         []string  // secrets that must never count again
	epoch         int

	contact   *contact
	levels    levels
	places    map[*project]*place
	createdAt time.Time
	updatedAt time.Time

	issued    []string // when tokens were issued, any of which may be shown as last_token_at
	lastToken string   // the latest that was shown
}

type levels map[string]string

type contact struct {
	id                    int
	account               *account
	name, email, assigned string
	guestOf               map[*company]bool
	createdAt, updatedAt  time.Time
}

type project struct {
	id                   int
	company              *company
	name, number         string
	active, deleted      bool
	createdAt, updatedAt time.Time
}

// place is an assignment of an account to a project.
type place struct {
	levels               levels
	createdAt, updatedAt time.Time
}

type token struct {
	text           string
	account        *account
	version, epoch int
	issuedAt       time.Time
	expiresAt      time.Time
	revoked        bool
}

type event struct {
	id            int // 0 until it was seen
	company       *company
	account       int // 0 for an event of a project itself
	project       string
	action        string
	actor         *account // nil at the command line
	before, after any
	requestID     string
	at            time.Time
}

// reasons says why an account doesn't work.
func (m *model) reasons(a *account) []string {
	reasons := []string{}
	if a.contact.email != a.contact.assigned {
		reasons = append(reasons, "contact_email_changed")
	}
	if len(a.contact.guestOf) > 0 {
		reasons = append(reasons, "contact_in_other_directory")
	}
	if m.ended() {
		reasons = append(reasons, "sunset")
	}
	return reasons
}

func (m *model) status(a *account) string {
	switch {
	case m.ended():
		return "expired"
	case len(m.reasons(a)) > 0:
		return "nonfunctional"
	}
	return "active"
}

func (m *model) ended() bool { return !m.sunset.IsZero() && !m.now.Before(m.sunset) }

// broken is what the sunset has no part in.
func (a *account) broken() bool {
	return a.contact.email != a.contact.assigned || len(a.contact.guestOf) > 0
}

// administers reports whether the account holds admin on a company tool, or on the Directory tool, which implies it.
func (a *account) administers(tool string) bool {
	return tool == "" || a.levels[tool] == "admin" || a.levels["directory"] == "admin"
}

// isLastAdmin reports whether the company has no other working administrator.
func (m *model) isLastAdmin(a *account) bool {
	if a.deleted || a.broken() || !a.administers("admin") {
		return false
	}
	return !slices.ContainsFunc(m.of(a.company), func(other *account) bool {
		return other != a && !other.broken() && other.administers("admin")
	})
}

// of returns the accounts that the company has, by id.
func (m *model) of(c *company) []*account {
	var found []*account
	for _, a := range m.accounts {
		if a.company == c && !a.deleted {
			found = append(found, a)
		}
	}
	return found
}

func (m *model) projectsOf(c *company) []*project {
	var found []*project
	for _, p := range m.made {
		if p.company == c && !p.deleted {
			found = append(found, p)
		}
	}
	return found
}

// directory returns the contacts in the company's directory, by id.
func (m *model) directory(c *company) []*contact {
	var found []*contact
	for _, a := range m.accounts {
		if a.contact.in(c) {
			found = append(found, a.contact)
		}
	}
	slices.SortFunc(found, func(x, y *contact) int { return x.id - y.id })
	return found
}

func (k *contact) in(c *company) bool { return k.account.company == c || k.guestOf[c] }

// named returns the account of the company that has the name, whatever the case.
func (m *model) named(c *company, name string, except *account) *account {
	for _, a := range m.of(c) {
		if a != except && fold(a.name) == fold(name) {
			return a
		}
	}
	return nil
}

// accepts returns the version of the account's secret that a text is, or 0.
func (m *model) accepts(a *account, secret string) int {
	switch {
	case secret == a.secret:
		return a.version
	case a.previous != "" && secret == a.previous && m.now.Before(a.previousUntil):
		return a.version - 1
	}
	return 0
}

// counts reports whether a token still speaks for its account.
func (m *model) counts(k *token) bool {
	a := k.account
	if k.revoked || a.deleted || m.status(a) != "active" || k.epoch != a.epoch || !m.now.Before(k.expiresAt) {
		return false
	}
	return k.version == a.version || k.version == a.version-1 && m.now.Before(a.previousUntil)
}

// issue adds the token that a secret of this version gets.
func (m *model) issue(a *account, version int, text string) *token {
	expires := m.now.Add(m.tokenTTL)
	if version != a.version && a.previousUntil.Before(expires) {
		expires = a.previousUntil
	}
	k := &token{text: text, account: a, version: version, epoch: a.epoch, issuedAt: m.now, expiresAt: expires}
	m.tokens = append(m.tokens, k)
	a.issued = append(a.issued, stamp(m.now))
	return k
}

// reset gives the account a new secret, and returns what was taken from it.
func (m *model) reset(a *account, secret string, keepAccess bool, ttl int) (cleared levels, projects []*project) {
	if a.previous != "" {
		a.older = append(a.older, a.previous)
	}
	if ttl > 0 {
		a.previous, a.previousUntil = a.secret, m.now.Add(time.Duration(ttl)*time.Second)
	} else {
		a.older = append(a.older, a.secret)
		a.previous, a.previousUntil = "", time.Time{}
	}
	a.secret, a.secretAt, a.updatedAt = secret, m.now, m.now
	a.version++
	cleared = levels{}
	if !keepAccess {
		cleared, projects = a.levels, a.projects()
		a.levels, a.places = levels{}, map[*project]*place{}
	}
	return cleared, projects
}

// projects returns those that the account is assigned to, by id.
func (a *account) projects() []*project {
	return slices.SortedFunc(maps.Keys(a.places), func(x, y *project) int { return x.id - y.id })
}

// breakIt ends the account's live tokens for good.
func (m *model) breakIt(a *account) {
	if !a.deleted {
		a.epoch++
	}
}

// effective are the levels that count: admin on the Directory tool is admin everywhere.
func (l levels) effective() levels {
	if l["directory"] != "admin" {
		return l
	}
	all := levels{}
	for tool := range companyTools {
		all[tool] = "admin"
	}
	return all
}

// newContact is the directory contact that an account is made with: slugs of the two names, and the account's id so
// that the address is its own. What comes before the @ has 64 characters at most (RFC 5321 4.5.3.1.1).
func newContact(a *account, id int, now time.Time) *contact {
	name := slug(a.name + "-" + a.company.name)
	if name == "" {
		name = "service-account"
	}
	local, end := name, "-"+number(a.id)
	if len(local)+len(end) > 64 {
		local = local[:64-len(end)]
	}
	address := strings.TrimRight(local, "-") + end + "@service-accounts.invalid"
	return &contact{
		id: id, account: a, name: name, email: address, assigned: address, guestOf: map[*company]bool{}, createdAt: now, updatedAt: now,
	}
}
