package provider

import (
	"context"
	"fmt"
	"iter"
	"math"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/procore/terraform-provider-procore/provider/client"
)

// listBase is what every list resource has in common. A list gives each object as an import and a read of it would: the same
// identity, the same attributes, and never a secret.
type listBase struct{ connection }

// Configure implements list.ListResourceWithConfigure.
func (b *listBase) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	b.configure(req.ProviderData, &resp.Diagnostics)
}

// listing is one request for a list.
type listing struct {
	req       list.ListRequest
	api       *client.Client
	companyID string
	tried     operation // for the diagnostic of its failure
}

// begin reads the configuration of a list into config. When there is no list to be had, it makes the reasons the list's results and
// reports false.
func (b *listBase) begin(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream, config any) (listing, bool) {
	var diags diag.Diagnostics
	var companyID types.String
	diags.Append(req.Config.Get(ctx, config)...)
	diags.Append(req.Config.GetAttribute(ctx, path.Root("company_id"), &companyID)...)
	begun := listing{req: req, api: b.api(&diags), companyID: b.company(companyID, &diags)}
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return listing{}, false
	}
	return begun, true
}

// most is how many objects to ask the API for; 0 is all. It is one more than Terraform wants, which tells whether there are more.
func (l listing) most() int {
	if l.req.Limit <= 0 || l.req.Limit >= math.MaxInt32 {
		return 0
	}
	return int(l.req.Limit) + 1
}

// listed is an object that a list has found.
type listed struct {
	name     string // what a person knows it by, with its ID
	identity any
	model    any // as its resource's Read fills it
}

// The identities of listed objects.
type (
	objectIdentity struct {
		CompanyID types.String `tfsdk:"company_id"`
		ID        types.String `tfsdk:"id"`
	}
	membershipIdentity struct {
		CompanyID        types.String `tfsdk:"company_id"`
		ServiceAccountID types.String `tfsdk:"service_account_id"`
		ProjectID        types.String `tfsdk:"project_id"`
	}
)

// named is a name with the ID that tells it from others like it. Terraform prints it as it is.
func named(name, id string) string { return client.Presentable(name) + " (" + id + ")" }

// results hands on what is found as it is found. An error ends it, so that a part is never taken for the whole; that Terraform wants
// no more than Limit, while there is more, is a warning with the last result, since Terraform itself says nothing of it.
func (b *listBase) results(ctx context.Context, l listing, found iter.Seq2[listed, error]) iter.Seq[list.ListResult] {
	return func(push func(list.ListResult) bool) {
		var last *list.ListResult // the one that Limit ends with, until it is known whether there is more
		var count int64
		for object, err := range found {
			if err != nil {
				var diags diag.Diagnostics
				b.report(&diags, l.tried, err)
				push(list.ListResult{Diagnostics: diags})
				return
			}
			if last != nil {
				warnLimit(&last.Diagnostics, l)
				break
			}
			result := l.result(ctx, object)
			count++
			if count == l.req.Limit {
				last = &result
			} else if !push(result) {
				return
			}
		}
		if last != nil {
			push(*last)
		}
	}
}

func (l listing) result(ctx context.Context, object listed) list.ListResult {
	result := l.req.NewListResult(ctx)
	result.DisplayName = object.name
	result.Diagnostics.Append(result.Identity.Set(ctx, object.identity)...)
	if l.req.IncludeResource {
		result.Diagnostics.Append(result.Resource.Set(ctx, object.model)...)
	}
	return result
}

func warnLimit(diags *diag.Diagnostics, l listing) {
	diags.AddWarning("There is more than the list's limit",
		fmt.Sprintf("Only the first %d are listed, and company %s has more that the filters let through. To list them all, raise limit in the "+
			"list block; without one Terraform takes 100. To list fewer, narrow the filters.", l.req.Limit, l.companyID))
}

// accounts are the accounts whose access is to be listed: the one of that ID, or all.
func (l listing) accounts(accountID types.String) func(context.Context) iter.Seq2[client.ServiceAccount, error] {
	return func(ctx context.Context) iter.Seq2[client.ServiceAccount, error] {
		if accountID.IsNull() {
			return l.api.ServiceAccounts(ctx, l.companyID, client.ServiceAccountFilter{}, 0)
		}
		return func(yield func(client.ServiceAccount, error) bool) {
			account, err := l.api.GetServiceAccount(ctx, l.companyID, accountID.ValueString())
			yield(*account, err)
		}
	}
}

// triedAccess names the listing of the access of an account, or of all, for its diagnostics.
func triedAccess(verb string, accountID types.String, companyID string) operation {
	tried := operation{verb: verb, noun: "service accounts", companyID: companyID}
	if !accountID.IsNull() {
		tried.noun, tried.object = "service account", accountID.ValueString()
	}
	return tried
}

// listUse ends the description of every list: where it goes, and what there is where it can't.
const listUse = "\n\nIt stands in a file whose name ends in `.tfquery.hcl`, and `terraform query` runs it (Terraform 1.14 or newer); with `-generate-config-out` that " +
	"writes a resource and an import block for each. The guide [Import existing accounts](../guides/import-existing-accounts.md) has it whole, and " +
	"`terraform-provider-procore export` for OpenTofu and older versions of Terraform."

// The arguments of lists.

func companyIDFilter() schema.StringAttribute {
	return schema.StringAttribute{
		Optional: true, Validators: []validator.String{isID()},
		MarkdownDescription: "ID of the company to look in. Defaults to the provider's `company_id`.",
	}
}

func textFilter(description string, checks ...validator.String) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, MarkdownDescription: description, Validators: checks}
}

// mostIDs keeps a request's address, which holds them all, well below what servers and proxies take.
const mostIDs = 100

func idsFilter(nouns string) schema.ListAttribute {
	return schema.ListAttribute{
		Optional: true, ElementType: types.StringType,
		Validators: []validator.List{
			listvalidator.SizeBetween(1, mostIDs), listvalidator.UniqueValues(), listvalidator.NoNullValues(), listvalidator.ValueStringsAre(isID()),
		},
		MarkdownDescription: fmt.Sprintf("Only %s with one of these IDs, 1 to %d of them. One that doesn't exist is passed over.", nouns, mostIDs),
	}
}

// texts are the elements of a list of strings.
func texts(elements types.List) []string {
	var all []string
	for _, element := range elements.Elements() {
		if text, ok := element.(types.String); ok {
			all = append(all, text.ValueString())
		}
	}
	return all
}

// accountAccessFilter is service_account_id on the lists of what accounts may do.
func accountAccessFilter(what string) schema.StringAttribute {
	return textFilter("ID of a service account: only its "+what+". It must exist. Without it, those of all accounts of the company are listed, with a request "+
		"for many accounts at a time.", isID())
}
