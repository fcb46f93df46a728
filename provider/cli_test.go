package provider_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/procore/terraform-provider-procore/server/servertest"
)

// workspace is a folder in which Terraform runs as a person runs it: the real binary, found in a local mirror by
// terraform init. It shows what terraform-plugin-testing hides: warnings, and logs.
type workspace struct {
	t           *testing.T
	dir         string
	terraform   string
	environment []string
	printed     bytes.Buffer // all that every command has printed
	shown       bytes.Buffer // of that, what no secret may be in: all but what a person asks of the state
	trace       string       // the file with Terraform's log at TRACE, and the provider's
	// showsState is set where the configuration puts a client secret into a resource that doesn't know what it holds, as
	// terraform_data: Terraform then shows it as it shows anything else of the state.
	showsState bool
}

// pluginVersion is the version under which the mirror has the provider.
const pluginVersion = "99.0.1"

func newWorkspace(t *testing.T, environment ...string) *workspace {
	t.Helper()
	needsTerraform(t)
	dir := t.TempDir()
	mirror, configFile := filepath.Join(dir, "mirror"), filepath.Join(dir, "cli.tfrc")
	mirrored(t, mirror, "procore/procore", pluginBinary(t))
	mirrorConfig := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", mirror)
	if err := os.WriteFile(configFile, []byte(mirrorConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	trace := filepath.Join(t.TempDir(), "trace.log")
	space := &workspace{t: t, dir: dir, terraform: cliPath(), trace: trace, environment: append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_CLI_CONFIG_FILE=" + configFile,
		"TF_LOG=TRACE", "TF_LOG_PATH=" + trace,
	}, environment...)}
	t.Cleanup(space.checkSecrets)
	space.write("terraform {\n  required_providers {\n    procore = {\n      source = \"procore/procore\"\n    }\n  }\n}\n", "versions.tf")
	space.run("init", "-no-color")
	return space
}

// mirrored puts a provider into a local mirror, under the hosts that Terraform and OpenTofu look at unless told otherwise.
func mirrored(t *testing.T, mirror, source, binary string) {
	t.Helper()
	for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		publish(t, mirror, host+"/"+source, binary)
	}
}

// publish puts a provider into a local mirror, under a source address with its host.
func publish(t *testing.T, mirror, address, binary string) {
	t.Helper()
	folder := filepath.Join(mirror, filepath.FromSlash(address), pluginVersion, runtime.GOOS+"_"+runtime.GOARCH)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(binary, filepath.Join(folder, "terraform-provider-"+filepath.Base(address)+"_v"+pluginVersion)); err != nil {
		t.Fatal(err)
	}
}

// pluginBinary builds this module's binary, once for all tests.
var pluginBinary = func() func(*testing.T) string {
	build := sync.OnceValues(func() (string, error) {
		// Not t.TempDir(): the binary outlives the test that is first to need it. TestMain removes it.
		path := filepath.Join(binaryFolder(), "terraform-provider-procore")
		output, err := exec.Command("go", "build", "-o", path, "github.com/procore/terraform-provider-procore").CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("build the provider: %w: %s", err, output)
		}
		return path, nil
	})
	return func(t *testing.T) string {
		t.Helper()
		path, err := build()
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
}()

var binaryFolder = sync.OnceValue(func() string {
	folder, err := os.MkdirTemp("", "terraform-provider-procore")
	if err != nil {
		panic(err)
	}
	return folder
})

func TestMain(m *testing.M) {
	if serveStore(os.Args[0]) {
		return
	}
	status := m.Run()
	_ = os.RemoveAll(binaryFolder())
	os.Exit(status)
}

func (s *workspace) write(text, file string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, file), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// command is Terraform in the workspace, not started yet.
func (s *workspace) command(arguments ...string) *exec.Cmd {
	command := exec.CommandContext(s.t.Context(), s.terraform, arguments...)
	command.Dir, command.Env = s.dir, s.environment
	return command
}

// try runs Terraform and returns what it printed on stdout.
func (s *workspace) try(arguments ...string) (string, error) {
	command := s.command(arguments...)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	s.printed.Write(stdout.Bytes())
	s.printed.Write(stderr.Bytes())
	if !slices.Contains([]string{"output", "show", "state", "console"}, arguments[0]) {
		s.shown.Write(stdout.Bytes())
	}
	s.shown.Write(stderr.Bytes())
	if err != nil {
		err = fmt.Errorf("terraform %s: %w\n%s%s", strings.Join(arguments, " "), err, stdout.String(), stderr.String())
	}
	return stdout.String(), err
}

