package server_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// TestBackupHasEveryAccountThatWasAcknowledgedBeforeItBegan writes from several clients to a real server while copies are
// made by another process, and looks into each copy.
func TestBackupHasEveryAccountThatWasAcknowledgedBeforeItBegan(t *testing.T) {
	t.Parallel()
	database := freshFile(t, "a backup is a copy of the file")
	administrator := initialize(t, database)
	p := serve(t, database, nil)
	admin := signIn(t, client30, p.url, administrator)

	var acknowledged sync.Map
	var count atomic.Int64
	stop := make(chan struct{})
	var group sync.WaitGroup
	for writer := range 3 {
		group.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				name := fmt.Sprintf("writer %d account %d", writer, i)
				status, text, err := admin.request(t.Context(), "POST", "service_accounts", fmt.Sprintf(`{"name":%q}`, name))
				if err != nil || status != 201 {
					t.Errorf("a write during the backup: %d %s %v", status, text, err)
					return
				}
				acknowledged.Store(name, true)
				count.Add(1)
			}
		})
	}
	for round := range 5 {
		enough := count.Load() + 5 // something happens between the copies
		comesTrue(t, "progress", func() bool { return count.Load() >= enough || t.Failed() })
		var before []string
		acknowledged.Range(func(name, _ any) bool {
			before = append(before, name.(string))
			return true
		})
		copied := filepath.Join(t.TempDir(), fmt.Sprintf("%d.db", round))
		succeed(t, "backup", "--database", database, "--to", copied)

		wantSound(t, untouched(t, copied))
		names := "," + accountNames(t, copied) + ","
		for _, name := range before {
			if !strings.Contains(names, ","+name+",") {
				t.Errorf("round %d: %s was acknowledged before the backup began, and isn't in it", round, name)
			}
		}
		// Each account is there with all that belongs to it.
		for what, statement := range map[string]string{
			"contact": "SELECT id FROM service_accounts a WHERE NOT EXISTS (SELECT 1 FROM contacts c WHERE c.service_account_id = a.id)",
			"event":   "SELECT id FROM service_accounts a WHERE NOT EXISTS (SELECT 1 FROM audit_events e WHERE e.service_account_id = a.id AND e.action = 'service_account.created')",
		} {
			if without := query(t, copied, statement); len(without) > 0 {
				t.Errorf("round %d: accounts %v have no %s", round, without, what)
			}
		}
		t.Logf("round %d: %d accounts had been acknowledged", round, len(before))
	}
	close(stop)
	group.Wait()
	p.stop()
}
