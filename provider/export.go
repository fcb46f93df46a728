package provider

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/procore/terraform-provider-procore/provider/client"
)

// ExportHelp is the line about export in the help of the command.
const ExportHelp = "Print import blocks and resources for all that a company has."

// Export is the subcommand export: what a company has on the server, as a configuration that imports it. It is for whoever wants
// to go on with Terraform where others have clicked, with any Terraform or OpenTofu that the provider works with.
//
// Each exported field is a flag. Secrets have none: a process's arguments are there for everybody on the machine to read.
type Export struct {
	BaseURL   string `required:"" placeholder:"URL" help:"The address of the management API, such as https://procore-admin.example.com."`
	CompanyID string `placeholder:"ID" help:"The company to export. May be left out by an account that belongs to one only."`
	OutputDir string `placeholder:"DIR" help:"Write the configuration into files of this folder, which is made when it isn't there. No file is overwritten. Without it, the configuration is printed."`

	CACertificateFile string        `placeholder:"FILE" help:"A PEM file of certificates to trust besides the system's."`
	AllowInsecureHTTP bool          `help:"Let the base URL be plain http to another machine."`
	MaxRetries        int           `default:"4" placeholder:"N" help:"How often a request that failed for a passing reason is tried again (${default})."`
	RequestTimeout    time.Duration `default:"30s" placeholder:"DURATION" help:"How long one attempt at a request may take (${default})."`

	version        string
	stdout, stderr io.Writer
}

// NewExport returns the subcommand of this version of the program. The configuration goes to stdout, notes go to stderr.
func NewExport(version string, stdout, stderr io.Writer) *Export {
	return &Export{version: version, stdout: stdout, stderr: stderr}
}

// Help is what the help of export says besides its flags.
func (e *Export) Help() string {
	return `Reads the projects, service accounts, permissions and project memberships of a company, and changes nothing. What it prints plans as imports and nothing else.

The credentials come from the environment: PROCORE_CLIENT_ID and PROCORE_CLIENT_SECRET, of a service account with admin on the company's Admin and Directory tools. No secret is in what export prints.

    terraform-provider-procore export --output-dir live
    cd live && terraform init && terraform plan`
}

// credentials are what export signs in with.
func (*Export) credentials() (clientID, clientSecret string) {
	return os.Getenv(environmentVariable("client_id")), os.Getenv(environmentVariable("client_secret"))
}

// Validate refuses what can't be meant, before anything is asked.
func (e *Export) Validate() error {
	if e.BaseURL == "" {
		return nil // the parser says that it is missing
	}
	if id, secret := e.credentials(); id == "" || secret == "" {
		return errors.New("the credentials are missing: set PROCORE_CLIENT_ID and PROCORE_CLIENT_SECRET in the environment")
	}
	if e.CompanyID != "" && !validID(e.CompanyID) {
		return fmt.Errorf("--company-id: %q is not an id, which is a positive whole number", e.CompanyID)
	}
	if e.MaxRetries > maxRetriesLimit {
		return fmt.Errorf("--max-retries: %d is more than %d", e.MaxRetries, maxRetriesLimit)
	}
	if e.RequestTimeout <= 0 {
		return fmt.Errorf("--request-timeout: %s is not a positive duration", e.RequestTimeout)
	}
	_, err := e.client(nil)
	return err
}

// client makes the client. An error names the flag that is wrong.
func (e *Export) client(retries client.Logger) (*client.Client, error) {
	id, secret := e.credentials()
	api, err := client.New(client.Config{
		BaseURL: e.BaseURL, ClientID: id, ClientSecret: secret, CACertificateFile: e.CACertificateFile, AllowInsecureHTTP: e.AllowInsecureHTTP,
		MaxRetries: e.MaxRetries, RequestTimeout: e.RequestTimeout, UserAgent: "terraform-provider-procore/" + e.version + " export",
		RetryLogger: retries,
	})
	var invalid *client.ConfigError
	if errors.As(err, &invalid) {
		flag := "--" + strings.ReplaceAll(settingAttributes[invalid.Field], "_", "-")
		if invalid.Insecure {
			err = fmt.Errorf("%w, or allow it with --allow-insecure-http where the network is as safe as this machine", err)
		}
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	return api, err
}

// Run reads everything, and only then writes anything.
func (e *Export) Run(ctx context.Context) error {
	if e.OutputDir != "" {
		if err := refuseToOverwrite(e.OutputDir); err != nil { // before a company of a thousand accounts is read
			return err
		}
	}
	notes := &exportNotes{to: e.stderr}
	api, err := e.client(func(_ context.Context, message string, _ map[string]any) { notes.say(message) })
	if err != nil {
		return err
	}
	reader := exportReader{api: api, endpoint: e.BaseURL, notes: notes}
	found, err := reader.read(ctx, e.CompanyID)
	if err != nil {
		return err
	}
	signedInAs, _ := e.credentials()
	configuration := newExportConfiguration(found, signedInAs)
	if e.OutputDir == "" {
		_, err := e.stdout.Write(configuration.printed())
		return err
	}
	files := configuration.files()
	if err := writeExport(e.OutputDir, files); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.stdout, "Wrote %d files to %s: %s.\nRun terraform init and terraform plan there. The plan must say: %d to import, 0 to add, 0 to change, 0 to destroy.\n",
		len(files), e.OutputDir, found.counts(), found.objects())
	return err
}

// exportNotes tells a person, line by line, what goes on. Requests that run side by side share it.
type exportNotes struct {
	mu sync.Mutex
	to io.Writer
}

func (n *exportNotes) say(sentence string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	fmt.Fprintln(n.to, client.SecretPattern.ReplaceAllString(sentence, "(secret removed)"))
}
