package provider_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// workspace is a folder in which Terraform runs as a person runs it: the real binary, found in a local mirror by
// terraform init. It shows what terraform-plugin-testing hides: warnings, and logs.
type workspace struct {
	t           *testing.T
	dir         string
	terraform   string
	environment []string
	printed     bytes.Buffer // all that every command has printed, but for the state
}

// pluginVersion is the version under which the mirror has the provider.
const pluginVersion = "0.0.1"

func newWorkspace(t *testing.T, environment ...string) *workspace {
	t.Helper()
	needsTerraform(t)
	terraform := os.Getenv("TF_ACC_TERRAFORM_PATH")
	if terraform == "" {
		terraform = "terraform"
	}
	dir := t.TempDir()
	mirror, configFile := filepath.Join(dir, "mirror"), filepath.Join(dir, "cli.tfrc")
	platform := runtime.GOOS + "_" + runtime.GOARCH
	for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} { // Terraform's default, and OpenTofu's
		folder := filepath.Join(mirror, host, "procore", "procore", pluginVersion, platform)
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(pluginBinary(t), filepath.Join(folder, "terraform-provider-procore_v"+pluginVersion)); err != nil {
			t.Fatal(err)
		}
	}
	mirrorConfig := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", mirror)
	if err := os.WriteFile(configFile, []byte(mirrorConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	space := &workspace{t: t, dir: dir, terraform: terraform, environment: append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_CLI_CONFIG_FILE=" + configFile,
	}, environment...)}
	space.write("terraform {\n  required_providers {\n    procore = {\n      source = \"procore/procore\"\n    }\n  }\n}\n", "versions.tf")
	space.run("init", "-no-color")
	return space
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
