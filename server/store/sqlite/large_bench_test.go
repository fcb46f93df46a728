package sqlite_test

import (
	"context"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/servertest/bulk"
	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/sqlite"
	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

// largeAccounts is how many the company has.
const largeAccounts = 100_000

// BenchmarkLarge measures what could grow with the number of accounts, in a company of 100,000 and on all processors at once:
//
//	go test ./server/store/sqlite -run '^$' -bench Large -count 10 | tee new.txt && benchstat old.txt new.txt
func BenchmarkLarge(b *testing.B) {
	database, company := newLargeStore(b)
	for _, number := range []int{1, 900} {
		query := store.ServiceAccountQuery{Page: store.PageRequest{Number: number, Size: 100}}
		b.Run("page="+strconv.Itoa(number), func(b *testing.B) {
			parallel(b, func(ctx context.Context, _ int) error {
				_, err := database.ListServiceAccounts(ctx, company, query)
				return err
			})
		})
	}
	b.Run("search", func(b *testing.B) {
		parallel(b, func(ctx context.Context, number int) error {
			_, err := database.ListServiceAccounts(ctx, company, store.ServiceAccountQuery{
				Search: bulk.Name(number), Page: store.PageRequest{Number: 1, Size: 10},
			})
			return err
		})
	})
	var made atomic.Int64
	b.Run("reset", func(b *testing.B) {
		parallel(b, func(ctx context.Context, number int) error {
			another := store.DigestSecret(strconv.FormatInt(made.Add(1), 10)) // the live one again would be refused
			_, _, err := database.ResetSecret(ctx, company, store.ID(number+1), store.SecretReset{SecretDigest: another}, nil, nil)
			return err
		})
	})
}

// newLargeStore returns a database with a company whose accounts are numbered: number 1 has id 2, because the administrator comes first.
func newLargeStore(b *testing.B) (database *sqlstore.Store, company store.ID) {
	b.Helper()
	path := filepath.Join(b.TempDir(), "procore.db")
	made, err := sqlite.Open(b.Context(), sqlite.Options{Path: path, Create: true})
	if err != nil {
		b.Fatal(err)
	}
	admin, err := made.Initialize(b.Context(), store.NewCompany{Name: "Acme", Admin: store.NewServiceAccount{
		Name: "Administrator", ClientID: store.NewClientID(), SecretDigest: store.NewSecret().Digest(), Levels: store.AdminLevels(),
	}}, store.SigningKey{ID: "key", Algorithm: "ES256", PrivateKey: []byte{1}, CreatedAt: time.Now()})
	if err != nil {
		b.Fatal(err)
	}
	if err := made.Close(); err != nil {
		b.Fatal(err)
	}
	if err := bulk.Populate(b.Context(), path, bulk.Accounts{Count: largeAccounts}); err != nil {
		b.Fatal(err)
	}
	opened, err := sqlite.Open(context.WithoutCancel(b.Context()), sqlite.Options{Path: path})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := opened.Close(); err != nil {
			b.Error(err)
		}
	})
	return opened.Store, admin.CompanyID
}

// parallel does the work on all processors at once, each time with another account's number.
func parallel(b *testing.B, work func(ctx context.Context, number int) error) {
	b.Helper()
	b.ReportAllocs()
	var turn atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			number := 1 + int(turn.Add(1)*2_654_435_761%largeAccounts)
			if err := work(b.Context(), number); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
