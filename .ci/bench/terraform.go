package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// terraformReport is what Terraform takes for many resources.
type terraformReport struct {
	// Skipped says why nothing was measured.
	Skipped string
	Version string
	Sizes   []terraformSize
}

// terraformSize is one number of resources. Each of its operations holds what random_password took, accounts on a server, and accounts in an
// embedded database.
type terraformSize struct {
	Count      int
	Operations []terraformOperation
	// State is how many bytes of state each keeps for a resource.
	RandomState, ServeState, EmbeddedState float64
}

// terraformOperation is apply, plan or destroy: seconds that passed, and seconds of processors that Terraform and its provider used.
type terraformOperation struct {
	Name                    string
	Random, Serve, Embedded measured
}

// ServeRatio is what accounts on a server take by what passwords take.
func (o terraformOperation) ServeRatio() series { return o.Serve.Took.over(o.Random.Took) }

// EmbeddedRatio is what accounts in an embedded database take by that.
func (o terraformOperation) EmbeddedRatio() series { return o.Embedded.Took.over(o.Random.Took) }

// operations are what each contender has Terraform do, one after the other.
var operations = []struct {
	name      string
	arguments []string
}{
	{"apply", []string{"apply", "-auto-approve", "-no-color", "-input=false"}},
	{"plan", []string{"plan", "-detailed-exitcode", "-no-color", "-input=false"}}, // fails unless there is nothing to do
	{"destroy", []string{"destroy", "-auto-approve", "-no-color", "-input=false"}},
}

// cli is a Terraform or OpenTofu, and the providers that it finds without a registry.
type cli struct {
	b       *bench
	path    string
	options string // the CLI configuration's file
	// random is whether the random provider is one of those; otherwise Terraform downloads it.
	random bool
}

// measureProvider lets Terraform make, plan and destroy so many accounts, and so many of what costs it least.
func measureProvider(ctx context.Context, b *bench) error {
	found := &terraformReport{}
	b.report.Terraform = found
	t := &cli{b: b, path: cmp.Or(os.Getenv("TF_ACC_TERRAFORM_PATH"), "terraform"), random: b.random != ""}
	version, err := exec.CommandContext(ctx, t.path, "version").Output()
	if err != nil {
		found.Skipped = "there is no Terraform: " + err.Error()
		return nil
	}
	found.Version, _, _ = strings.Cut(string(version), "\n")
	if err := t.configure(); err != nil {
		return err
	}
	for text := range strings.SplitSeq(b.terraform, ",") {
		count, err := strconv.Atoi(text)
		if err != nil || count < 1 {
			return fmt.Errorf("-terraform: %q is no number of resources", text)
		}
		size, err := t.measure(ctx, count)
		var missing *missingProviderError
		if errors.As(err, &missing) {
			found.Skipped = missing.Error()
			return nil
		}
		if err != nil {
			return err
		}
		found.Sizes = append(found.Sizes, size)
	}
	return nil
}

// configure writes the CLI configuration that takes the provider under test, and the random one where it was given, from the disk.
func (t *cli) configure() error {
	t.options = filepath.Join(t.b.folder, "terraform.tfrc")
	overrides := fmt.Sprintf("    %q = %q\n", "procore/procore", filepath.Dir(t.b.binary))
	if t.random {
		absolute, err := filepath.Abs(t.b.random)
		if err != nil {
			return err
		}
		overrides += fmt.Sprintf("    %q = %q\n", "hashicorp/random", filepath.Dir(absolute))
	}
	return os.WriteFile(t.options, []byte("disable_checkpoint = true\nprovider_installation {\n  dev_overrides {\n"+overrides+"  }\n  direct {}\n}\n"), 0o600)
}

// missingProviderError says that the random provider can't be had here.
type missingProviderError struct{ said string }

func (e *missingProviderError) Error() string {
	return "the random provider can't be installed here (" + e.said + "); `BENCHARGS='-random FILE'` takes one that was built by hand"
}

// project is a configuration in a folder of its own.
type project struct {
	name string
	// prepare writes the configuration into the folder. It returns what has to be stopped afterwards.
	prepare func(ctx context.Context, folder string) (stop func() error, err error)
}

