package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/procore/terraform-provider-procore/server/oauth"
	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/postgres"
	"github.com/procore/terraform-provider-procore/server/store/sqlite"
	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

type doctorCommand struct {
	Database
	masterKeyFlags
	Output string `enum:"text,json" default:"text" help:"How to print what was found: ${enum}."`
}

// Run prints one line for each check, and fails when one found a problem. It changes nothing.
func (c doctorCommand) Run(ctx context.Context, e *environment) error {
	now := time.Now()
	inspection, err := inspect(ctx, c.Database.Database, now)
	if err != nil {
		return err
	}
	findings := inspection.Findings
	switch {
	case inspection.KeysErr != nil:
		findings = append(findings, sqlstore.Finding{
			Check: "signing_keys", Status: sqlstore.StatusProblem, Message: "The signing keys can't be read: " + inspection.KeysErr.Error(),
			NextStep: "See integrity.",
		})
	case inspection.Read:
		findings = append(findings, c.keyFindings(inspection.SigningKeys, now)...)
	}
	if err := printFindings(e.stdout, c.Output, findings); err != nil {
		return err
	}
	problems := 0
	for _, finding := range findings {
		if finding.Status == sqlstore.StatusProblem {
			problems++
		}
	}
	if problems > 0 {
		return fmt.Errorf("checks of %s that found a problem: %d", databaseName(c.Database.Database), problems)
	}
	return nil
}

func inspect(ctx context.Context, database string, now time.Time) (sqlstore.Inspection, error) {
	if postgres.IsURL(database) {
		return postgres.Inspect(ctx, database, now)
	}
	return sqlite.Inspect(ctx, database, now)
}

func printFindings(to io.Writer, output string, findings []sqlstore.Finding) error {
	if output == "json" {
		return json.NewEncoder(to).Encode(findings)
	}
	for _, finding := range findings {
		line := fmt.Sprintf("%-8s %s: %s", finding.Status, finding.Check, sentence(errors.New(finding.Message)))
		if finding.NextStep != "" {
			line += " → " + finding.NextStep
		}
		if _, err := fmt.Fprintln(to, line); err != nil {
			return err
		}
	}
	return nil
}

// keyFindings looks at the signing keys, which takes the master key where they are sealed.
func (c doctorCommand) keyFindings(keys []store.SigningKey, now time.Time) []sqlstore.Finding {
	master, err := c.masterKey()
	if err != nil {
		return []sqlstore.Finding{{
			Check: "master_key", Status: sqlstore.StatusProblem, Message: err.Error(),
			NextStep: "Give the right master key: a server doesn't start with this one.",
		}, checkSigner(keys, now)}
	}
	return []sqlstore.Finding{checkMasterKey(keys, master), checkKeys(keys, master), checkSigner(keys, now)}
}

func checkMasterKey(keys []store.SigningKey, master store.MasterKey) sqlstore.Finding {
	finding := sqlstore.Finding{Check: "master_key", Status: sqlstore.StatusOK}
	sealed := 0
	for _, key := range keys {
		if key.Sealed() {
			sealed++
		}
	}
	switch {
	case sealed == 0 && master.IsZero():
		finding.Message = "The signing keys are in plain, and no master key is given: whoever can read the file can sign tokens."
	case sealed < len(keys) && !master.IsZero():
		finding.Status, finding.Message = sqlstore.StatusWarning, fmt.Sprintf("Signing keys in plain, although a master key is given: %d of %d.", len(keys)-sealed, len(keys))
		finding.NextStep = "Start a server with the master key, which seals them."
	case sealed < len(keys):
		finding.Status, finding.Message = sqlstore.StatusWarning, fmt.Sprintf("Signing keys in plain: %d of %d. The others are sealed.", len(keys)-sealed, len(keys))
		finding.NextStep = "Start a server with the master key, which seals them."
	case master.IsZero():
		finding.Status, finding.Message = sqlstore.StatusWarning, "The signing keys are sealed, and no master key is given, so that they could not be looked at."
		finding.NextStep = "Run doctor with the servers' PROCORE_MASTER_KEY or --master-key-file."
	default:
		finding.Message = fmt.Sprintf("The signing keys are sealed. The master key that is given is %s.", master.ID())
	}
	return finding
}

func checkKeys(keys []store.SigningKey, master store.MasterKey) sqlstore.Finding {
	finding := sqlstore.Finding{Check: "signing_keys", Status: sqlstore.StatusOK, Message: fmt.Sprintf("Signing keys: %d, and each can be used.", len(keys))}
	var faults []error
	unseen := 0
	for _, key := range keys {
		err := oauth.CheckSigningKey(key, master)
		switch {
		case errors.Is(err, &store.Error{Code: store.CodeNoMasterKey}):
			unseen++
		case err != nil:
			faults = append(faults, err)
		}
	}
	switch {
	case len(keys) == 0:
		finding.Status, finding.Message = sqlstore.StatusProblem, "There is no signing key, so that no server starts."
		finding.NextStep = "Restore a backup."
	case len(faults) > 0:
		finding.Status, finding.Message = sqlstore.StatusProblem, sentence(errors.Join(faults...))
		finding.NextStep = "Give the right master key. If it is lost, or a key is damaged: terraform-provider-procore keys rotate --discard-old with a new master key, which ends all tokens."
	case unseen > 0:
		finding.Message = fmt.Sprintf("Signing keys: %d, of them sealed, and not looked at: %d.", len(keys), unseen)
	}
	return finding
}

// checkSigner looks at what each key does. The times say whether a rotation has gone wrong.
func checkSigner(keys []store.SigningKey, now time.Time) sqlstore.Finding {
	finding := sqlstore.Finding{Check: "signing", Status: sqlstore.StatusOK}
	signs := store.SigningKeyAt(keys, now)
	if signs < 0 {
		finding.Status, finding.Message, finding.NextStep = sqlstore.StatusProblem, "No key signs.", "Restore a backup."
		return finding
	}
	counts := map[store.KeyState]int{}
	for i := range keys {
		state, _ := store.KeyStateAt(keys, i, now)
		counts[state]++
	}
	finding.Message = fmt.Sprintf("Key %s (%s) signs since %s; %d pending, %d retiring, %d ended.", keys[signs].ID, keys[signs].Algorithm,
		wireTime(keys[signs].SignAfter), counts[store.KeyPending], counts[store.KeyRetiring], counts[store.KeyEnded])
	switch {
	case keys[signs].SignAfter.After(now):
		finding.Status, finding.NextStep = sqlstore.StatusWarning, "Set the clock right: by this machine's no key should sign yet, and the oldest does."
	case signs > 0 && keys[0].SignAfter.After(now.Add(store.MaxKeyLead)):
		finding.Status, finding.NextStep = sqlstore.StatusWarning, "A key begins to sign far in the future, so that a clock was wrong when it was made. Rotate again."
	case counts[store.KeyEnded] > 0:
		finding.NextStep = "The ended ones can be deleted: terraform-provider-procore keys prune"
	}
	return finding
}
