package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/storetest"
)

// cutter passes connections on to a database. Once it is armed it cuts the next one that asks for a commit: before the database
// hears of it, or after.
type cutter struct {
	to          string
	early, late atomic.Bool
}

func (c *cutter) serve(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		server, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", c.to)
		if err != nil {
			_ = client.Close()
			return
		}
		go c.answers(client, server)
		go c.requests(client, server)
	}
}

func (c *cutter) answers(client, server net.Conn) {
	_, _ = io.Copy(client, server)
	_ = errors.Join(client.Close(), server.Close())
}

func (c *cutter) requests(client, server net.Conn) {
	buffer := make([]byte, 1<<16)
	for {
		count, err := client.Read(buffer)
		if err != nil {
			_ = server.Close()
			return
		}
		commits := bytes.Contains(buffer[:count], []byte("commit\x00"))
		if commits && c.early.CompareAndSwap(true, false) {
			_ = errors.Join(client.Close(), server.Close())
			return
		}
		if commits && c.late.CompareAndSwap(true, false) {
			_ = client.Close() // whatever the database answers, nobody hears it
		}
		if _, err := server.Write(buffer[:count]); err != nil {
			_ = client.Close()
			return
		}
	}
}

// Whoever is told that nothing was changed does it again.
func TestCommitWhoseAnswerIsLostIsNeverCalledUndone(t *testing.T) {
	t.Parallel()
	direct := storetest.NewPostgres(t)
	parsed, err := url.Parse(direct)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	cut := &cutter{to: parsed.Host}
	go cut.serve(listener)
	parsed.Host = listener.Addr().String()
	opened := open(t, parsed.String())
	admin, err := opened.Initialize(t.Context(), store.NewCompany{Name: "Acme", Admin: newAccount("Administrator", store.AdminLevels())}, store.SigningKey{ID: "key", Algorithm: "ES256", PrivateKey: []byte{1}})
	if err != nil {
		t.Fatal(err)
	}
	for name, when := range map[string]*atomic.Bool{"early": &cut.early, "late": &cut.late} {
		when.Store(true)
		_, err := opened.CreateServiceAccount(t.Context(), admin.CompanyID, newAccount(name, nil), nil)
		wantCode(t, err, store.CodeOutcomeUnknown)
		if when.Load() {
			t.Errorf("%s: nothing was cut", name)
		}
	}
}
