package rest_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/procore/terraform-provider-procore/server"
	"github.com/procore/terraform-provider-procore/server/servertest"
	"github.com/procore/terraform-provider-procore/server/store"
)

// lockedBuffer is a log that several requests write to.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(data)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// The answer is kept, and its secret with it; but whoever has the files, the log and the audit reads none of it.
func TestKeptAnswersRevealNeitherSecretNorTokenNorBody(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	admin := start(t, servertest.Configure(func(c *server.Config) {
		c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}))
	tokens := []string{"3b241101-e2bb-4255-8caf-4136c566a962", "c0ffee00-e2bb-4255-8caf-4136c566a963", "5ec2e7aa-e2bb-4255-8caf-4136c566a964"}
	brought := store.NewSecret().Reveal()
	made := admin.once(tokens[0], "service_accounts", object{"name": "once"}).want(201)
	again := admin.once(tokens[0], "service_accounts", object{"name": "once"})
	again.isReplayOf(made)
	reset := admin.once(tokens[1], "service_accounts/"+data[account](made).ID+"/actions/reset_secret", object{"client_secret": brought}).want(200)
	admin.once(tokens[1], "service_accounts", object{"name": "mismatch"}).want(422)
	admin.once(tokens[2], "service_accounts", object{"name": "once"}).want(409)

	places := map[string]string{
		"the log": log.String(), "the metrics": string(admin.get("/metrics").want(200).body),
		"the audit": string(admin.get("audit_events?per_page=1000").want(200).body), "the database": servertest.Bytes(t, admin.server.Database),
	}
	says(t, places["the database"], "kept_answers", "once") // they are the right files
	says(t, places["the log"], "reset_secret")
	for _, secret := range append(tokens, data[account](made).ClientSecret, brought, string(reset.body[:40])) {
		for form, text := range map[string]string{
			"as it is": secret, "without hyphens": strings.ReplaceAll(secret, "-", ""),
			"in hex": hex.EncodeToString([]byte(secret)), "in base64": base64.StdEncoding.EncodeToString([]byte(secret))[:len(secret)],
		} {
			for place, content := range places {
				if strings.Contains(content, text) {
					t.Errorf("%s holds what it must not, %s", place, form)
				}
			}
		}
	}
}
