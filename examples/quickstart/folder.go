package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	folderName    = ".quickstart"
	configuration = "examples/quickstart/main.tf"
	programName   = "terraform-provider-procore"
	// handAddress is where the API listens for one who goes on by hand; it is the default of `serve`. The story itself takes any
	// free port, so that it never meets a server that is already there.
	handAddress = "127.0.0.1:8080"
)

// folder is the absolute path of the one folder that the story writes to.
type folder string

func (f folder) path(elements ...string) string {
	return filepath.Join(append([]string{string(f)}, elements...)...)
}

// write makes a file that only its owner can read: most of what is in the folder is secret, or leads to something secret.
func (f folder) write(name, text string) error {
	if err := os.WriteFile(f.path(name), []byte(text), 0o600); err != nil {
		return fmt.Errorf("cannot write %s: %w", name, err)
	}

	return nil
}

// install empties the folder, has make build the program into it, and lays out there what Terraform needs to find it.
func (s *story) install(ctx context.Context) error {
	if _, err := os.Stat(s.folder.path()); err == nil {
		s.say("Starting afresh: removing %s, which an earlier run left.", folderName)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}

	if err := os.RemoveAll(s.folder.path()); err != nil {
		return err
	}
	if err := os.MkdirAll(s.folder.path(), 0o700); err != nil {
		return err
	}

	binDir, pluginDir := filepath.Join(folderName, "bin"), filepath.Join(folderName, "plugins")
	s.command("make", "install", "BIN_DIR="+binDir, "PLUGIN_DIR="+pluginDir)
	s.say("(The first build compiles SQLite, and takes a minute or two.)")

	install := newCommand(ctx, "", "make", "--no-print-directory", "install", "BIN_DIR="+binDir, "PLUGIN_DIR="+pluginDir)
	if _, err := output(install); err != nil {
		return err
	}
	s.say("Terraform will find it in %s, by %s/terraform.tfrc; nothing outside this folder changes.", pluginDir, folderName)

	return s.writeConfiguration()
}

// writeConfiguration puts in place the example, the value of its variable, and a Terraform CLI configuration that takes this provider
// from the folder and every other one from where it usually comes.
func (s *story) writeConfiguration() error {
	example, err := os.ReadFile(configuration)
	if err != nil {
		return err
	}

	return errors.Join(
		s.folder.write("main.tf", string(example)),
		s.writeRotation("1"),
		s.folder.write("terraform.tfrc", fmt.Sprintf(`disable_checkpoint = true

provider_installation {
  filesystem_mirror {
    path    = %q
    include = ["registry.terraform.io/procore/*", "registry.opentofu.org/procore/*"]
  }
  direct {
    exclude = ["registry.terraform.io/procore/*", "registry.opentofu.org/procore/*"]
  }
}
`, filepath.ToSlash(s.folder.path("plugins")))),
	)
}

// writeRotation sets the trigger's value in a file rather than on the command line, so that a later apply by hand keeps it.
func (s *story) writeRotation(value string) error {
	return s.folder.write("terraform.tfvars", fmt.Sprintf("# A new value resets the secret of the service account.\nrotation = %q\n", value))
}

// makeDatabase has the program make the database, a company and the company's first service account.
func (s *story) makeDatabase(ctx context.Context) error {
	args := []string{"init", "--database", "procore.db", "--company", "Acme Construction", "--output", "json"}
	s.command(programName, "init", "--database", "procore.db", "--company", "'Acme Construction'", "--output", "json")

	answer, err := output(newCommand(ctx, s.folder.path(), s.folder.path("bin", programName), args...))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer, &s.admin); err != nil {
		return fmt.Errorf("what init printed is not the JSON that was expected: %w", err)
	}

	s.say("Company %s now has an administrator's service account, %s.", s.admin.CompanyID, shorten(s.admin.ClientID))
	s.say("Its secret was printed once, and goes into %s/env; the database keeps only a digest.", folderName)

	byHand := s.admin
	byHand.BaseURL = "http://" + handAddress

	return s.folder.write("env", fmt.Sprintf("# The administrator's credentials, for the provider. Keep this file to yourself.\n%s"+
		"\n# Takes the provider from this folder.\nexport TF_CLI_CONFIG_FILE='%s'\n", byHand.exports(), s.folder.path("terraform.tfrc")))
}

func (c credentials) exports() string {
	var text strings.Builder
	for _, variable := range c.environment() {
		fmt.Fprintf(&text, "export %s\n", variable)
	}

	return text.String()
}

// environment is how the provider takes its settings when its block is empty.
func (c credentials) environment() []string {
	return []string{
		"PROCORE_BASE_URL=" + c.BaseURL,
		"PROCORE_COMPANY_ID=" + c.CompanyID,
		"PROCORE_CLIENT_ID=" + c.ClientID,
		"PROCORE_CLIENT_SECRET=" + c.ClientSecret,
	}
}
