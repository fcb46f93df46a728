package rest

import (
	"context"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/procore/terraform-provider-procore/server/store"
)

// ServiceAccount is a service account on the wire.
type ServiceAccount struct {
	ID                 string   `json:"id" example:"17"`
	CompanyID          string   `json:"company_id" example:"1"`
	Name               string   `json:"name" example:"ci exporter"`
	AppType            string   `json:"app_type" enum:"custom,marketplace"`
	MarketplaceApp     *string  `json:"marketplace_app" doc:"The Marketplace app; null for a custom one"`
	Description        string   `json:"description"`
	Kind               string   `json:"kind" enum:"traditional"`
	ClientID           string   `json:"client_id" doc:"What the account authenticates as; stays for its whole life" pattern:"^[0-9a-f]{64}$"`
	Status             string   `json:"status" enum:"active,nonfunctional,expired"`
	StatusReasons      []string `json:"status_reasons" nullable:"false" doc:"Why the account doesn't work; empty while it does" enum:"contact_email_changed,contact_in_other_directory,sunset"`
	SecretVersion      int      `json:"secret_version" minimum:"1" doc:"Starts at 1 and grows by one at every reset"`
	SecretCreatedAt    string   `json:"secret_created_at" format:"date-time"`
	SecretFingerprint  string   `json:"secret_fingerprint" doc:"Names the secret without helping to guess it: the first 12 hex digits of the SHA-256 of its SHA-256" pattern:"^[0-9a-f]{12}$"`
	DeletionProtection bool     `json:"deletion_protection" doc:"While true, deleting the account is refused"`
	AddToNewProjects   bool     `json:"add_to_new_projects" doc:"Whether projects made later get the account"`
	Contact            Contact  `json:"contact"`
	SunsetAt           *string  `json:"sunset_at" format:"date-time" doc:"When traditional accounts stop working; null when that isn't known"`
	DaysUntilSunset    *int     `json:"days_until_sunset" doc:"How many whole days are left until then"`
	LastTokenAt        *string  `json:"last_token_at" format:"date-time" doc:"When the account last got a token, a moment late"`
	CreatedAt          string   `json:"created_at" format:"date-time"`
	UpdatedAt          string   `json:"updated_at" format:"date-time"`
}

// Contact is the account's entry in the company's directory.
type Contact struct {
	ID           string `json:"id" example:"33"`
	Name         string `json:"name" example:"ci-exporter-acme"`
	EmailAddress string `json:"email_address" doc:"Generated; changing it makes the account nonfunctional" example:"ci-exporter-acme-17@service-accounts.invalid"`
}

// ServiceAccountWithSecret is the one answer that shows the secret of a new account.
type ServiceAccountWithSecret struct {
	ServiceAccount
	ClientSecret string `json:"client_secret" doc:"Shown this once; the server keeps a digest only"`
}

func newServiceAccount(account store.ServiceAccount) ServiceAccount {
	wire := ServiceAccount{
		ID: account.ID.String(), CompanyID: account.CompanyID.String(), Name: account.Name,
		AppType: string(account.AppType), MarketplaceApp: optional(account.MarketplaceApp),
		Description: account.Description, Kind: store.KindTraditional, ClientID: account.ClientID,
		Status: string(account.Status), StatusReasons: append([]string{}, account.StatusReasons...),
		SecretVersion:      account.Credentials.SecretVersion,
		SecretCreatedAt:    timestamp(account.Credentials.SecretCreatedAt),
		SecretFingerprint:  account.Credentials.SecretDigest.Fingerprint(),
		DeletionProtection: account.DeletionProtection, AddToNewProjects: account.AddToNewProjects,
		Contact: Contact{
			ID: account.Contact.ID.String(), Name: account.Contact.Name, EmailAddress: account.Contact.EmailAddress,
		},
		CreatedAt: timestamp(account.CreatedAt), UpdatedAt: timestamp(account.UpdatedAt),
	}
	if !account.Sunset.IsZero() {
		days := store.DaysLeft(account.Sunset, account.ReadAt)
		wire.SunsetAt, wire.DaysUntilSunset = optional(timestamp(account.Sunset)), &days
	}
	if !account.LastTokenAt.IsZero() {
		wire.LastTokenAt = optional(timestamp(account.LastTokenAt))
	}
	return wire
}

