package rest

import (
	"context"
	"slices"

	"github.com/procore/terraform-provider-procore/server/store"
)

type listInput struct {
	CompanyParams
	PageParams
	Name     string   `query:"filters[name]" doc:"The account of this name, whatever the case"`
	ClientID string   `query:"filters[client_id]" doc:"The account with this client id"`
	AppType  string   `query:"filters[app_type]" enum:"custom,marketplace"`
	Status   string   `query:"filters[status]" enum:"active,nonfunctional,expired"`
	IDs      []string `query:"filters[id][],explode" maxItems:"1000" doc:"The accounts with these ids; repeatable"`
	ID       []string `query:"filters[id],explode" maxItems:"1000" doc:"Another spelling of filters[id][]"`
	Search   string   `query:"filters[search]" doc:"Accounts whose name, description or client id contains this, whatever the case"`
	Sort     string   `query:"sort" enum:"name,-name,created_at,-created_at" doc:"By id unless told; - reverses"`
}

type listOutput struct {
	PageHeaders
	Body TaggedList[ServiceAccount]
}

func (a *accounts) list(ctx context.Context, input *listInput) (*listOutput, error) {
	page, err := a.ServiceAccounts.ListServiceAccounts(ctx, input.company(), input.query())
	if err != nil {
		return nil, err
	}
	return &listOutput{input.headers(ctx, page.Total), taggedList(page.Items, newServiceAccount, accountETag)}, nil
}

func (i *listInput) query() store.ServiceAccountQuery {
	return store.ServiceAccountQuery{
		Name: i.Name, ClientID: i.ClientID, AppType: store.AppType(i.AppType), Status: store.Status(i.Status),
		IDs: idFilter(i.IDs, i.ID), Search: i.Search, Sort: store.Sort(i.Sort), Page: i.request(),
	}
}

// idFilter returns the ids of a filter in both of its spellings: nil where neither is given. An id that can't exist
// selects nothing.
func idFilter(spellings ...[]string) []store.ID {
	wanted := slices.Concat(spellings...)
	if len(wanted) == 0 {
		return nil
	}
	ids := []store.ID{}
	for _, text := range wanted {
		if id, ok := store.ParseID(text); ok {
			ids = append(ids, id)
		}
	}
	return ids
}
