package provider

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// exportFile is a file of a configuration.
type exportFile struct {
	name string
	text []byte
}

// The files of an export, in the order in which it prints what is in them. The import blocks have one of their own: once they
// are applied it can be deleted.
const (
	versionsFile    = "versions.tf"
	importsFile     = "imports.tf"
	projectsFile    = "projects.tf"
	accountsFile    = "service_accounts.tf"
	permissionsFile = "permissions.tf"
	membershipsFile = "memberships.tf"
)

var exportFileNames = []string{versionsFile, importsFile, projectsFile, accountsFile, permissionsFile, membershipsFile}

// refuseToOverwrite returns an error when one of the files is in the folder.
func refuseToOverwrite(dir string) error {
	if there, err := os.Stat(dir); err == nil && !there.IsDir() {
		return fmt.Errorf("%s is a file and no folder; name another one with --output-dir", dir)
	}
	for _, name := range exportFileNames {
		path := filepath.Join(dir, name)
		switch _, err := os.Lstat(path); {
		case err == nil:
			return fmt.Errorf("%s is there already, and export overwrites nothing; name another folder with --output-dir, or move the file away", path)
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	return nil
}

// writeExport writes all files into the folder, or none.
func writeExport(dir string, files []exportFile) (err error) {
	_, missing := os.Stat(dir)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	var written []string
	defer func() {
		if err == nil {
			return
		}
		for _, path := range written { // best effort: the error is about what went wrong first
			_ = os.Remove(path)
		}
		if missing != nil {
			_ = os.Remove(dir)
		}
	}()
	for _, file := range files {
		path := filepath.Join(dir, file.name)
		// O_EXCL: what has come to be there since refuseToOverwrite is not overwritten either.
		opened, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		written = append(written, path)
		_, err = opened.Write(file.text)
		if err := errors.Join(err, opened.Close()); err != nil {
			return err
		}
	}
	return nil
}