// run is try for what must succeed.
func (s *workspace) run(arguments ...string) string {
	s.t.Helper()
	output, err := s.try(arguments...)
	if err != nil {
		s.t.Fatal(err)
	}
	return output
}

// apply applies a configuration.
func (s *workspace) apply(config string) {
	s.t.Helper()
	s.write(config, "main.tf")
	s.run("apply", "-auto-approve", "-no-color")
}

// warnings plans a configuration and returns the warnings, summary and detail; each stands once for every time that
// Terraform shows it.
func (s *workspace) warnings(config string) string {
	s.t.Helper()
	s.write(config, "main.tf")
	var text strings.Builder
	for line := range strings.Lines(s.run("plan", "-json")) {
		var message struct {
			Diagnostic struct{ Severity, Summary, Detail string }
		}
		if err := json.Unmarshal([]byte(line), &message); err != nil {
			s.t.Fatal(err)
		}
		if message.Diagnostic.Severity == "warning" {
			text.WriteString(message.Diagnostic.Summary + "\n" + message.Diagnostic.Detail + "\n")
		}
	}
	return text.String()
}

// checkSecrets fails the test where Terraform or the provider has shown a secret of the test's servers, or kept one that it
// shouldn't. A client secret that the server made is in the state by contract, and so in a plan; one that the configuration brought
// is write-only.
func (s *workspace) checkSecrets() {
	s.t.Helper()
	secrets := servertest.SecretsOf(s.t)
	kept := []servertest.Kind{servertest.KindBrought, servertest.KindToken, servertest.KindIdempotency}
	var shown []servertest.Kind // all
	if s.showsState {
		shown = kept
	}
	log, err := os.ReadFile(s.trace)
	if err != nil {
		s.t.Errorf("read the log: %v", err)
	}
	secrets.Check(s.t, "what Terraform printed", s.shown.Bytes(), shown...)
	secrets.Check(s.t, "the log at TRACE", log, shown...)
	for _, pattern := range []string{"*.tfstate", "*.tfstate.backup", "*.tfplan"} {
		files, _ := filepath.Glob(filepath.Join(s.dir, pattern)) // fails for a bad pattern only
		for _, file := range files {
			for name, text := range s.unpacked(file) {
				secrets.Check(s.t, name, text, kept...)
			}
		}
	}
}

// unpacked returns a file by its name, or what is in it when it is an archive, as a plan is.
func (s *workspace) unpacked(file string) map[string][]byte {
	s.t.Helper()
	archive, err := zip.OpenReader(file)
	if err != nil {
		text, err := os.ReadFile(file)
		if err != nil {
			s.t.Error(err)
		}
		return map[string][]byte{filepath.Base(file): text}
	}
	defer func() { _ = archive.Close() }() // it was read only
	texts := map[string][]byte{}
	for _, member := range archive.File {
		reader, err := member.Open()
		if err != nil {
			s.t.Fatal(err)
		}
		text, err := io.ReadAll(reader)
		if err != nil {
			s.t.Fatal(err)
		}
		texts[filepath.Base(file)+", "+member.Name] = text
	}
	return texts
}

// attributes returns the attributes of a resource in the state.
func (s *workspace) attributes(address string) map[string]any {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.dir, "terraform.tfstate"))
	if err != nil {
		s.t.Fatal(err)
	}
	var state struct {
		Resources []struct {
			Type, Name string
			Instances  []struct{ Attributes map[string]any }
		}
	}
	if err := json.Unmarshal(data, &state); err != nil {
		s.t.Fatal(err)
	}
	for _, resource := range state.Resources {
		if resource.Type+"."+resource.Name == address && len(resource.Instances) == 1 {
			return resource.Instances[0].Attributes
		}
	}
	s.t.Fatalf("%s is not in the state", address)
	return nil
}

// secret is the client secret of a resource in the state.
func (s *workspace) secret(address string) string {
	s.t.Helper()
	secret, ok := s.attributes(address)["client_secret"].(string)
	if !ok {
		s.t.Fatalf("%s has no client secret", address)
	}
	return secret
}
