package rest

import (
	"context"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/procore/terraform-provider-procore/server/store"
)

// ServiceAccountCreate is the body that makes an account.
type ServiceAccountCreate struct {
	Name               string  `json:"name" doc:"1 to 255 characters, unique in the company whatever the case; trimmed; no control characters"`
	AppType            string  `json:"app_type,omitempty" enum:"custom,marketplace" doc:"custom unless told"`
	MarketplaceApp     *string `json:"marketplace_app,omitempty" nullable:"true" doc:"1 to 255 characters; required when app_type is marketplace, refused otherwise"`
	Description        string  `json:"description,omitempty" doc:"At most 10,000 characters"`
	DeletionProtection bool    `json:"deletion_protection,omitempty"`
	AddToNewProjects   bool    `json:"add_to_new_projects,omitempty"`
	ClientSecret       *string `json:"client_secret,omitempty" nullable:"true" doc:"A well-formed secret of your own; generated when absent or null"`
}

type createInput struct {
	CompanyParams
	OnceParams
	Body Object[ServiceAccountCreate]
}

// Resolve adds what the store's rules find to what the schema finds, so that one answer names every fault
// (huma.Resolver).
func (i *createInput) Resolve(ctx huma.Context) []error {
	account := i.account(store.Secret{})
	if i.Body.names["app_type"] && account.AppType == "" {
		account.MarketplaceApp = "" // whether it goes with a type that is none can't be told
	}
	return slices.Concat(i.CompanyParams.Resolve(ctx), i.OnceParams.Resolve(ctx), i.Body.faults("marketplace_app", "client_secret"),
		faultErrors(account.Normalize()), secretFaults(i.Body.Value.ClientSecret))
}

func (i *createInput) account(secret store.Secret) store.NewServiceAccount {
	body := i.Body.Value
	return store.NewServiceAccount{
		Name: body.Name, AppType: store.AppType(body.AppType), MarketplaceApp: text(body.MarketplaceApp),
		Description: body.Description, DeletionProtection: body.DeletionProtection,
		AddToNewProjects: body.AddToNewProjects, ClientID: store.NewClientID(), SecretDigest: secret.Digest(),
	}
}

type createOutput struct {
	OnceHeaders
	ETag         string `header:"ETag"`
	Location     string `header:"Location" doc:"The path of the new account"`
	CacheControl string `header:"Cache-Control"`
	Body         Data[ServiceAccountWithSecret]
}

// noStore goes with every answer that shows a secret (RFC 9111 5.2.2.5).
const noStore = "no-store"

func (a *accounts) create(ctx context.Context, input *createInput) (*createOutput, error) {
	secret := secretOf(input.Body.Value.ClientSecret)
	answer := func(account store.ServiceAccount) *createOutput {
		body := ServiceAccountWithSecret{newServiceAccount(account), secret.Reveal()}
		return &createOutput{
			ETag: accountETag(account), CacheControl: noStore,
			Location: "/rest/v2.0/companies/" + account.CompanyID.String() + "/service_accounts/" + account.ID.String(),
			Body:     Data[ServiceAccountWithSecret]{body},
		}
	}
	return doOnce(input.onceRequest(ctx, input.Body.sent()), answer, func(once *store.Once[store.ServiceAccount]) (store.ServiceAccount, error) {
		return a.ServiceAccounts.CreateServiceAccount(ctx, input.company(), input.account(secret), once)
	})
}

// secretFaults returns what is wrong with a secret that a request brings.
func secretFaults(brought *string) []error {
	if brought == nil {
		return nil
	}
	if _, ok := store.ParseSecret(*brought); ok {
		return nil
	}
	return []error{faultError{store.Fault{
		Reason: "malformed", Source: "client_secret",
		Message: "must be pcs_, 43 base62 characters and their checksum; make one with generate-secret",
	}, true}}
}

// secretOf returns the secret that a request brings, whose faults were looked for, or a new one when it brings none.
func secretOf(brought *string) store.Secret {
	if brought == nil {
		return store.NewSecret()
	}
	secret, _ := store.ParseSecret(*brought)
	return secret
}

// ServiceAccountUpdate is the body that edits an account. What is left out stays as it is.
type ServiceAccountUpdate struct {
	Name               *string          `json:"name,omitempty" nullable:"false" doc:"1 to 255 characters, unique in the company whatever the case; trimmed; no control characters"`
	AppType            *string          `json:"app_type,omitempty" nullable:"false" enum:"custom,marketplace"`
	MarketplaceApp     Nullable[string] `json:"marketplace_app,omitempty" doc:"null for none; must be null with app_type custom"`
	Description        *string          `json:"description,omitempty" nullable:"false" doc:"At most 10,000 characters"`
	DeletionProtection *bool            `json:"deletion_protection,omitempty" nullable:"false"`
	AddToNewProjects   *bool            `json:"add_to_new_projects,omitempty" nullable:"false"`
}

func (u ServiceAccountUpdate) change() store.ServiceAccountChange {
	change := store.ServiceAccountChange{
		Name: u.Name, Description: u.Description, DeletionProtection: u.DeletionProtection, AddToNewProjects: u.AddToNewProjects,
	}
	if u.AppType != nil {
		appType := store.AppType(*u.AppType)
		change.AppType = &appType
	}
	if u.MarketplaceApp.Sent {
		app := text(u.MarketplaceApp.Value)
		change.MarketplaceApp = &app
	}
	return change
}

// text returns "" for null.
func text(value *string) string {
	if value == nil {
		return ""
	}
	return *value
}
