package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// account is what the example's outputs tell.
type account struct {
	ClientID     string
	ClientSecret string
	Version      int
	Fingerprint  string
}

// masked names the secret without telling it.
func (a account) masked() string {
	return fmt.Sprintf("secret version %d, fingerprint %s", a.Version, a.Fingerprint)
}

// shorten keeps as much of a client id as a reader needs to tell it from another.
func shorten(clientID string) string {
	if len(clientID) <= 12 {
		return clientID
	}

	return clientID[:12] + "…"
}

func (s *story) firstApply(ctx context.Context) error {
	s.say("%s is now %s/main.tf; the API's address and the administrator's", configuration, folderName)
	s.say("credentials reach the provider by the environment.")

	s.command(s.terraformName(), "init")
	if _, err := output(s.terraformCommand(ctx, "init", "-input=false", "-no-color")); err != nil {
		return err
	}

	var err error
	s.first, err = s.apply(ctx)

	return err
}

func (s *story) secondApply(ctx context.Context) error {
	if err := s.writeRotation("2"); err != nil {
		return err
	}
	s.say("%s/terraform.tfvars now says rotation = \"2\".", folderName)

	var err error
	if s.second, err = s.apply(ctx); err != nil {
		return err
	}

	if s.second.Version != s.first.Version+1 || s.second.ClientSecret == s.first.ClientSecret {
		return fmt.Errorf("the secret was expected to change from version %d to the next, and is at version %d", s.first.Version, s.second.Version)
	}

	return nil
}

// emptyPlan expects exit status 0 of a detailed plan: 2 would mean that there are changes.
func (s *story) emptyPlan(ctx context.Context) error {
	s.command(s.terraformName(), "plan", "-detailed-exitcode")

	plan := s.terraformCommand(ctx, "plan", "-detailed-exitcode", "-input=false", "-no-color")
	said, err := plan.Output()
	if err != nil {
		return commandError(plan, err, string(said))
	}
	s.say("Exit status 0: no changes.")

	return nil
}

// apply runs terraform apply, shows what it did, and gives back the outputs.
func (s *story) apply(ctx context.Context) (account, error) {
	s.command(s.terraformName(), "apply", "-auto-approve")

	// The JSON form is made to be read by programs; it has one message for each thing that happens, and no sensitive value.
	apply := s.terraformCommand(ctx, "apply", "-auto-approve", "-input=false", "-json")
	events, err := output(apply)
	s.showEvents(events)
	if err != nil {
		return account{}, err
	}

	return s.outputs(ctx)
}

// showEvents prints those messages of `terraform apply -json` that tell what was planned, done and warned of.
func (s *story) showEvents(events []byte) {
	shown := map[string]bool{}
	for lines := bufio.NewScanner(bytes.NewReader(events)); lines.Scan(); {
		var event struct {
			Type       string `json:"type"`
			Message    string `json:"@message"`
			Diagnostic struct {
				Detail string `json:"detail"`
			} `json:"diagnostic"`
		}
		if json.Unmarshal(lines.Bytes(), &event) != nil {
			continue
		}

		switch event.Type {
		case "apply_complete", "apply_errored", "change_summary":
			s.say("%s", event.Message)
		case "diagnostic":
			// Terraform plans once more while it applies, and then says again what it said before.
			if text := event.Message + "\n" + event.Diagnostic.Detail; !shown[text] {
				shown[text] = true
				s.sayWrapped(text)
			}
		}
	}
}

// outputs reads Terraform's outputs, the sensitive ones too.
func (s *story) outputs(ctx context.Context) (account, error) {
	answer, err := output(s.terraformCommand(ctx, "output", "-json"))
	if err != nil {
		return account{}, err
	}

	var values struct {
		ClientID     struct{ Value string } `json:"client_id"`
		ClientSecret struct{ Value string } `json:"client_secret"`
		Version      struct{ Value int }    `json:"secret_version"`
		Fingerprint  struct{ Value string } `json:"secret_fingerprint"`
	}
	if err := json.Unmarshal(answer, &values); err != nil {
		return account{}, fmt.Errorf("the outputs are not what was expected: %w", err)
	}

	a := account{values.ClientID.Value, values.ClientSecret.Value, values.Version.Value, values.Fingerprint.Value}
	if a.ClientID == "" || a.ClientSecret == "" {
		return account{}, errors.New("the outputs lack the account's client id or its secret")
	}
	s.say("Outputs: client_id %s, %s.", shorten(a.ClientID), a.masked())

	return a, nil
}

// terraformCommand prepares a Terraform command in the folder, as the administrator's account.
func (s *story) terraformCommand(ctx context.Context, args ...string) *exec.Cmd {
	command := newCommand(ctx, s.folder.path(), s.terraform, args...)
	command.Env = append(os.Environ(), s.admin.environment()...)
	command.Env = append(command.Env, "TF_CLI_CONFIG_FILE="+s.folder.path("terraform.tfrc"), "TF_IN_AUTOMATION=1")

	return command
}

// terraformName is how a person calls the Terraform that the story uses: by its name when that finds the same program.
func (s *story) terraformName() string {
	name := filepath.Base(s.terraform)
	if found, err := exec.LookPath(name); err == nil && found == s.terraform {
		return name
	}

	return s.terraform
}
