//go:build unix

package sqlite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/procore/terraform-provider-procore/server/store"
)

// The benchmarks of the store, for benchstat:
//
//	go test ./server/store/sqlite -run '^$' -bench . -count 10 | tee new.txt && benchstat old.txt new.txt
//
// Each makes its database in a new folder under TMPDIR, which must be on a disk for the changes to mean anything; on it
// BenchmarkSync is the floor of one change alone.

// benchAccounts is how many accounts the lookups have to find theirs among.
const benchAccounts = 10_000

// benched returns a database with that many accounts, besides the administrator.
func benched(b *testing.B, count int) (*Store, []store.ServiceAccount) {
	b.Helper()
	database, err := Open(b.Context(), Options{Path: filepath.Join(b.TempDir(), "procore.db"), Create: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := database.Close(); err != nil {
			b.Error(err)
		}
	})
	admin, err := database.Initialize(b.Context(), store.NewCompany{Name: "Acme", Admin: newAccount("Administrator", store.AdminLevels())},
		store.SigningKey{ID: "key", Algorithm: "ES256", PrivateKey: []byte{1}, CreatedAt: time.Now()})
	if err != nil {
		b.Fatal(err)
	}
	accounts := make([]store.ServiceAccount, 1+count)
	accounts[0] = admin
	at(b, 64, count, func(ctx context.Context, i int64) (err error) {
		account := newAccount(fmt.Sprint("exporter ", i), store.Levels{"documents": store.LevelReadOnly})
		accounts[i], err = database.CreateServiceAccount(ctx, admin.CompanyID, account, nil)
		return err
	})
	return database, accounts
}

// at does so many pieces of work, so many at once.
func at(b *testing.B, once, count int, work func(ctx context.Context, i int64) error) {
	b.Helper()
	var next atomic.Int64
	defer func(before time.Duration) {
		b.ReportMetric(float64(processorTime(b)-before)/float64(count), "cpu-ns/op")
	}(processorTime(b))
	done := make(chan error, once)
	ctx, cancel := context.WithCancel(context.Background()) // as a request's: one that can end
	defer cancel()
	for range once {
		go func() {
			for i := next.Add(1); i <= int64(count); i = next.Add(1) {
				if err := work(ctx, i); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range once {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
}

// processorTime is what this process has used of the processors: steadier than the time that passed, where others use the
// machine too.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkSync appends a page to a file and waits until it is on the disk, as little as a commit can do.
func BenchmarkSync(b *testing.B) {
	file, err := os.Create(filepath.Join(b.TempDir(), "file"))
	if err != nil {
		b.Fatal(err)
	}
	page := make([]byte, 4096)
	for b.Loop() {
		if _, err := file.Write(page); err != nil {
			b.Fatal(err)
		}
		if err := file.Sync(); err != nil {
			b.Fatal(err)
		}
	}
	if err := file.Close(); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkCreate(b *testing.B) {
	for _, once := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("writers=%d", once), func(b *testing.B) {
			database, accounts := benched(b, 0)
			b.ReportAllocs()
			b.ResetTimer()
			at(b, once, b.N, func(ctx context.Context, i int64) error {
				_, err := database.CreateServiceAccount(ctx, accounts[0].CompanyID, newAccount(fmt.Sprint("exporter ", i), nil), nil)
				return err
			})
		})
	}
}

func BenchmarkReset(b *testing.B) {
	for _, once := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("writers=%d", once), func(b *testing.B) {
			database, accounts := benched(b, 1000)
			b.ReportAllocs()
			b.ResetTimer()
			at(b, once, b.N, func(ctx context.Context, i int64) error {
				account := accounts[1+i%1000]
				_, _, err := database.ResetSecret(ctx, account.CompanyID, account.ID, store.SecretReset{SecretDigest: store.NewSecret().Digest()}, nil, nil)
				return err
			})
		})
	}
}

func BenchmarkLookUp(b *testing.B) {
	database, accounts := benched(b, benchAccounts)
	for name, work := range map[string]func(ctx context.Context, account store.ServiceAccount) error{
		"by=ClientID": func(ctx context.Context, account store.ServiceAccount) error {
			_, err := database.ServiceAccountByClientID(ctx, account.ClientID)
			return err
		},
		"by=TokenID": func(ctx context.Context, account store.ServiceAccount) error {
			_, err := database.Principal(ctx, account.ID, "token")
			return err
		},
		"by=ID": func(ctx context.Context, account store.ServiceAccount) error {
			_, err := database.ServiceAccount(ctx, account.CompanyID, account.ID)
			return err
		},
	} {
		for _, once := range []int{1, 16} {
			b.Run(fmt.Sprintf("%s/readers=%d", name, once), func(b *testing.B) {
				b.ReportAllocs()
				at(b, once, b.N, func(ctx context.Context, i int64) error {
					return work(ctx, accounts[i*7919%int64(len(accounts))])
				})
			})
		}
	}
}
