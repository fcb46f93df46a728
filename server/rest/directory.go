package rest

import (
	"context"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/procore/terraform-provider-procore/server/store"
)

// DirectoryContact is a contact on the wire, as a company's directory shows it.
type DirectoryContact struct {
	Contact
	GeneratedEmailAddress string `json:"generated_email_address" doc:"The address that the contact was made with; its account works with no other" example:"ci-exporter-acme-17@service-accounts.invalid"`
	HomeCompanyID         string `json:"home_company_id" doc:"The company whose service account the contact stands for" example:"1"`
	ServiceAccountID      string `json:"service_account_id" example:"17"`
	Active                bool   `json:"active" doc:"false once the service account has been deleted"`
	CreatedAt             string `json:"created_at" format:"date-time"`
	UpdatedAt             string `json:"updated_at" format:"date-time"`
}

func newDirectoryContact(contact store.DirectoryContact) DirectoryContact {
	return DirectoryContact{
		Contact:               Contact{ID: contact.ID.String(), Name: contact.Name, EmailAddress: contact.EmailAddress},
		GeneratedEmailAddress: contact.AssignedEmailAddress,
		HomeCompanyID:         contact.HomeCompanyID.String(), ServiceAccountID: contact.ServiceAccountID.String(),
		Active: contact.Active, CreatedAt: timestamp(contact.CreatedAt), UpdatedAt: timestamp(contact.UpdatedAt),
	}
}

func contactETag(contact store.DirectoryContact) string { return etag(newDirectoryContact(contact)) }

type directory struct{ Config }

type contactOutput struct {
	ETag string `header:"ETag"`
	Body Data[DirectoryContact]
}

func newContactOutput(contact store.DirectoryContact) *contactOutput {
	return &contactOutput{contactETag(contact), Data[DirectoryContact]{newDirectoryContact(contact)}}
}

// ContactParams are the parameters of every route below a contact.
type ContactParams struct {
	CompanyParams
	ContactID string `path:"id" doc:"The contact's id" example:"33"`
}

func (p ContactParams) contact() (store.ID, error) { return parseID("contact", p.ContactID) }

type listContactsInput struct {
	CompanyParams
	PageParams
}

type listContactsOutput struct {
	PageHeaders
	Body Data[[]DirectoryContact]
}

func (d *directory) list(ctx context.Context, input *listContactsInput) (*listContactsOutput, error) {
	page, err := d.Directory.ListContacts(ctx, input.company(), input.request())
	if err != nil {
		return nil, err
	}
	output := &listContactsOutput{PageHeaders: input.headers(ctx, page.Total)}
	output.Body.Data = wires(page.Items, newDirectoryContact)
	return output, nil
}

func (d *directory) get(ctx context.Context, input *ContactParams) (*contactOutput, error) {
	id, err := input.contact()
	if err != nil {
		return nil, err
	}
	contact, err := d.Directory.Contact(ctx, input.company(), id)
	if err != nil {
		return nil, err
	}
	return newContactOutput(contact), nil
}

// ContactAdd is the body that puts a contact into a further directory.
type ContactAdd struct {
	ContactID string `json:"contact_id" doc:"The id of a contact of another company" example:"33"`
}

type addContactInput struct {
	CompanyParams
	OnceParams
	Body Object[ContactAdd]
}

// Resolve adds what the schema can't find (huma.Resolver).
func (i *addContactInput) Resolve(ctx huma.Context) []error {
	return slices.Concat(i.CompanyParams.Resolve(ctx), i.OnceParams.Resolve(ctx), i.Body.faults())
}

type addContactOutput struct {
	OnceHeaders
	ETag string `header:"ETag"`
	Body Data[DirectoryContact]
}

func (d *directory) add(ctx context.Context, input *addContactInput) (*addContactOutput, error) {
	id, err := parseID("contact", input.Body.Value.ContactID)
	if err != nil {
		return nil, err
	}
	answer := func(contact store.DirectoryContact) *addContactOutput {
		return &addContactOutput{ETag: contactETag(contact), Body: Data[DirectoryContact]{newDirectoryContact(contact)}}
	}
	return doOnce(input.onceRequest(ctx, input.Body.sent()), answer, func(once *store.Once[store.DirectoryContact]) (store.DirectoryContact, error) {
		return d.Directory.AddContact(ctx, input.company(), id, once)
	})
}

// ContactUpdate is the body that changes a contact.
type ContactUpdate struct {
	EmailAddress string `json:"email_address" doc:"At most 254 characters"`
}

// ContactChangeParams are the parameters of every route that changes a contact.
type ContactChangeParams struct {
	ContactParams
	IfMatch
}

func (p ContactChangeParams) precondition() store.Precondition[store.DirectoryContact] {
	return precondition(p.IfMatch, "contact", contactETag)
}

type updateContactInput struct {
	ContactChangeParams
	Body Object[ContactUpdate]
}

// Resolve adds what the store's rules find to what the schema finds (huma.Resolver).
func (i *updateContactInput) Resolve(ctx huma.Context) []error {
	return slices.Concat(i.ContactChangeParams.Resolve(ctx), i.Body.faults(), faultErrors(store.CheckEmailAddress(i.Body.Value.EmailAddress)))
}

func (d *directory) update(ctx context.Context, input *updateContactInput) (*contactOutput, error) {
	id, err := input.contact()
	if err != nil {
		return nil, err
	}
	contact, err := d.Directory.ChangeContactEmail(ctx, input.company(), id, input.Body.Value.EmailAddress, input.precondition())
	if err != nil {
		return nil, err
	}
	return newContactOutput(contact), nil
}

func (d *directory) remove(ctx context.Context, input *ContactChangeParams) (*nothing, error) {
	id, err := input.contact()
	if err != nil {
		return nil, err
	}
	return nil, d.Directory.RemoveContact(ctx, input.company(), id, input.precondition())
}
