package provider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Terraform and OpenTofu don't close an ephemeral resource whose dependents failed, or never ran.
func TestAccAccessTokenIsRevokedAlsoWhenTheRunFailsOrIsInterrupted(t *testing.T) {
	for name, test := range map[string]struct {
		command   string
		interrupt bool
	}{
		"fails":          {"exit 3", false},
		"is interrupted": {"sleep 60", true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			made := w.make("ci")
			space := newWorkspace(t, append(w.environment(), "TF_VAR_secret="+made.ClientSecret)...)
			file := filepath.Join(t.TempDir(), "token")
			space.write(fmt.Sprintf(`
variable "secret" {
  ephemeral = true
}
ephemeral "procore_access_token" "test" {
  client_id       = %q
  client_secret   = var.secret
  revoke_on_close = true
}
resource "terraform_data" "test" {
  provisioner "local-exec" {
    command     = "printf %%s \"$TOKEN\" >%s.part && mv %s.part %s; %s"
    environment = { TOKEN = ephemeral.procore_access_token.test.access_token }
  }
}
`, made.ClientID, file, file, file, test.command), "main.tf")
			command := space.command("apply", "-auto-approve", "-no-color")
			var output strings.Builder
			command.Stdout, command.Stderr = &output, &output
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			var token []byte
			for deadline := time.Now().Add(time.Minute); len(token) == 0 && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
				token, _ = os.ReadFile(file) // not there yet
			}
			if test.interrupt {
				if !w.isGood(string(token)) {
					t.Error("the token is no good while the run goes on")
				}
				if err := command.Process.Signal(os.Interrupt); err != nil {
					t.Error(err)
				}
			}
			err := command.Wait()
			if err == nil || len(token) == 0 {
				t.Fatalf("the run ended with %v, with a token of %d bytes\n%s", err, len(token), output.String())
			}
			if w.isGood(string(token)) {
				t.Error("the token is good after the run")
			}
			space.shown.WriteString(output.String())
		})
	}
}
