package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/procore/terraform-provider-procore/server/store"
)

// masterKeyVariable holds the master key itself. There is no flag for it: everybody on a machine can read the arguments
// of its processes.
const masterKeyVariable = "PROCORE_MASTER_KEY"

// masterKeyFlags say where the master key is, which seals the signing keys.
type masterKeyFlags struct {
	MasterKeyFile string `placeholder:"FILE" help:"The file with the master key that seals the signing keys: 32 bytes in base64 or hex, readable by its owner only. The key itself can be in the environment variable PROCORE_MASTER_KEY. Default: they are not sealed."`
}

// masterKey reads the master key, which is the zero value when none is given.
func (f masterKeyFlags) masterKey() (store.MasterKey, error) {
	return loadMasterKey(os.Getenv(masterKeyVariable), f.MasterKeyFile)
}

// loadMasterKey reads the master key from a text, a file, or both where they agree.
func loadMasterKey(text, file string) (key store.MasterKey, err error) {
	if text != "" {
		if key, err = store.ParseMasterKey(text); err != nil {
			return store.MasterKey{}, fmt.Errorf("%s: %w", masterKeyVariable, err)
		}
	}
	if file == "" {
		return key, nil
	}
	fromFile, err := readMasterKey(file)
	if err != nil {
		return store.MasterKey{}, err
	}
	if text != "" && !key.Equal(fromFile) {
		return store.MasterKey{}, fmt.Errorf("%s and the master key file %s hold different keys (%s and %s); give one of them",
			masterKeyVariable, file, key.ID(), fromFile.ID())
	}
	return fromFile, nil
}

// readMasterKey reads a key file. One that others can read is refused: whoever else has read it can sign tokens.
func readMasterKey(path string) (key store.MasterKey, err error) {
	file, err := os.Open(path) //#nosec G703 -- the operator names the file
	if err != nil {
		return key, fmt.Errorf("read the master key: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return key, fmt.Errorf("read the master key: %w", err)
	}
	// Windows has no such bits: its files are as private as their folder.
	if info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		return key, fmt.Errorf("the master key file %s can be read or changed by others (mode %04o); use: chmod 600 %s",
			path, info.Mode().Perm(), shellWord(path))
	}
	const more = 1024 // than any key, with a line break
	text, err := io.ReadAll(io.LimitReader(file, more))
	if err != nil {
		return key, fmt.Errorf("read the master key: %w", err)
	}
	if key, err = store.ParseMasterKey(string(text)); err != nil {
		return key, fmt.Errorf("the master key file %s: %w", path, err)
	}
	return key, nil
}

// sealSigningKeys seals what is in plain, when there is a master key, and removes what is left of the plain bytes in the
// database's files. It returns the ids of the keys that it sealed. It fails where a key is sealed with another master key.
func sealSigningKeys(ctx context.Context, database commandDatabase, master store.MasterKey) (sealed []string, err error) {
	if master.IsZero() {
		return nil, nil
	}
	stored, err := database.SigningKeys(ctx)
	if err != nil {
		return nil, err
	}
	// Written only where there is something to seal: a restart changes nothing.
	if change, err := store.SealSigningKeys(stored, master, master); err != nil || len(change.Put) == 0 {
		return nil, err
	}
	err = database.ChangeSigningKeys(ctx, func(keys []store.SigningKey) (store.KeyChange, error) {
		change, err := store.SealSigningKeys(keys, master, master)
		sealed = nil // this may be run again
		for _, key := range change.Put {
			sealed = append(sealed, key.ID)
		}
		return change, err
	})
	return sealed, err
}

// scrub removes the plain bytes of keys that were sealed, unless that was done.
func scrub(ctx context.Context, database commandDatabase) error {
	due, err := database.ScrubDue(ctx)
	if err == nil && due {
		err = database.Scrub(ctx)
	}
	return err
}

// sealKeys seals the signing keys before they are used. What can't be scrubbed now is tried again at the next start: the
// server works either way.
func (s *Server) sealKeys(ctx context.Context) error {
	sealed, err := sealSigningKeys(ctx, s.store, s.config.MasterKey)
	if err != nil {
		return err
	}
	if len(sealed) > 0 {
		s.config.Logger.Info("the signing keys were in plain, and are sealed now; backups made before still hold them in plain",
			"keys", sealed, "master_key", s.config.MasterKey.ID())
	}
	if err := scrub(ctx, s.store); err != nil {
		s.config.Logger.Warn("plain bytes of signing keys may be left in unused parts of the database's files; they are removed at the next start",
			"cause", err)
	}
	return nil
}
