package provider_test

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"testing"
)

// feature is what not every Terraform and OpenTofu that the provider works with has. A test of one is skipped where the CLI at
// hand doesn't have it, and for no other reason; a test over the plugin protocol stands in for it there.
type feature struct {
	name                string
	terraform, opentofu int // the minor version of 1.x that brought it; never: none has
}

const never = 1 << 30

var (
	identityFeature = feature{"resource identity", 12, 12}
	queryFeature    = feature{"terraform query", 14, never}
	actionFeature   = feature{"actions", 14, never}
)

// needsFeature skips the test on a CLI without the feature.
func needsFeature(t *testing.T, wanted feature) {
	t.Helper()
	needsTerraform(t)
	if name, minor, since := wanted.of(t); since == never {
		t.Skipf("%s 1.%d has no %s", name, minor, wanted.name)
	} else if minor < since {
		t.Skipf("%s 1.%d has no %s, which came with 1.%d", name, minor, wanted.name, since)
	}
}

// knows reports whether the CLI at hand has the feature, for a test that has something to say without it, too.
func knows(t *testing.T, wanted feature) bool {
	t.Helper()
	_, minor, since := wanted.of(t)
	return minor >= since
}

// of returns which CLI is at hand, and the minor version of it that brought the feature.
func (f feature) of(t *testing.T) (name string, minor, since int) {
	t.Helper()
	opentofu, minor, err := cliVersion()
	if err != nil {
		t.Fatal(err)
	}
	if opentofu {
		return "OpenTofu", minor, f.opentofu
	}
	return "Terraform", minor, f.terraform
}

// cliPath is the Terraform or OpenTofu that the tests run.
func cliPath() string {
	if path := os.Getenv("TF_ACC_TERRAFORM_PATH"); path != "" {
		return path
	}
	return "terraform"
}

// cliVersion asks the CLI once which one it is: OpenTofu or Terraform, and the minor version of 1.x.
var cliVersion = func() func() (opentofu bool, minor int, err error) {
	type answer struct {
		opentofu bool
		minor    int
	}
	banner := regexp.MustCompile(`^(Terraform|OpenTofu) v1\.(\d+)\.`)
	ask := sync.OnceValues(func() (answer, error) {
		command := exec.CommandContext(context.Background(), cliPath(), "version")
		command.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1")
		output, err := command.Output()
		if err != nil {
			return answer{}, err
		}
		found := banner.FindSubmatch(output)
		if found == nil {
			return answer{}, &unknownCLIError{string(output)}
		}
		minor, err := strconv.Atoi(string(found[2]))
		return answer{string(found[1]) == "OpenTofu", minor}, err
	})
	return func() (bool, int, error) {
		found, err := ask()
		return found.opentofu, found.minor, err
	}
}()

type unknownCLIError struct{ banner string }

func (e *unknownCLIError) Error() string {
	return "not a Terraform or OpenTofu 1.x: " + e.banner
}