// accountETag leaves out what changes without an edit, the last token and the days that pass: it must not make an editor's
// If-Match stale.
func accountETag(account store.ServiceAccount) string {
	return etag(edited(newServiceAccount(account)))
}

func edited(account ServiceAccount) ServiceAccount {
	account.LastTokenAt, account.DaysUntilSunset = nil, nil
	return account
}

// timestamp writes a time as Procore does: UTC, to the second.
func timestamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// optional returns nil for the empty text, which goes out as null.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

type accounts struct{ Config }

type accountOutput struct {
	ETag string `header:"ETag"`
	Body Data[ServiceAccount]
}

func newAccountOutput(account store.ServiceAccount) *accountOutput {
	return &accountOutput{ETag: accountETag(account), Body: Data[ServiceAccount]{newServiceAccount(account)}}
}

func (a *accounts) get(ctx context.Context, input *AccountParams) (*accountOutput, error) {
	id, err := input.account()
	if err != nil {
		return nil, err
	}
	account, err := a.ServiceAccounts.ServiceAccount(ctx, input.company(), id)
	if err != nil {
		return nil, err
	}
	return newAccountOutput(account), nil
}

type updateInput struct {
	ChangeParams
	Body Object[ServiceAccountUpdate]
}

// Resolve adds what the store's rules find to what the schema finds (huma.Resolver).
func (i *updateInput) Resolve(ctx huma.Context) []error {
	return slices.Concat(i.ChangeParams.Resolve(ctx), i.Body.faults("marketplace_app"), faultErrors(i.Body.Value.change().Validate()))
}

func (a *accounts) update(ctx context.Context, input *updateInput) (*accountOutput, error) {
	id, err := input.account()
	if err != nil {
		return nil, err
	}
	account, err := a.ServiceAccounts.UpdateServiceAccount(ctx, input.company(), id, input.Body.Value.change(), input.precondition())
	if err != nil {
		return nil, err
	}
	return newAccountOutput(account), nil
}

// nothing is an answer without a body: 204.
type nothing struct{}

func (a *accounts) delete(ctx context.Context, input *ChangeParams) (*nothing, error) {
	id, err := input.account()
	if err != nil {
		return nil, err
	}
	return nil, a.ServiceAccounts.DeleteServiceAccount(ctx, input.company(), id, input.precondition())
}

type revokeTokensInput struct {
	ChangeParams
	OnceParams
	Body *Object[NoFields]
}

// Resolve adds what the schema can't find (huma.Resolver).
func (i *revokeTokensInput) Resolve(ctx huma.Context) []error {
	return slices.Concat(i.ChangeParams.Resolve(ctx), i.OnceParams.Resolve(ctx))
}

// doneOutput is an answer without a body to a request that may be repeated: 204.
type doneOutput struct{ OnceHeaders }

// NoFields is the body of an action that takes nothing: absent, or an empty object.
type NoFields struct{}

func (a *accounts) revokeTokens(ctx context.Context, input *revokeTokensInput) (*doneOutput, error) {
	id, err := input.account()
	if err != nil {
		return nil, err
	}
	answer := func(store.ServiceAccount) *doneOutput { return &doneOutput{} }
	return doOnce(input.onceRequest(ctx, input.Body.sent()), answer, func(once *store.Once[store.ServiceAccount]) (none store.ServiceAccount, err error) {
		return none, a.ServiceAccounts.RevokeTokens(ctx, input.company(), id, input.precondition(), once)
	})
}

// Me is the caller's own account.
type Me struct {
	ServiceAccount
	Permissions CompanyPermissions `json:"permissions"`
}

type meOutput struct {
	ETag string `header:"ETag"`
	Body Data[Me]
}

func (a *accounts) me(ctx context.Context, _ *CompanyParams) (*meOutput, error) {
	principal := caller(ctx)
	body := Me{newServiceAccount(principal.Account), CompanyPermissions{principal.Levels.Effective()}}
	tagged := body
	tagged.ServiceAccount = edited(body.ServiceAccount)
	return &meOutput{ETag: etag(tagged), Body: Data[Me]{body}}, nil
}
