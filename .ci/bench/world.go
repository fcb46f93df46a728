package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/procore/terraform-provider-procore/server/servertest/bulk"
	"github.com/procore/terraform-provider-procore/server/servertest/load"
)

const (
	// connections is how many clients ask at once where nothing else is said.
	connections = 16
	// tokenPool is how many tokens are asked about, one after the other.
	tokenPool = 256
	formType  = "Content-Type: application/x-www-form-urlencoded\r\n"
	jsonType  = "Content-Type: application/json\r\n"
	company   = "/rest/v2.0/companies/1"
	accounts  = company + "/service_accounts"
)

// world is a database with a company, the server on it, and the floor's server.
type world struct {
	b *bench
	// database is what serve was given; file is the SQLite file that it was made as.
	database, file string
	accounts       int
	admin          credentials
	// secret is what all accounts made in bulk sign in with, and firstID the id of the first of them.
	secret  string
	firstID int64
	server  *process
	floor   *process
	// before is another program on the same database; nil where there is none.
	before *process
	// bearer is the administrator's token; tokens are of many accounts, floorTokens the floor's own.
	bearer              string
	tokens, floorTokens []string
	// created numbers the accounts made over the API, whose names must differ.
	created atomic.Int64
}

// newWorld makes a database with so many accounts, and starts both servers. On PostgreSQL what was made as a file is moved there.
func (b *bench) newWorld(ctx context.Context, count int, postgres string) (w *world, err error) {
	w = &world{b: b, accounts: count}
	if err := w.populate(ctx); err != nil {
		return nil, err
	}
	w.database = w.file
	if postgres != "" {
		w.database = postgres
		if _, err := b.command(ctx, "migrate", "--from", w.file, "--to", postgres); err != nil {
			return nil, err
		}
	}
	if w.floor, err = start(ctx, b.self, "-floor"); err != nil {
		return nil, err
	}
	if w.server, err = b.serve(ctx, w.database); err != nil {
		return nil, errors.Join(err, w.floor.stop())
	}
	if b.before != "" {
		if w.before, err = start(ctx, b.before, "serve", "--database", w.database, "--listen", "127.0.0.1:0"); err != nil {
			return nil, errors.Join(err, w.close())
		}
	}
	if err := w.signIn(ctx); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

func (w *world) populate(ctx context.Context) (err error) {
	w.file = filepath.Join(w.b.folder, fmt.Sprintf("%d-accounts-%d.db", w.accounts, time.Now().UnixNano()))
	if w.admin, err = w.b.initialize(ctx, w.file); err != nil {
		return err
	}
	if w.secret, err = w.b.newSecret(ctx); err != nil {
		return err
	}
	return bulk.Populate(ctx, w.file, bulk.Accounts{Count: w.accounts, Secret: w.secret})
}

// onEachStore measures on a SQLite file and, where one is given, on a PostgreSQL database. What one section measures on is there for the
// next one, too.
func (b *bench) onEachStore(ctx context.Context, measure func(context.Context, *world, *storeReport) error) error {
	names, databases := []string{"SQLite"}, []string{""}
	if b.postgres != "" {
		names, databases = append(names, "PostgreSQL"), append(databases, b.postgres)
	}
	for i, database := range databases {
		if len(b.worlds) <= i {
			w, err := b.newWorld(ctx, b.accounts, database)
			if err != nil {
				return err
			}
			b.worlds, b.report.Stores = append(b.worlds, w), append(b.report.Stores, &storeReport{Name: names[i]})
		}
		if err := measure(ctx, b.worlds[i], b.report.Stores[i]); err != nil {
			return fmt.Errorf("%s: %w", names[i], err)
		}
	}
	return nil
}

// closeWorlds stops the servers that onEachStore has started.
func (b *bench) closeWorlds() error {
	var errs []error
	for _, w := range b.worlds {
		errs = append(errs, w.close())
	}
	b.worlds = nil
	return errors.Join(errs...)
}

// close stops the servers.
func (w *world) close() error { return errors.Join(w.server.stop(), w.before.stop(), w.floor.stop()) }

// signIn gets the tokens, and finds out which ids the accounts have.
func (w *world) signIn(ctx context.Context) (err error) {
	if w.bearer, err = newToken(ctx, w.server, "/oauth/token", w.admin.ClientID, w.admin.ClientSecret); err != nil {
		return err
	}
	for number := range min(tokenPool, w.accounts) {
		token, err := newToken(ctx, w.server, "/oauth/token", bulk.ClientID(number+1), w.secret)
		if err != nil {
			return err
		}
		floors, err := newToken(ctx, w.floor, "/token", bulk.ClientID(number+1), w.secret)
		if err != nil {
			return err
		}
		w.tokens, w.floorTokens = append(w.tokens, token), append(w.floorTokens, floors)
	}
	var found struct {
		Data []account `json:"data"`
	}
	body, err := w.get(ctx, accounts+"?filters[client_id]="+bulk.ClientID(1))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, &found); err != nil || len(found.Data) != 1 {
		return errors.Join(err, fmt.Errorf("the first account is not found: %s", body))
	}
	w.firstID, err = strconv.ParseInt(found.Data[0].ID, 10, 64)
	return err
}

