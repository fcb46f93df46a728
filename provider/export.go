package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
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
	// Their variables are read by hand, because a flag for one beats the variable of the other.
	BaseURL  string `env:"-" placeholder:"URL" help:"The address of the management API, such as https://procore-admin.example.com ($PROCORE_BASE_URL)."`
	Database string `env:"-" placeholder:"FILE" help:"Instead of an address and credentials: the SQLite file of an embedded management API, as in the provider's database ($PROCORE_DATABASE)."`

	CompanyID string `placeholder:"ID" help:"The company to export. May be left out by an account that belongs to one only."`
	OutputDir string `placeholder:"DIR" help:"Write the configuration into files of this folder, which is made when it isn't there. No file is overwritten. Without it, the configuration is printed."`

	CACertificateFile string        `placeholder:"FILE" help:"A PEM file of certificates to trust besides the system's."`
	AllowInsecureHTTP bool          `help:"Let the base URL be plain http to another machine."`
	MaxRetries        int           `default:"4" placeholder:"N" help:"How often a request that failed for a passing reason is tried again (${default})."`
	RequestTimeout    time.Duration `default:"30s" placeholder:"DURATION" help:"How long one attempt at a request may take (${default})."`

	version        string
	embedded       Embedded
	stdout, stderr io.Writer
}

// NewExport returns the subcommand of this version of the program. The configuration goes to stdout, notes go to stderr. A nil
// embedded refuses --database.
func NewExport(version string, embedded Embedded, stdout, stderr io.Writer) *Export {
	return &Export{version: version, embedded: embedded, stdout: stdout, stderr: stderr}
}

// Help is what the help of export says besides its flags.
func (e *Export) Help() string {
	return `Reads the projects, service accounts, permissions and project memberships of a company, and changes nothing. What it prints plans as imports and nothing else.

The credentials for --base-url come from the environment: PROCORE_CLIENT_ID and PROCORE_CLIENT_SECRET, of a service account with admin on the company's Admin and Directory tools. No secret is in what export prints.

    terraform-provider-procore export --output-dir live
    cd live && terraform init && terraform plan`
}

// exportSource is where an export reads: a server, or a database.
type exportSource struct {
	baseURL, clientID, clientSecret string
	database                        string // empty: the server
}

// endpoint names the source to a person.
func (s exportSource) endpoint() string {
	if s.database != "" {
		return "database " + s.database
	}
	return s.baseURL
}

// source chooses as the provider does: a flag before the environment, and there the address before the database.
func (e *Export) source() exportSource {
	getenv := func(attribute string) string { return os.Getenv(environmentVariable(attribute)) }
	if e.Database != "" {
		return exportSource{database: e.Database}
	}
	baseURL := cmp.Or(e.BaseURL, getenv("base_url"))
	if baseURL == "" {
		return exportSource{database: getenv("database")}
	}
	return exportSource{baseURL: baseURL, clientID: getenv("client_id"), clientSecret: getenv("client_secret")}
}

// Validate refuses what can't be meant, before anything is asked.
func (e *Export) Validate() error {
	source := e.source()
	switch {
	case e.BaseURL != "" && e.Database != "":
		return errors.New("--base-url and --database exclude each other")
	case source == exportSource{}:
		return errors.New("missing flags: --base-url=URL, or --database=FILE")
	case source.database == "" && (source.clientID == "" || source.clientSecret == ""):
		return errors.New("the credentials are missing: set PROCORE_CLIENT_ID and PROCORE_CLIENT_SECRET in the environment")
	case e.CompanyID != "" && !validID(e.CompanyID):
		return fmt.Errorf("--company-id: %q is not an id, which is a positive whole number", withoutSecrets(e.CompanyID))
	case e.MaxRetries > maxRetriesLimit:
		return fmt.Errorf("--max-retries: %d is more than %d", e.MaxRetries, maxRetriesLimit)
	case e.RequestTimeout <= 0:
		return fmt.Errorf("--request-timeout: %s is not a positive duration", e.RequestTimeout)
	case source.database == "":
		_, err := e.client(source, nil, nil)
		return err
	}
	return nil
}

// client makes the client, with a transport for a database. An error names the flag that is wrong.
func (e *Export) client(source exportSource, transport http.RoundTripper, retries client.Logger) (*client.Client, error) {
	api, err := client.New(client.Config{
		BaseURL: source.baseURL, ClientID: source.clientID, ClientSecret: source.clientSecret, Transport: transport,
		CACertificateFile: e.CACertificateFile, AllowInsecureHTTP: e.AllowInsecureHTTP, MaxRetries: e.MaxRetries, RequestTimeout: e.RequestTimeout,
		UserAgent: "terraform-provider-procore/" + e.version + " export", RetryLogger: retries,
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

// open opens the database, and finds its company when none is named. The embedded API would make a file that isn't there.
func (e *Export) open(ctx context.Context, database string) (transport http.RoundTripper, companyID string, err error) {
	if e.embedded == nil {
		return nil, "", errors.New("this build of the program has no embedded management API; use --base-url")
	}
	if strings.Contains(database, "://") { // not repeated: it may hold a password
		return nil, "", errors.New("--database takes a SQLite database's file; for one that is kept elsewhere start a server with 'serve', and export by --base-url")
	}
	file, err := os.Stat(database)
	if err == nil && file.Size() == 0 {
		err = errors.New("it is empty")
	}
	if err != nil {
		return nil, "", fmt.Errorf("there is nothing to export from database %s: %w", database, err)
	}
	return e.embedded(ctx, database, e.CompanyID)
}

// Run reads everything, and only then writes anything.
func (e *Export) Run(ctx context.Context) error {
	if e.OutputDir != "" {
		if err := refuseToOverwrite(e.OutputDir); err != nil { // before a company of a thousand accounts is read
			return err
		}
	}
	source, companyID, notes := e.source(), e.CompanyID, &exportNotes{to: e.stderr}
	var transport http.RoundTripper
	if source.database != "" {
		var err error
		if transport, companyID, err = e.open(ctx, source.database); err != nil {
			return err
		}
	}
	api, err := e.client(source, transport, func(_ context.Context, message string, _ map[string]any) { notes.say(message) })
	if err != nil {
		return err
	}
	reader := exportReader{api: api, source: source, notes: notes}
	found, err := reader.read(ctx, companyID)
	if err != nil {
		return err
	}
	return e.write(found, source)
}

func (e *Export) write(found inventory, source exportSource) error {
	configuration := newExportConfiguration(found, source)
	if e.OutputDir == "" {
		_, err := e.stdout.Write(configuration.printed())
		return err
	}
	files, err := configuration.files()
	if err != nil {
		return err
	}
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
	fmt.Fprintln(n.to, client.Presentable(sentence))
}
