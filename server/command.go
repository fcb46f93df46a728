package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"reflect"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/postgres"
)

// Exit statuses of the command.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// Build says which program this is.
type Build struct{ Version, Commit string }

// Subcommand is one that this package doesn't have: main brings those of other packages into the same command line, with the same
// help, environment variables, errors and exit statuses.
type Subcommand struct {
	Name, Help string
	// Command is a pointer to a struct with a flag in each exported field, as kong's tags tell, and a method Run(context.Context) error.
	// A method Validate() error says what is wrong usage, and Help() string what its help has to say besides the flags.
	Command any
}

// Main runs a subcommand and returns the exit status: 0 done, 1 failed (with one sentence on stderr), 2 wrong usage.
// What a person or program is meant to read goes to stdout; logs, errors and usage go to stderr.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer, build Build, others ...Subcommand) int {
	// The process ends at the second signal: the first only asks.
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		stop()
	}()
	return run(ctx, args, stdout, stderr, build, others)
}

// exited is what kong's exit hook throws, so that asking for help ends the parsing and not the process.
type exited int

func run(ctx context.Context, args []string, stdout, stderr io.Writer, build Build, others []Subcommand) (status int) {
	defer func() {
		if reason := recover(); reason != nil {
			code, ok := reason.(exited)
			if !ok {
				panic(reason)
			}
			status = int(code)
		}
	}()
	dropEmptyVariables()
	environment := &environment{stdout: stdout, stderr: stderr, build: build}
	options := []kong.Option{
		kong.Name("terraform-provider-procore"), kong.Description(description),
		kong.DefaultEnvars("PROCORE"), kong.Writers(stdout, stderr), kong.Bind(environment), kong.BindTo(ctx, (*context.Context)(nil)),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.Exit(func(code int) { panic(exited(code)) }),
		kong.TypeMapper(reflect.TypeFor[time.Duration](), kong.MapperFunc(readDuration)),
	}
	for _, other := range others {
		options = append(options, kong.DynamicCommand(other.Name, other.Help, "", other.Command))
	}
	parser, err := kong.New(&commands{}, options...)
	if err != nil {
		return environment.fail(err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if err != nil {
		return environment.refuse(err)
	}
	if err := command.Run(); err != nil {
		return environment.fail(err)
	}
	return exitDone
}

// readDuration reads a duration from a flag or a variable (kong's hook). Kong's own repeats what Go says of it.
func readDuration(from *kong.DecodeContext, into reflect.Value) error {
	var text string
	if err := from.Scan.PopValueInto("duration", &text); err != nil {
		return err
	}
	read, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("%q is not a duration such as 30s, 90m or 36h", text)
	}
	into.SetInt(int64(read))
	return nil
}

// dropEmptyVariables makes an empty environment variable the same as none, as it is for the provider: compose files and
// CI systems set them all the time.
func dropEmptyVariables() {
	for _, variable := range os.Environ() {
		if name, value, _ := strings.Cut(variable, "="); value == "" && strings.HasPrefix(name, "PROCORE_") {
			_ = os.Unsetenv(name) // fails for names that can't be, and this one is
		}
	}
}

const description = `Manages Procore service accounts as code.

Started by Terraform, this program is the provider. Started with a subcommand, it is the management API that the provider talks to, and the tools around it. An independent project, not affiliated with Procore.`

// commands is the grammar. Every flag can also be set by an environment variable: PROCORE_ and the flag's name in upper
// case, with underscores for hyphens.
type commands struct {
	Init    initCommand `cmd:"" help:"Make the database, the company and its first service account, and print the credentials once."`
	Company struct {
		Add companyAddCommand `cmd:"" help:"Make a further company with an administrator's account of its own."`
	} `cmd:"" help:"Manage companies."`
	Admin struct {
		Recover adminRecoverCommand `cmd:"" help:"Break glass: make a new administrator's account for a company that has locked itself out."`
	} `cmd:"" help:"Manage administrators."`
	Serve          serveCommand          `cmd:"" help:"Run the management API."`
	Backup         backupCommand         `cmd:"" help:"Write a consistent copy of a live database."`
	Restore        restoreCommand        `cmd:"" help:"Check a backup, and put a copy of it in the place of a database that nobody uses."`
	Migrate        migrateCommand        `cmd:"" help:"Move all that a SQLite database has into an empty PostgreSQL database, and compare the two."`
	Doctor         doctorCommand         `cmd:"" help:"Check a database without changing it, and say what is wrong and what to do."`
	Keys           keysCommands          `cmd:"" help:"Manage the keys that sign access tokens."`
	GenerateSecret generateSecretCommand `cmd:"" name:"generate-secret" help:"Print one well-formed client secret."`
	Version        versionCommand        `cmd:"" help:"Print the version, the commit and the Go version."`
}

// environment is what a subcommand runs in.
type environment struct {
	stdout, stderr io.Writer
	build          Build
}

func (e *environment) fail(err error) int {
	_, _ = fmt.Fprintf(e.stderr, "terraform-provider-procore: %s\n", sentence(err))
	return exitFailed
}

// refuse names what is wrong with the usage, and where to read about it. The whole help would push the sentence out of sight.
func (e *environment) refuse(err error) int {
	_, _ = fmt.Fprintf(e.stderr, "terraform-provider-procore: %s\n", sentence(err))
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil {
		parse.Context.Stdout = e.stderr
		_, _ = fmt.Fprintln(e.stderr)
		if parse.Context.Selected() == nil { // of which kong has no short help
			_, _ = fmt.Fprintln(e.stderr, "Usage: terraform-provider-procore <command>\n\nRun \"terraform-provider-procore --help\" for the commands.")
			return exitUsage
		}
		_ = parse.Context.PrintUsage(true)
	}
	return exitUsage
}

// sentence puts an error on one line, without the client secret that somebody gave for something else.
func sentence(err error) string {
	return store.MaskSecrets(strings.Join(strings.Fields(err.Error()), " "))
}

// Database is the flag that every subcommand on a database has.
type Database struct {
	Database string `required:"" placeholder:"DATABASE" help:"The database: a SQLite file, or a PostgreSQL database as postgres://USER@HOST/NAME (its password better in PGPASSWORD or a PGPASSFILE, for arguments can be read by others)."`
}

// Validate refuses what can't be opened (kong's hook).
func (d Database) Validate() error {
	if d.Database == "" {
		return errors.New("database: names no file")
	}
	if postgres.IsURL(d.Database) {
		if err := postgres.CheckURL(d.Database); err != nil {
			return fmt.Errorf("database: %w", err)
		}
	}
	return nil
}

// DatabaseFile is the flag of the subcommands that are about a SQLite database's files.
type DatabaseFile struct {
	Database string `required:"" placeholder:"FILE" help:"The SQLite database's file."`
}

// Validate refuses a database that has no file of ours (kong's hook).
func (d DatabaseFile) Validate() error {
	if postgres.IsURL(d.Database) {
		return errors.New("database: this is for SQLite files. A PostgreSQL database is backed up with pg_dump and restored with " +
			"pg_restore, or by its own archive of the write-ahead log")
	}
	return Database(d).Validate()
}

type generateSecretCommand struct{}

// Run prints the secret.
func (generateSecretCommand) Run(e *environment) error {
	_, err := fmt.Fprintln(e.stdout, store.NewSecret().Reveal())
	return err
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(e *environment) error {
	commit := e.build.Commit
	if commit == "" {
		commit = "unknown commit"
	}
	_, err := fmt.Fprintf(e.stdout, "terraform-provider-procore %s (%s, %s)\n", e.build.Version, commit, runtime.Version())
	return err
}
