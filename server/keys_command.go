package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/procore/terraform-provider-procore/server/oauth"
	"github.com/procore/terraform-provider-procore/server/store"
)

// keysCommands manage the keys that sign access tokens. All of them work while servers run: those notice within seconds.
type keysCommands struct {
	List   keysListCommand   `cmd:"" help:"List the signing keys: what each is good for, and until when. Never a key itself."`
	Rotate keysRotateCommand `cmd:"" help:"Add the next signing key while servers run. The one before stays good until its last token has ended."`
	Prune  keysPruneCommand  `cmd:"" help:"Delete the signing keys that have ended."`
	Rewrap keysRewrapCommand `cmd:"" help:"Seal the signing keys with another master key."`
}

// keyNoticed is how long a running server may take to notice a change of the signing keys.
const keyNoticed = 5 * time.Second

type keysRotateCommand struct {
	Database
	masterKeyFlags
	SigningAlgorithm string         `enum:",ES256,RS256,EdDSA" default:"" placeholder:"ALGORITHM" help:"The new key's algorithm: ES256, RS256 or EdDSA. Default: that of the key that signs now."`
	SignAfter        *time.Duration `placeholder:"DURATION" help:"How long the new key is published before it signs (10m unless told otherwise; 0s: at once). Less than five minutes, and those who check tokens offline may not know it yet."`
	DiscardOld       bool           `help:"For a key that somebody else may have: the new key signs at once, all others are deleted, and their tokens end within seconds."`
}

// Validate refuses a lead that can't be meant (kong's hook).
func (c keysRotateCommand) Validate() error {
	if err := c.Database.Validate(); err != nil {
		return err
	}
	switch {
	case c.SignAfter == nil:
	case c.DiscardOld:
		return errors.New("--discard-old leaves no key to sign with meanwhile, so --sign-after can't be given with it")
	case *c.SignAfter < 0 || *c.SignAfter > store.MaxKeyLead:
		return fmt.Errorf("--sign-after: %s is not between 0s and %s", *c.SignAfter, store.MaxKeyLead)
	}
	return nil
}

// Run adds the key.
func (c keysRotateCommand) Run(ctx context.Context, e *environment) error {
	master, err := c.masterKey()
	if err != nil {
		return err
	}
	return withDatabase(ctx, c.Database.Database, func(database commandDatabase) error {
		now := time.Now()
		done, err := rotateKeys(ctx, database, keyRotation{
			algorithm: c.SigningAlgorithm, lead: c.SignAfter, discard: c.DiscardOld, master: master, now: now,
		})
		if err != nil {
			return err
		}
		return done.print(e.stdout, now)
	})
}

// keyRotation is what a rotation is asked to do.
type keyRotation struct {
	algorithm string
	// lead is store.KeyLead when nil.
	lead    *time.Duration
	discard bool
	master  store.MasterKey
	now     time.Time
}

// keyRotated is what a rotation has done.
type keyRotated struct {
	next    store.SigningKey
	removed []string
	// sealed are the keys that were in plain before.
	sealed  []string
	discard bool
	// lost is the master key that sealed the discarded keys, where that is another one.
	lost string
}

