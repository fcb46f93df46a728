package store

import (
	"time"
)

// AppType says what kind of app uses an account.
type AppType string

// The app types of Procore's service account form.
const (
	AppTypeCustom      AppType = "custom"
	AppTypeMarketplace AppType = "marketplace"
)

// KindTraditional is the kind of every account that is made by hand rather than by installing an app.
const KindTraditional = "traditional"

// Status says whether an account works.
type Status string

// The statuses. Only an active account gets tokens, and only its tokens count.
const (
	StatusActive        Status = "active"
	StatusNonfunctional Status = "nonfunctional"
	StatusExpired       Status = "expired"
)

// Reasons for a status other than active.
const (
	ReasonContactEmailChanged     = "contact_email_changed"
	ReasonContactInOtherDirectory = "contact_in_other_directory"
	ReasonSunset                  = "sunset"
)

// ServiceAccount lets an integration get access tokens without a user.
type ServiceAccount struct {
	ID                 ID
	CompanyID          ID
	Name               string
	AppType            AppType
	MarketplaceApp     string
	Description        string
	ClientID           string
	DeletionProtection bool
	AddToNewProjects   bool
	Contact            Contact
	// ContactElsewhere says that the contact is in a second company's directory.
	ContactElsewhere bool
	Credentials      Credentials
	LastTokenAt      time.Time
	CreatedAt        time.Time
	UpdatedAt        time.Time

	// Status and StatusReasons are worked out when the account is read.
	Status        Status
	StatusReasons []string
	// Sunset is when the account stops working; zero when that isn't known. ReadAt is when all this was worked out.
	Sunset time.Time
	ReadAt time.Time
}

// NewServiceAccount is an account to be made. Its secret is known to the caller, who shows it once; the store sees
// the digest.
type NewServiceAccount struct {
	Name               string
	AppType            AppType
	MarketplaceApp     string
	Description        string
	DeletionProtection bool
	AddToNewProjects   bool
	ClientID           string
	SecretDigest       SecretDigest
	// Levels are the company permissions to start with: none, as in Procore, but for a company's administrator.
	Levels Levels
}

// ServiceAccountChange is an edit. A nil field stays as it is.
type ServiceAccountChange struct {
	Name               *string
	AppType            *AppType
	MarketplaceApp     *string
	Description        *string
	DeletionProtection *bool
	AddToNewProjects   *bool
}

// ServiceAccountQuery selects, sorts and pages a list of accounts. A zero field selects everything.
type ServiceAccountQuery struct {
	// Name selects the account of that name, whatever the case.
	Name     string
	ClientID string
	AppType  AppType
	Status   Status
	// IDs selects the accounts with any of these ids; nil selects all, an empty slice none.
	IDs []ID
	// Search selects accounts whose name, description or client id contains the text, whatever the case.
	Search string
	Sort   Sort
	Page   PageRequest
}

// Normalize trims the name, fills the default app type, and returns *Error with every fault of the account.
func (a *NewServiceAccount) Normalize() error {
	if a.AppType == "" {
		a.AppType = AppTypeCustom
	}
	account := ServiceAccount{Name: a.Name, AppType: a.AppType, MarketplaceApp: a.MarketplaceApp, Description: a.Description}
	err := account.normalize()
	a.Name, a.MarketplaceApp = account.Name, account.MarketplaceApp
	return err
}

// Validate returns *Error with every fault that can be told from the change alone.
func (c ServiceAccountChange) Validate() error {
	var faults []Fault
	if c.Name != nil {
		_, faults = normalizeName("name", *c.Name, faults)
	}
	if c.Description != nil {
		faults = checkDescription(*c.Description, faults)
	}
	return invalid("service account", faults)
}

// Apply returns the account after the change, or *Error with every fault that it would have.
func (c ServiceAccountChange) Apply(account ServiceAccount) (ServiceAccount, error) {
	set(&account.Name, c.Name)
	set(&account.AppType, c.AppType)
	set(&account.MarketplaceApp, c.MarketplaceApp)
	set(&account.Description, c.Description)
	set(&account.DeletionProtection, c.DeletionProtection)
	set(&account.AddToNewProjects, c.AddToNewProjects)
	err := account.normalize()
	return account, err
}

func (a *ServiceAccount) normalize() error {
	var faults []Fault
	a.Name, faults = normalizeName("name", a.Name, faults)
	faults = checkDescription(a.Description, faults)
	a.MarketplaceApp, faults = normalizeApp(a.AppType, a.MarketplaceApp, faults)
	return invalid("service account", faults)
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// CheckDeletable returns *Error when the account is protected against deletion.
func (a ServiceAccount) CheckDeletable() error {
	if !a.DeletionProtection {
		return nil
	}
	return &Error{Code: CodeDeletionProtected, Message: "Service account " + a.ID.String() + " (" + a.Name +
		") is protected against deletion. Set deletion_protection to false first, then delete it."}
}

// NameTaken is the error for a name that another account of the company has, whatever the case.
func NameTaken(name string, existing ID) *Error {
	message := "The name is taken: service account " + existing.String() + " of this company is called " + quote(name) + "."
	return &Error{Code: CodeNameTaken, Message: message, Faults: []Fault{{
		Reason: string(CodeNameTaken), Message: message, Source: "name", ExistingID: existing.String(),
	}}}
}

// LastAdmin is the error for a change that would leave the company with no working administrator.
func LastAdmin(account ServiceAccount, change string) *Error {
	return &Error{Code: CodeLastAdmin, Message: change + " service account " + account.ID.String() + " (" + account.Name +
		") would leave the company with no working account that holds admin on the Admin tool. " +
		"Give another account that permission first."}
}