// account is what the API says of one.
type account struct {
	ID                string   `json:"id"`
	CompanyID         string   `json:"company_id"`
	Name              string   `json:"name"`
	AppType           string   `json:"app_type"`
	MarketplaceApp    *string  `json:"marketplace_app"`
	Description       string   `json:"description"`
	Kind              string   `json:"kind"`
	ClientID          string   `json:"client_id"`
	Status            string   `json:"status"`
	StatusReasons     []string `json:"status_reasons"`
	SecretVersion     int64    `json:"secret_version"`
	SecretCreatedAt   string   `json:"secret_created_at"`
	SecretFingerprint string   `json:"secret_fingerprint"`
	Protection        bool     `json:"deletion_protection"`
	AddToNewProjects  bool     `json:"add_to_new_projects"`
	Contact           struct {
		ID           string `json:"id"`
		Name         string `json:"name"`
		EmailAddress string `json:"email_address"`
	} `json:"contact"`
	LastTokenAt *string `json:"last_token_at"`
	CreatedAt   string  `json:"created_at"`
	UpdatedAt   string  `json:"updated_at"`
}

// client makes the few requests that are not measured.
var client = &http.Client{Timeout: 30 * time.Second}

func newToken(ctx context.Context, of *process, path, id, secret string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+of.address+path, strings.NewReader(tokenForm(id, secret)))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	body, err := do(request)
	if err != nil {
		return "", err
	}
	var got tokenAnswer
	err = json.Unmarshal(body, &got)
	return got.AccessToken, err
}

func tokenForm(id, secret string) string {
	return url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}}.Encode()
}

func (w *world) get(ctx context.Context, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.server.address+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+w.bearer)
	return do(request)
}

func do(request *http.Request) ([]byte, error) {
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode >= http.StatusMultipleChoices {
		err = fmt.Errorf("%s %s: %s: %.300s", request.Method, request.URL.Path, response.Status, body)
	}
	return body, err
}

// number spreads requests over all accounts, so that no two in a row are for neighbours.
func (w *world) number(request int64) int { return 1 + int(request*2_654_435_761%int64(w.accounts)) }

func (w *world) id(number int) string { return strconv.FormatInt(w.firstID+int64(number)-1, 10) }

// authorization is the header with the administrator's token, or another.
func authorization(token string) string { return "Authorization: Bearer " + token + "\r\n" }

// ask is a contender that sends requests over so many connections for a round.
func (w *world) ask(name string, to *process, count int, request func(int64) []byte) contender {
	return contender{name, func(ctx context.Context) (sample, error) {
		before := w.databaseTime()
		got, err := w.b.put(ctx, load.Load{Address: to.address, PID: to.pid(), Connections: count, Request: request, Duration: w.b.round})
		if complaint := to.complaint.Load(); err != nil && complaint != nil {
			err = fmt.Errorf("%w; the server's log says %s", err, *complaint)
		}
		got.database = max(0, (w.databaseTime()-before).Seconds()) / max(1, float64(got.count)) // processes may have ended meanwhile
		return got, err
	}}
}

// databaseTime is what PostgreSQL has used of this machine's processors; 0 where the store is another, or runs elsewhere.
func (w *world) databaseTime() time.Duration {
	if w.database == w.file {
		return 0
	}
	return load.ProcessorTimeOf("postgres")
}

// both is a contender that asks the server and, where there is one, another that asks the program from before.
func (w *world) both(name string, count int, request func(int64) []byte) []contender {
	contenders := []contender{w.ask(name, w.server, count, request)}
	if w.before != nil {
		contenders = append(contenders, w.ask(name+beforeSuffix, w.before, count, request))
	}
	return contenders
}

// beforeSuffix marks what the program from before gave. It is printed, and not on the page.
const beforeSuffix = " before"

// put puts a load on. It fails where a request got no answer, or another one than it should; a server that says that it has too much to
// do has answered, and its refusals are counted.
func (b *bench) put(ctx context.Context, l load.Load) (sample, error) {
	l.Patience = time.Minute // what is slow is to be seen in the figures
	outcome := l.Run(ctx)
	if ctx.Err() != nil {
		return sample{}, ctx.Err()
	}
	if err := outcome.Check(); err != nil {
		return sample{}, err
	}
	count := float64(len(outcome.Latencies))
	return sample{
		count: len(outcome.Latencies), refused: outcome.Refused, rate: outcome.Good(), processor: outcome.ProcessorPerAnswer().Seconds(),
		median: outcome.Percentile(50).Seconds(), p99: outcome.Percentile(99).Seconds(),
		sent: float64(outcome.Sent) / count, received: float64(outcome.Received) / count,
	}, nil
}