// rotateKeys adds a key that is sealed when there is a master key. The plain keys that are there are sealed with it, as
// serve does: half a lock is none.
func rotateKeys(ctx context.Context, database commandDatabase, rotation keyRotation) (done keyRotated, err error) {
	if done.sealed, err = sealSigningKeys(ctx, database, rotation.master); err != nil && !rotation.discard {
		return done, err
	}
	err = database.ChangeSigningKeys(ctx, func(keys []store.SigningKey) (store.KeyChange, error) {
		signs := store.SigningKeyAt(keys, rotation.now)
		if signs < 0 {
			return store.KeyChange{}, errors.New("the database has no signing key: it was not made by init")
		}
		// A sealed key without a master key: the new one must not be the only one in plain.
		if keys[signs].Sealed() && rotation.master.IsZero() {
			_, err := rotation.master.Open(keys[signs])
			return store.KeyChange{}, err
		}
		algorithm := rotation.algorithm
		if algorithm == "" {
			algorithm = keys[signs].Algorithm
		}
		next, err := newSigningKey(algorithm, rotation.now, rotation.master)
		if err != nil {
			return store.KeyChange{}, err
		}
		change := store.DiscardSigningKeys(keys, next)
		if !rotation.discard {
			lead := store.KeyLead
			if rotation.lead != nil {
				lead = *rotation.lead
			}
			next.SignAfter = rotation.now.Add(lead)
			change = store.RotateSigningKeys(keys, next, rotation.now)
		}
		done.lost = "" // this may be run again
		if keys[signs].MasterKeyID != next.MasterKeyID {
			done.lost = keys[signs].MasterKeyID
		}
		done.next, done.removed, done.discard = change.Put[0], change.Remove, rotation.discard
		return change, nil
	})
	if err != nil {
		return done, err
	}
	return done, scrub(ctx, database)
}

// newSigningKey makes a key, sealed when there is a master key.
func newSigningKey(algorithm string, now time.Time, master store.MasterKey) (store.SigningKey, error) {
	key, err := oauth.NewSigningKey(algorithm, now)
	if err != nil || master.IsZero() {
		return key, err
	}
	return master.Seal(key)
}

func (d keyRotated) print(to io.Writer, now time.Time) error {
	var text strings.Builder
	fmt.Fprintf(&text, "Added signing key %s (%s).\n", d.next.ID, d.next.Algorithm)
	switch lead := d.next.SignAfter.Sub(now); {
	case d.discard:
		fmt.Fprintf(&text, "It signs now. Deleted all others: %s. Running servers refuse their tokens within %s; clients have to get new ones.\n",
			strings.Join(d.removed, ", "), keyNoticed)
	case lead <= 0:
		fmt.Fprintf(&text, "Running servers publish it, and sign with it, within %s. Those who check tokens offline may not know it for five minutes.\n", keyNoticed)
	default:
		fmt.Fprintf(&text, "Running servers publish it within %s, and sign with it from %s on.\n", keyNoticed, wireTime(d.next.SignAfter))
	}
	if !d.discard {
		fmt.Fprintf(&text, "The key before stays published until its last token has ended; 'keys list' says when.\n")
		if len(d.removed) > 0 {
			fmt.Fprintf(&text, "Deleted what had ended: %s.\n", strings.Join(d.removed, ", "))
		}
	}
	if d.discard && d.lost != "" {
		fmt.Fprintf(&text, "It is sealed with the master key %s; those before were sealed with %s, which no server needs any more.\n", d.next.MasterKeyID, d.lost)
	}
	if len(d.sealed) > 0 {
		fmt.Fprintf(&text, "Sealed the keys that were in plain: %s. Restart the servers that run without the master key: they can't use the new key.\n", strings.Join(d.sealed, ", "))
	}
	_, err := io.WriteString(to, text.String())
	return err
}

type keysPruneCommand struct{ Database }

// Run deletes what has ended.
func (c keysPruneCommand) Run(ctx context.Context, e *environment) error {
	return withDatabase(ctx, c.Database.Database, func(database commandDatabase) error {
		var removed []string
		err := database.ChangeSigningKeys(ctx, func(keys []store.SigningKey) (store.KeyChange, error) {
			change := store.PruneSigningKeys(keys, time.Now())
			removed = change.Remove
			return change, nil
		})
		if err != nil {
			return err
		}
		text := "No signing key has ended."
		if len(removed) > 0 {
			text = "Deleted what had ended: " + strings.Join(removed, ", ") + "."
		}
		_, err = fmt.Fprintln(e.stdout, text)
		return err
	})
}

