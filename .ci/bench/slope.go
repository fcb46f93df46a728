package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"

	"github.com/procore/terraform-provider-procore/server/servertest/load"
)

// slopeReport is what the same work costs in companies of different sizes, and what is kept takes.
type slopeReport struct {
	Sizes []sizeReport
	Kept  keptBytes
}

// Last is the largest size.
func (s slopeReport) Last() sizeReport { return s.Sizes[len(s.Sizes)-1] }

// sizeReport is one size.
type sizeReport struct {
	Accounts int
	// BytesEach is the file's size by its accounts, Start how long a start takes, and Memory what the server holds after the load.
	BytesEach float64
	Start     series
	Memory    float64
	// Floor is a token of the floor's, the others are the program's. Token is for all accounts in turn, Same for one of them each time.
	Floor, Token, Same, Account, First, Deep, Search, Create measured
}

// keptBytes is what the file grows by with each of these.
type keptBytes struct {
	// Account is one that was made, with its contact and audit event; Reset the audit event of a reset, and Answer the answer that is
	// kept for 24 hours for a request with an Idempotency-Token.
	Account, Reset, Answer float64
}

func measureSlope(ctx context.Context, b *bench) error {
	found := &slopeReport{}
	for _, size := range b.sizes {
		one, err := b.measureSize(ctx, size)
		if err != nil {
			return fmt.Errorf("%d accounts: %w", size, err)
		}
		found.Sizes = append(found.Sizes, one)
	}
	var err error
	if found.Kept, err = b.measureKept(ctx); err != nil {
		return err
	}
	b.report.Slope = found
	return nil
}

// measureSize measures a company of one size, which is removed afterwards.
func (b *bench) measureSize(ctx context.Context, size int) (found sizeReport, err error) {
	w, err := b.newWorld(ctx, size, "")
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, w.close(), removeDatabase(w.file)) }()
	found.Accounts = size
	if err := w.server.stop(); err != nil {
		return found, err
	}
	bytes, err := databaseSize(w.file)
	if err != nil {
		return found, err
	}
	found.BytesEach = float64(bytes) / float64(size)
	starts, err := b.alternate(ctx, fmt.Sprintf("start of %d", size), b.starter("serve", b.binary, "serve", "--database", w.file, "--listen", "127.0.0.1:0"))
	if err != nil {
		return found, err
	}
	found.Start = starts[0].Took
	if w.server, err = b.serve(ctx, w.file); err != nil {
		return found, err
	}
	deep := max(2, size/perPage*9/10)
	list := func(query string) func(int64) []byte {
		return func(int64) []byte { return load.Raw("GET", accounts+"?"+query, authorization(w.bearer), "") }
	}
	results, err := b.alternate(ctx, fmt.Sprintf("size %d", size),
		w.ask("floor", w.floor, connections, w.requests()[0].floor),
		w.ask("token", w.server, connections, w.tokenRequest),
		w.ask("token of one account", w.server, connections, func(int64) []byte { return w.tokenRequest(0) }),
		w.ask("account", w.server, connections, w.accountRequest),
		w.ask("first page", w.server, connections, list(fmt.Sprintf("per_page=%d", perPage))),
		w.ask("deep page", w.server, connections, list(fmt.Sprintf("per_page=%d&page=%d", perPage, deep))),
		w.ask("search", w.server, connections, func(n int64) []byte {
			return list("per_page=10&filters[search]=exporter+" + fmt.Sprint(w.number(n)))(n)
		}),
		w.ask("create", w.server, connections, w.createRequest))
	if err != nil {
		return found, err
	}
	for i, into := range []*measured{
		&found.Floor, &found.Token, &found.Same, &found.Account, &found.First, &found.Deep, &found.Search, &found.Create,
	} {
		*into = results[i]
	}
	memory, _ := load.Resident(w.server.pid())
	found.Memory = float64(memory)
	return found, nil
}

// measureKept measures what the file grows by.
func (b *bench) measureKept(ctx context.Context) (found keptBytes, err error) {
	w, err := b.newWorld(ctx, tokenPool, "")
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	reset := func(headers string) func(int64) []byte {
		return func(int64) []byte {
			if headers != "" {
				headers = "Idempotency-Token: " + rand.Text() + "\r\n"
			}
			return load.Raw("POST", accounts+"/"+w.id(1)+"/actions/reset_secret", jsonType+headers+authorization(w.bearer), `{"keep_access":true}`)
		}
	}
	if found.Account, err = w.growth(ctx, w.createRequest); err != nil {
		return found, err
	}
	if found.Reset, err = w.growth(ctx, reset("")); err != nil {
		return found, err
	}
	kept, err := w.growth(ctx, reset("yes"))
	found.Answer = kept - found.Reset
	return found, err
}

// growth returns how many bytes the file has grown by for each request.
func (w *world) growth(ctx context.Context, request func(int64) []byte) (each float64, err error) {
	if err := w.server.stop(); err != nil {
		return 0, err
	}
	before, err := databaseSize(w.file)
	if err != nil {
		return 0, err
	}
	if w.server, err = w.b.serve(ctx, w.file); err != nil {
		return 0, err
	}
	done, err := w.b.put(ctx, load.Load{Address: w.server.address, Connections: connections, Request: request, Duration: 2 * w.b.round})
	if err != nil {
		return 0, err
	}
	if err := w.server.stop(); err != nil {
		return 0, err
	}
	after, err := databaseSize(w.file)
	if err != nil {
		return 0, err
	}
	w.server, err = w.b.serve(ctx, w.file)
	return float64(after-before) / float64(done.count), err
}

// databaseSize is how large a database is that nobody has open: then its log has been taken over into the file.
func databaseSize(file string) (int64, error) {
	info, err := os.Stat(file)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func removeDatabase(file string) error {
	var errs []error
	for _, name := range []string{file, file + "-wal", file + "-shm"} {
		if err := os.Remove(name); !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
