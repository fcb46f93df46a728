package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
)

func insertContact(ctx context.Context, tx *sql.Tx, company, account store.ID, contact store.Contact, now time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO contacts (company_id, service_account_id, name, email_address,
		assigned_email_address, active, created_at, updated_at) VALUES (?, ?, ?, ?, ?, 1, ?, ?)`,
		company, account, contact.Name, contact.EmailAddress, contact.AssignedEmailAddress, micros(now), micros(now))
	return err
}
