package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/procore/terraform-provider-procore/server/oauth"
	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/sqlite"
)

type restoreCommand struct {
	DatabaseFile
	masterKeyFlags
	From string `required:"" placeholder:"FILE" help:"The backup. It stays as it is."`
}

// Run checks the backup, puts a copy of it in the database's place, and says what to know.
func (c restoreCommand) Run(ctx context.Context, e *environment) error {
	master, err := c.masterKey()
	if err != nil {
		return err
	}
	done, err := sqlite.Restore(ctx, sqlite.Restoring{
		From: c.From, Path: c.Database, Now: time.Now(),
		CheckKey: func(key store.SigningKey) error { return checkRestoredKey(key, master) },
	})
	if err != nil {
		return err
	}
	return c.print(e.stdout, done, master)
}

// checkRestoredKey returns an error for a key that no server could use. A sealed one can't be looked at without a master key.
func checkRestoredKey(key store.SigningKey, master store.MasterKey) error {
	if key.Sealed() && master.IsZero() {
		return nil
	}
	err := oauth.CheckSigningKey(key, master)
	if errors.Is(err, &store.Error{Code: store.CodeWrongMasterKey}) {
		return fmt.Errorf("%w; a backup needs the master key of its own time", err)
	}
	return err
}

func (c restoreCommand) print(to io.Writer, done sqlite.Restored, master store.MasterKey) error {
	var text strings.Builder
	fmt.Fprintf(&text, "Restored %s from %s. Accounts: %d, the last of them changed %s.\n",
		c.Database, c.From, done.Accounts, wireTime(done.LatestChange))
	if done.Kept != "" {
		fmt.Fprintf(&text, "The database that it replaces is kept: %s\n", done.Kept)
	}
	if done.Damaged {
		text.WriteString("That one is damaged, and is kept as it was found. Ids that it gave since the backup may be given again.\n")
	}
	text.WriteString("Accounts, secrets, permissions and signing keys are those of the backup: what was made since is gone, " +
		"and secrets that were reset and tokens that were revoked since are good again. Reset and revoke them again, and run 'terraform plan' for every configuration.\n")
	fmt.Fprintf(&text, "To end every token from before the restore, use: terraform-provider-procore keys rotate --discard-old --database %s\n",
		c.Database)
	switch {
	case done.Kept != "" && !done.Damaged:
		text.WriteString("Ids that were given since the backup are not given again.\n")
	case done.Kept == "":
		text.WriteString("There was no database before: ids that were given since the backup may be given again.\n")
	}
	if done.Sealed && master.IsZero() {
		text.WriteString("The signing keys are sealed, and no master key was given to try: the servers need the one of the backup's time.\n")
	}
	_, err := io.WriteString(to, text.String())
	return err
}
