package postgres

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// The URL's parameters are libpq's (https://www.postgresql.org/docs/current/libpq-connect.html), those of pgx for its pools
// (pool_max_conns, pool_max_conn_lifetime, pool_max_conn_idle_time), and any setting of the server. What it doesn't say is in
// the environment as libpq has it (PGPASSWORD, PGPASSFILE, PGSSLMODE …), or is one of these.
const (
	// connectTimeout is how long a connection may take to come about.
	connectTimeout = 5 * time.Second
	// connectionLifetime and connectionIdle end connections now and then, so that those behind a balancer or a changed name move
	// on, and memory that a backend of theirs has gathered is freed.
	connectionLifetime = 30 * time.Minute
	connectionIdle     = 5 * time.Minute
)

// sessionSettings are what every connection has unless the URL says otherwise. None of them lives from one transaction to the
// next, so that a pooler in between may hand connections around.
var sessionSettings = map[string]string{
	"application_name": "terraform-provider-procore",
	// A statement that takes longer has met something that it can't get past; whoever waits for it has gone.
	"statement_timeout": "30000",
	"lock_timeout":      "10000",
	// A server that was cut off must not hold up the others.
	"idle_in_transaction_session_timeout": "60000",
	// SERIALIZABLE notes what was read. Without an index that is the whole table, and every change beside it a conflict; the
	// planner would read small tables so (PostgreSQL's documentation, 13.2.3).
	"enable_seqscan": "off",
	// Where a whole table has to be read after all, the planner takes that for very dear now, and would have machine code made for
	// each such statement. They are small: what it costs is never earned back.
	"jit": "off",
}

// connections is how many connections a server has at most, unless the URL's pool_max_conns says otherwise.
func connections() int { return max(8, 4*runtime.GOMAXPROCS(0)) }

// IsURL reports whether --database names a PostgreSQL database and not a file.
func IsURL(database string) bool {
	return strings.HasPrefix(database, "postgres://") || strings.HasPrefix(database, "postgresql://")
}

// Redact returns what to call a database in messages: its URL without the password and parameters. A text that can't be read
// as a URL could have the password anywhere.
func Redact(database string) string {
	parsed, err := url.Parse(database)
	if err != nil {
		return "postgres://…"
	}
	shown := url.URL{Scheme: "postgres", Host: parsed.Host, Path: parsed.Path}
	if name := parsed.User.Username(); name != "" {
		shown.User = url.User(name)
	}
	return shown.String()
}

// CheckURL returns why a URL can't be used, in words that don't show it.
func CheckURL(database string) error {
	_, err := parse(database)
	return err
}

// parse reads the URL, and adds what it doesn't say.
func parse(database string) (*pgxpool.Config, error) {
	asked, err := url.Parse(database)
	if err != nil {
		return nil, errors.New("the PostgreSQL URL can't be read. It looks like postgres://USER@HOST:5432/NAME?sslmode=verify-full; " +
			"in a password, write % as %25, / as %2F, @ as %40, : as %3A, # as %23 and ? as %3F, or give it in PGPASSWORD or a PGPASSFILE instead")
	}
	config, err := pgxpool.ParseConfig(database)
	if err != nil {
		return nil, fmt.Errorf("the PostgreSQL URL %s can't be used: %s", Redact(database), withoutPassword(reason(err), asked))
	}
	parameters := asked.Query()
	for name, value := range sessionSettings {
		if _, given := config.ConnConfig.RuntimeParams[name]; !given {
			config.ConnConfig.RuntimeParams[name] = value
		}
	}
	if !parameters.Has("connect_timeout") && os.Getenv("PGCONNECT_TIMEOUT") == "" {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	if !parameters.Has("pool_max_conns") {
		config.MaxConns = int32(min(connections(), 1<<16)) //#nosec G115 -- bounded
	}
	if !parameters.Has("pool_max_conn_lifetime") {
		config.MaxConnLifetime = connectionLifetime
	}
	if !parameters.Has("pool_max_conn_idle_time") {
		config.MaxConnIdleTime = connectionIdle
	}
	if config.MaxConns < leastConnections {
		return nil, fmt.Errorf("the PostgreSQL URL %s can't be used: pool_max_conns=%d is too few; a server needs %d at least",
			Redact(database), config.MaxConns, leastConnections)
	}
	return config, nil
}

// leastConnections leaves one for reading where the others write.
const leastConnections = 2

// reason is what an error of pgx says of the URL, without the URL that it quotes before.
func reason(err error) string {
	text := err.Error()
	if quoted := strings.LastIndex(text, "`: "); quoted >= 0 {
		return text[quoted+len("`: "):]
	}
	return text
}

// withoutPassword takes the secrets of a URL out of a text.
func withoutPassword(text string, from *url.URL) string {
	password, _ := from.User.Password()
	for _, secret := range []string{password, from.Query().Get("password"), from.Query().Get("sslpassword")} {
		if secret != "" {
			text = strings.ReplaceAll(strings.ReplaceAll(text, strconv.Quote(secret), "…"), secret, "…")
		}
	}
	return text
}
