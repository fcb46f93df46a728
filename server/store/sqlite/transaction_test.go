package sqlite

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

func TestPanicInAChangeLeavesNothingAndStopsNoOther(t *testing.T) {
	t.Parallel()
	database, admin := initialized(t)
	ended := make(chan any, 1)
	go func() {
		defer func() { ended <- recover() }()
		_ = database.write(context.WithoutCancel(t.Context()), func(tx sqlstore.Tx) error {
			if _, err := tx.ExecContext(t.Context(), "UPDATE companies SET name = 'half'"); err != nil {
				return err
			}
			panic("a bug")
		})
	}()
	select {
	case got := <-ended:
		if got != "a bug" {
			t.Errorf("the panic is %v", got)
		}
	case <-time.After(patience):
		t.Fatal("the change that panicked never ends")
	}
	if err := database.RevokeTokens(t.Context(), admin.CompanyID, admin.ID, nil, nil); err != nil {
		t.Errorf("the next change: %v", err)
	}
	if company, err := database.Company(t.Context(), admin.CompanyID); err != nil || company.Name != "Acme" {
		t.Errorf("the change that panicked is kept: %q, %v", company.Name, err)
	}
}

func TestPanicInAReadStopsNoOther(t *testing.T) {
	t.Parallel()
	database, admin := initialized(t)
	for range 2 * database.readers.count {
		func() {
			defer func() { _ = recover() }()
			_ = database.read(t.Context(), func(sqlstore.Tx) error { panic("a bug") })
		}()
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := database.ServiceAccount(ctx, admin.CompanyID, admin.ID); err != nil {
		t.Error(err)
	}
}

// CodeUnavailable is answered with 503, which clients take for a change that wasn't made.
func TestChangeWhoseFilesGoWhileItIsMadeIsNotSaidToBeUndone(t *testing.T) {
	t.Parallel()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		t.Run("the database"+suffix, func(t *testing.T) {
			t.Parallel()
			database, admin := initialized(t)
			path := database.path + suffix
			err := database.write(t.Context(), func(tx sqlstore.Tx) error {
				_, err := tx.ExecContext(t.Context(), "UPDATE companies SET name = 'renamed'")
				return errors.Join(err, os.Rename(path, path+".kept"))
			})
			wantCode(t, err, store.CodeOutcomeUnknown)
			wantCode(t, database.CheckWrite(t.Context()), store.CodeUnavailable)
			if err := os.Rename(path+".kept", path); err != nil {
				t.Fatal(err)
			}
			if err := database.CheckWrite(t.Context()); err != nil {
				t.Errorf("put back: %v", err)
			}
			if company, err := database.Company(t.Context(), admin.CompanyID); err != nil || company.Name != "renamed" {
				t.Errorf("the change was made, and the company is %q, %v", company.Name, err)
			}
		})
	}
}