// measure lets the three projects take turns.
func (t *cli) measure(ctx context.Context, count int) (size terraformSize, err error) {
	size.Count = count
	for _, operation := range operations {
		size.Operations = append(size.Operations, terraformOperation{Name: operation.name})
	}
	projects := t.projects(count)
	for round := range t.b.rounds {
		for i := range projects {
			i := (i + round) % len(projects)
			took, state, err := t.run(ctx, projects[i], fmt.Sprintf("%d-%d-%d", count, round, i))
			if err != nil {
				return size, fmt.Errorf("%s: %w", projects[i].name, err)
			}
			*[]*float64{&size.RandomState, &size.ServeState, &size.EmbeddedState}[i] = state / float64(count)
			for j := range size.Operations {
				one := &size.Operations[j]
				[]*measured{&one.Random, &one.Serve, &one.Embedded}[i].add(took[j])
				t.b.tell(fmt.Sprintf("terraform %s %d", one.Name, count), projects[i].name, took[j])
			}
		}
	}
	return size, nil
}

func (t *cli) projects(count int) []project {
	resources := fmt.Sprintf("resource \"procore_service_account\" \"many\" {\n  count = %d\n  name  = \"account ${count.index}\"\n}\n", count)
	return []project{
		{"random_password", func(ctx context.Context, folder string) (func() error, error) {
			err := configuration(folder, "random", "hashicorp/random", fmt.Sprintf("resource \"random_password\" \"many\" {\n  count  = %d\n  length = 32\n}\n", count))
			if err != nil || t.random {
				return nothing, err
			}
			if said, err := t.terraform(ctx, folder, "init", "-no-color", "-input=false").CombinedOutput(); err != nil {
				return nothing, &missingProviderError{lastLine(string(said))}
			}
			return nothing, nil
		}},
		{"serve", func(ctx context.Context, folder string) (func() error, error) {
			database := filepath.Join(folder, "procore.db")
			made, err := t.b.initialize(ctx, database)
			if err != nil {
				return nothing, err
			}
			running, err := t.b.serve(ctx, database)
			if err != nil {
				return nothing, err
			}
			return running.stop, configuration(folder, "procore", "procore/procore", fmt.Sprintf(
				"provider \"procore\" {\n  base_url      = \"http://%s\"\n  client_id     = %q\n  client_secret = %q\n  company_id    = %q\n}\n",
				running.address, made.ClientID, made.ClientSecret, made.CompanyID)+resources)
		}},
		{"embedded", func(_ context.Context, folder string) (func() error, error) {
			return nothing, configuration(folder, "procore", "procore/procore", fmt.Sprintf("provider \"procore\" {\n  database = %q\n}\n", filepath.Join(folder, "procore.db"))+resources)
		}},
	}
}

func nothing() error { return nil }

func configuration(folder, name, source, rest string) error {
	head := fmt.Sprintf("terraform {\n  required_providers {\n    %s = { source = %q }\n  }\n}\n", name, source)
	return os.WriteFile(filepath.Join(folder, "main.tf"), []byte(head+rest), 0o600)
}

// run has Terraform do all operations on a project, and says what each took, and how large the state was.
func (t *cli) run(ctx context.Context, p project, name string) (took []sample, state float64, err error) {
	folder := filepath.Join(t.b.folder, "terraform-"+name)
	if err := os.Mkdir(folder, 0o700); err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	stop, err := p.prepare(ctx, folder)
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	for _, operation := range operations {
		command := t.terraform(ctx, folder, operation.arguments...)
		started := time.Now()
		said, err := command.CombinedOutput()
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w: %s", operation.name, err, lastLine(string(said)))
		}
		usage := command.ProcessState // with what its children used
		took = append(took, sample{count: 1, took: time.Since(started).Seconds(), processor: (usage.UserTime() + usage.SystemTime()).Seconds()})
		if operation.name == "apply" {
			info, err := os.Stat(filepath.Join(folder, "terraform.tfstate"))
			if err != nil {
				return nil, 0, err
			}
			state = float64(info.Size())
		}
	}
	return took, state, nil
}

// terraform is a command of Terraform's that knows nothing of the user's own settings for it.
func (t *cli) terraform(ctx context.Context, folder string, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, t.path, arguments...)
	command.Dir = folder
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "TF_") && !strings.HasPrefix(variable, "PROCORE_") {
			command.Env = append(command.Env, variable)
		}
	}
	command.Env = append(command.Env, "TF_CLI_CONFIG_FILE="+t.options, "CHECKPOINT_DISABLE=1")
	return command
}

// lastLine is the last that a command said.
func lastLine(said string) string {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	return strings.Trim(lines[len(lines)-1], "│╷╵ ")
}
