package server_test

import (
	"os"
	"strings"
	"testing"
)

func TestWrongUsageIsRefusedWithUsageOnStderr(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	on := func(args ...string) []string { return append(args, "--database", database) }

	for name, args := range map[string][]string{
		"unknown subcommand":         {"frobnicate"},
		"unknown flag":               on("serve", "--nope"),
		"stray argument":             {"version", "extra"},
		"flag before the subcommand": {"--database", database, "serve"},
		"half a subcommand":          {"admin"},
		"other half missing":         {"company"},
		"init without a database":    {"init", "--company", "Acme"},
		"init without a company":     on("init"),
		"serve without a database":   {"serve"},
		"backup without a target":    on("backup"),
		"recover without a company":  on("admin", "recover"),
		"recover of no id":           on("admin", "recover", "--company-id", "abc"),
		"recover of id zero":         on("admin", "recover", "--company-id", "0"),
		"company add without a name": on("company", "add"),
		"unknown output":             on("init", "--company", "Acme", "--output", "xml"),
		"base URL without a scheme":  on("init", "--company", "Acme", "--base-url", "example.com"),
		"base URL of another scheme": on("serve", "--base-url", "ftp://example.com"),
		"base URL with a query":      on("serve", "--base-url", "https://example.com/?x=1"),
		"port only":                  on("serve", "--listen", "8080"),
		"every address":              on("serve", "--listen", ":0"),
		"every IPv4 address":         on("serve", "--listen", "0.0.0.0:0"),
		"every IPv6 address":         on("serve", "--listen", "[::]:0"),
		"another machine's address":  on("serve", "--listen", "192.0.2.1:8080"),
		"a name that isn't loopback": on("serve", "--listen", "example.com:8080"),
		"certificate without a key":  on("serve", "--tls-cert", "cert.pem"),
		"key without a certificate":  on("serve", "--tls-key", "key.pem"),
		"no token lifetime":          on("serve", "--token-ttl", "0s"),
		"negative token lifetime":    on("serve", "--token-ttl", "-1m"),
		"half a second":              on("serve", "--token-ttl", "1500ms"),
		"no duration":                on("serve", "--token-ttl", "soon"),
		"no date":                    on("serve", "--sunset", "soon"),
		"a day that isn't":           on("serve", "--creation-cutoff", "2024-02-30"),
		"negative rate limit":        on("serve", "--rate-limit=-1"),
		"rate limit that isn't":      on("serve", "--rate-limit", "many"),
		"no room for a write":        on("serve", "--max-concurrency", "1"),
		"no queue":                   on("serve", "--max-queue", "0"),
		"no connections":             on("serve", "--max-connections", "0"),
		"unknown log format":         on("serve", "--log-format", "xml"),
		"unknown log level":          on("serve", "--log-level", "loud"),
		"flag without its value":     {"serve", "--database"},
		"PostgreSQL URL, a bad one":  {"serve", "--database", "postgres://localhost/x?sslmode=perhaps"},
		"backup of PostgreSQL":       {"backup", "--database", "postgres://localhost/x", "--to", "x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := run(t, args...)
			equal(t, "exit status", got.status, 2)
			equal(t, "stdout", got.stdout, "")
			first, rest, _ := strings.Cut(got.stderr, "\n")
			if !strings.HasPrefix(first, "terraform-provider-procore: ") || !strings.Contains(rest, "Usage: ") || !strings.Contains(rest, "--help") {
				t.Errorf("want a sentence and a usage, got %s", got.stderr)
			}
			if lines := strings.Count(rest, "\n"); lines > 10 { // the sentence has to stay in sight
				t.Errorf("%d lines of usage follow the sentence: %s", lines, got.stderr)
			}
		})
	}
	if _, err := os.Stat(database); err == nil {
		t.Error("a wrong usage makes a database")
	}
}

func TestADurationThatIsNoneIsToldWithOneThatIs(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	for _, args := range [][]string{
		{"serve", "--token-ttl", "100d"}, {"serve", "--drain-delay", "100d"}, {"keys", "rotate", "--sign-after", "100d"},
	} {
		got := run(t, append(args, "--database", database)...)
		first, _, _ := strings.Cut(got.stderr, "\n")
		if want := "terraform-provider-procore: " + args[len(args)-2] + `: "100d" is not a duration such as 30s, 90m or 36h`; first != want {
			t.Errorf("want %s, got %s", want, got.stderr)
		}
	}
}

func TestRefusalToListenNamesTheWaysOut(t *testing.T) {
	t.Parallel()
	got := run(t, "serve", "--database", fresh(t), "--listen", "0.0.0.0:8080")
	for _, word := range []string{"0.0.0.0:8080", "--tls-cert", "--tls-key", "--behind-proxy"} {
		if !strings.Contains(got.stderr, word) {
			t.Errorf("%q is not in %s", word, got.stderr)
		}
	}
}

func TestNoArgumentsPrintTheUsage(t *testing.T) {
	t.Parallel()
	got := run(t)
	for _, word := range []string{"Usage: ", "init", "company add", "admin recover", "serve", "backup", "generate-secret", "version"} {
		if !strings.Contains(got.stdout, word) {
			t.Errorf("%q is not in %s", word, got.stdout)
		}
	}
	equal(t, "stderr", got.stderr, "")
}

func TestHelpOfEverySubcommandNamesItsFlagsAndTheirVariables(t *testing.T) {
	t.Parallel()
	for command, flags := range map[string]string{
		"init":          "database company output base-url",
		"company add":   "database name output base-url",
		"admin recover": "database company-id output base-url",
		"serve":         "database listen tls-cert tls-key behind-proxy base-url token-ttl creation-cutoff sunset rate-limit max-concurrency max-queue max-connections log-format log-level",
		"backup":        "database to",
	} {
		help := succeed(t, append(strings.Fields(command), "--help")...)
		for flag := range strings.FieldsSeq(flags) {
			variable := "$PROCORE_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
			if !strings.Contains(help, "--"+flag) || !strings.Contains(strings.Join(strings.Fields(help), " "), variable) {
				t.Errorf("the help of %s lacks --%s or %s:\n%s", command, flag, variable, help)
			}
		}
	}
}
