package provider_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/procore/terraform-provider-procore/server/servertest"
)

// exported is what the subcommand export left behind.
type exported struct {
	status         int
	stdout, stderr string
}

// exportCommand is the real program, not started yet, with nothing of this process's environment.
func (w *world) exportCommand(arguments ...string) *exec.Cmd {
	w.t.Helper()
	command := exec.CommandContext(w.t.Context(), pluginBinary(w.t), append([]string{"export"}, arguments...)...)
	command.Env = w.environment()
	return command
}

// export runs the real program; the variables are added to the environment that names the server. No secret may be in what it prints.
func (w *world) export(arguments []string, variables ...string) exported {
	w.t.Helper()
	command := w.exportCommand(arguments...)
	command.Env = append(command.Env, variables...)
	return w.finished(command)
}

// finished runs the command to its end, and calls what is to be done once it runs.
func (w *world) finished(command *exec.Cmd, running ...func()) exported {
	w.t.Helper()
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Start(); err != nil {
		w.t.Fatal(err)
	}
	for _, do := range running {
		do()
	}
	err := command.Wait()
	if _, ended := err.(*exec.ExitError); err != nil && !ended { //nolint:errorlint // Wait returns it as it is
		w.t.Fatal(err)
	}
	secrets := servertest.SecretsOf(w.t)
	secrets.Check(w.t, "what export printed", stdout.Bytes())
	secrets.Check(w.t, "export's stderr", stderr.Bytes())
	return exported{command.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// progressNote is what export says when it takes long, as it may on a busy machine.
var progressNote = regexp.MustCompile(`(?m)^\d+ of \d+ service accounts read\.\n`)

// succeeds returns what export printed, and fails the test unless it did so without a word on stderr but how far it was.
func (e exported) succeeds(t *testing.T) string {
	t.Helper()
	if e.status != 0 || progressNote.ReplaceAllString(e.stderr, "") != "" {
		t.Fatalf("exit status %d: %s", e.status, e.stderr)
	}
	return e.stdout
}

// newExportSpace is a workspace without a configuration, and the arguments that export into it.
func (w *world) newExportSpace() (space *workspace, arguments []string) {
	w.t.Helper()
	space = newWorkspace(w.t, w.environment()...)
	if err := os.Remove(filepath.Join(space.dir, "versions.tf")); err != nil { // export writes its own
		w.t.Fatal(err)
	}
	return space, []string{"--output-dir", space.dir}
}

func TestAccExportOfAnAwkwardCompanyPlansAsImportsOnlyAndThenEmpty(t *testing.T) {
	w := newWorld(t)
	objects := w.fillCompany(len(awkwardNames))
	space, arguments := w.newExportSpace()

	imports := fmt.Sprintf("%d to import, 0 to add, 0 to change, 0 to destroy.", objects)
	contains(t, w.export(arguments).succeeds(t), "Wrote 6 files to "+space.dir, imports)
	space.run("init", "-no-color")
	space.run("fmt", "-check", "-diff", "-no-color")
	contains(t, space.run("plan", "-no-color"), "Plan: "+imports)
	contains(t, space.run("apply", "-auto-approve", "-no-color"), fmt.Sprintf("%d imported, 0 added, 0 changed, 0 destroyed", objects))
	space.run("plan", "-detailed-exitcode", "-no-color")

	// The import blocks have done their work.
	if err := os.Remove(filepath.Join(space.dir, "imports.tf")); err != nil {
		t.Fatal(err)
	}
	space.run("plan", "-detailed-exitcode", "-no-color")
}

func TestAccExportThatIsPrintedPlansAsImportsOnly(t *testing.T) {
	w := newWorld(t)
	made, project := w.make("ci exporter"), w.makeProject("Harbor bridge")
	w.assign(made.ID, project.ID, map[string]string{"daily_log": "standard"})
	space := newWorkspace(t, w.environment()...)
	space.write(w.export(nil).succeeds(t), "main.tf")
	space.run("fmt", "-check", "-diff", "-no-color")
	contains(t, space.run("plan", "-no-color"), "Plan: 5 to import, 0 to add, 0 to change, 0 to destroy.")
	space.applies()
}

// A company that is exported without its ID has it in the provider block, so that the folder stands by itself.
func TestAccExportFindsTheCompanyByItself(t *testing.T) {
	w := newWorld(t)
	other := w.otherCompany() // whose ID is 2
	other.CompanyID = ""
	space, arguments := other.newExportSpace()
	contains(t, other.export(arguments).succeeds(t), "2 to import")
	space.run("init", "-no-color")
	contains(t, space.run("plan", "-no-color"), "Plan: 2 to import, 0 to add, 0 to change, 0 to destroy.")
	space.applies()
	if got := space.attributes("procore_service_account.administrator")["company_id"]; got != "2" {
		t.Errorf("imported from company %v", got)
	}
}

// A database's path is in the exported configuration, whole: the folder is not the one in which export ran.
func TestAccExportOfAnEmbeddedDatabasePlansAsImportsOnlyAndThenEmpty(t *testing.T) {
	t.Parallel()
	space := newWorkspace(t)
	space.apply("provider \"procore\" {\n  database = \"${path.module}/procore.db\"\n}\n" + account(`name = "ci exporter"`))
	for _, file := range []string{"versions.tf", "main.tf", "terraform.tfstate"} { // the state is lost
		if err := os.Remove(filepath.Join(space.dir, file)); err != nil {
			t.Fatal(err)
		}
	}
	w := &world{Server: &servertest.Server{}, t: t}
	command := w.exportCommand("--database", "procore.db", "--output-dir", "live")
	command.Dir, command.Env = space.dir, nil
	contains(t, w.finished(command).succeeds(t), "3 to import")
	space.dir = filepath.Join(space.dir, "live")
	space.run("init", "-no-color")
	contains(t, space.run("plan", "-no-color"), "Plan: 3 to import, 0 to add, 0 to change, 0 to destroy.")
	space.applies()
}