type keysRewrapCommand struct {
	Database
	masterKeyFlags
	NewMasterKeyFile string `required:"" placeholder:"FILE" help:"The file with the master key that seals the signing keys from now on: 32 bytes in base64 or hex, readable by its owner only."`
}

// Run seals the keys again.
func (c keysRewrapCommand) Run(ctx context.Context, e *environment) error {
	master, err := c.masterKey()
	if err != nil {
		return err
	}
	next, err := readMasterKey(c.NewMasterKeyFile)
	if err != nil {
		return err
	}
	return withDatabase(ctx, c.Database.Database, func(database commandDatabase) error {
		count := 0
		err := database.ChangeSigningKeys(ctx, func(keys []store.SigningKey) (store.KeyChange, error) {
			change, err := store.SealSigningKeys(keys, master, next)
			count = len(change.Put)
			return change, err
		})
		if err != nil {
			return err
		}
		if err := scrub(ctx, database); err != nil {
			return fmt.Errorf("the signing keys are sealed with the master key %s now, but what was there before could not be removed from unused parts "+
				"of the files; run this command again: %w", next.ID(), err)
		}
		_, err = fmt.Fprintf(e.stdout, "Signing keys sealed with the master key %[2]s: %[1]d. Start every server with it before the next rotation: "+
			"those that run go on with the keys that they have. Backups made before still need the old master key.\n", count, next.ID())
		return err
	})
}

type keysListCommand struct {
	Database
	Output string `enum:"text,json" default:"text" help:"How to print the list: ${enum}."`
}

// listedKey is a signing key as the list shows it.
type listedKey struct {
	ID        string         `json:"id"`
	Algorithm string         `json:"algorithm"`
	CreatedAt string         `json:"created_at"`
	SignAfter string         `json:"sign_after"`
	State     store.KeyState `json:"state"`
	// Until is when the state ends, or began when it is "ended"; null where nobody knows.
	Until      *string `json:"until"`
	LongestTTL int     `json:"longest_token_ttl"`
	Sealed     bool    `json:"sealed"`
	MasterKey  *string `json:"master_key_id"`
}

// Run prints the list.
func (c keysListCommand) Run(ctx context.Context, e *environment) error {
	return withDatabase(ctx, c.Database.Database, func(database commandDatabase) error {
		keys, err := database.SigningKeys(ctx)
		if err != nil {
			return err
		}
		listed := listKeys(keys, time.Now())
		if c.Output == "json" {
			return json.NewEncoder(e.stdout).Encode(listed)
		}
		table := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "ID\tALGORITHM\tCREATED\tSTATE\tSEALED")
		for _, key := range listed {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", key.ID, key.Algorithm, key.CreatedAt, key.describeState(), key.describeSeal())
		}
		return table.Flush()
	})
}

func listKeys(keys []store.SigningKey, now time.Time) []listedKey {
	listed := make([]listedKey, len(keys))
	for i, key := range keys {
		listed[i] = listedKey{
			ID: key.ID, Algorithm: key.Algorithm, CreatedAt: wireTime(key.CreatedAt), SignAfter: wireTime(key.SignAfter),
			LongestTTL: int(key.LongestTTL.Seconds()), Sealed: key.Sealed(),
		}
		state, until := store.KeyStateAt(keys, i, now)
		listed[i].State = state
		if !until.IsZero() {
			text := wireTime(until)
			listed[i].Until = &text
		}
		if key.Sealed() {
			listed[i].MasterKey = &key.MasterKeyID
		}
	}
	return listed
}

func (k listedKey) describeState() string {
	switch {
	case k.Until == nil:
		return string(k.State)
	case k.State == store.KeyEnded:
		return "ended " + *k.Until
	}
	return string(k.State) + " until " + *k.Until
}

func (k listedKey) describeSeal() string {
	if k.MasterKey == nil {
		return "no"
	}
	return "by master key " + *k.MasterKey
}

// wireTime writes a time as the API does.
func wireTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }
