package sqlite

import (
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

// BenchmarkAmongManyAccounts reads lists of a company with 100,000 accounts: warm, cold (a store that remembers nothing),
// and with a change between any two reads.
func BenchmarkAmongManyAccounts(b *testing.B) {
	database, admin := initialized(b)
	company, ctx := admin.CompanyID, b.Context()
	crowd(b, database, company, 100_000)
	indexSearch(b, database)
	cold := forgetful(database, time.Now)
	read := func(b *testing.B, s *sqlstore.Store, query store.ServiceAccountQuery) {
		b.Helper()
		if _, err := s.ListServiceAccounts(ctx, company, query); err != nil {
			b.Fatal(err)
		}
	}
	first, late := store.PageRequest{Number: 1, Size: 100}, store.PageRequest{Number: 900, Size: 100}
	for _, list := range []struct {
		name  string
		query store.ServiceAccountQuery
	}{
		{"page=1", store.ServiceAccountQuery{Page: first}},
		{"page=900", store.ServiceAccountQuery{Page: late}},
		{"sort=name/page=1", store.ServiceAccountQuery{Page: first, Sort: store.SortByName}},
		{"sort=name/page=900", store.ServiceAccountQuery{Page: late, Sort: store.SortByName}},
		{"sort=created_at/page=900", store.ServiceAccountQuery{Page: late, Sort: store.SortByCreatedAt}},
		{"search=rare", store.ServiceAccountQuery{Page: first, Search: "crowd 9999"}},
		{"search=none", store.ServiceAccountQuery{Page: first, Search: "no such text"}},
		{"search=common", store.ServiceAccountQuery{Page: first, Search: "crowd"}},
	} {
		b.Run(list.name+"/warm", func(b *testing.B) {
			for b.Loop() {
				read(b, database.Store, list.query)
			}
		})
		b.Run(list.name+"/cold", func(b *testing.B) {
			for b.Loop() {
				read(b, cold, list.query)
			}
		})
		b.Run(list.name+"/after-a-change", func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				if _, err := database.CreateServiceAccount(ctx, company, newAccount("new "+store.NewClientID(), nil), nil); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				read(b, database.Store, list.query)
			}
		})
	}
	b.Run("one-account", func(b *testing.B) {
		for b.Loop() {
			if _, err := database.ServiceAccount(ctx, company, 50_000); err != nil {
				b.Fatal(err)
			}
		}
	})
}
