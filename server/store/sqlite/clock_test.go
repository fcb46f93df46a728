package sqlite

import (
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
)

// stepping returns a database whose clock the test sets.
func stepping(t *testing.T) (database *Store, admin store.ServiceAccount, set func(time.Time)) {
	t.Helper()
	now := time.Now
	database, admin = initializedAt(t, func() time.Time { return now() })
	return database, admin, func(to time.Time) { now = func() time.Time { return to } }
}

func TestLastTokenTimeIsTheLatestThatHasBeen(t *testing.T) {
	t.Parallel()
	database, admin, set := stepping(t)
	noon := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for _, step := range []struct {
		now, at, want time.Time
	}{
		{noon, noon, noon},
		{noon.Add(time.Minute), noon.Add(-time.Hour), noon},                            // a batch that comes late
		{noon.Add(24 * time.Hour), noon.Add(24 * time.Hour), noon.Add(24 * time.Hour)}, // the clock runs ahead
		{noon.Add(time.Hour), noon.Add(time.Hour), noon.Add(time.Hour)},                // and is put right
		{noon.Add(2 * time.Hour), noon.Add(24 * time.Hour), noon.Add(2 * time.Hour)},   // noted before that, written after it
		{noon.Add(-time.Hour), noon.Add(-time.Hour), noon.Add(-time.Hour)},
	} {
		set(step.now)
		if err := database.RecordTokens(t.Context(), map[store.ID]time.Time{admin.ID: step.at}); err != nil {
			t.Fatal(err)
		}
		got, err := database.ServiceAccount(t.Context(), admin.CompanyID, admin.ID)
		if err != nil || !got.LastTokenAt.Equal(step.want) {
			t.Errorf("at %s, told %s: %s, want %s (%v)", step.now, step.at, got.LastTokenAt, step.want, err)
		}
	}
}

func TestPreviousSecretThatHasEndedStaysEnded(t *testing.T) {
	t.Parallel()
	database, admin, set := stepping(t)
	noon := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	set(noon)
	secrets := []store.Secret{store.NewSecret(), store.NewSecret()}
	for _, secret := range secrets {
		reset := store.SecretReset{SecretDigest: secret.Digest(), KeepAccess: true, PreviousSecretTTL: time.Hour}
		if _, _, err := database.ResetSecret(t.Context(), admin.CompanyID, admin.ID, reset, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	accepted := func(at time.Time) bool {
		t.Helper()
		account, err := database.ServiceAccountByClientID(t.Context(), admin.ClientID)
		if err != nil {
			t.Fatal(err)
		}
		_, ok := account.Credentials.Accepts(secrets[0].Digest(), at)
		if _, current := account.Credentials.Accepts(secrets[1].Digest(), at); !current {
			t.Error("the current secret isn't accepted")
		}
		return ok
	}
	end := func() {
		t.Helper()
		if more, err := database.EndPreviousSecrets(t.Context()); more || err != nil {
			t.Fatalf("more: %t, %v", more, err)
		}
	}
	end()
	if !accepted(noon) {
		t.Error("the previous secret ends too early")
	}
	before, err := database.ServiceAccount(t.Context(), admin.CompanyID, admin.ID)
	if err != nil {
		t.Fatal(err)
	}
	set(noon.Add(time.Hour))
	end()
	set(noon)
	if accepted(noon) {
		t.Error("a clock that is put back brings an ended secret to life")
	}
	after, err := database.ServiceAccount(t.Context(), admin.CompanyID, admin.ID)
	if err != nil || after.UpdatedAt != before.UpdatedAt || after.Credentials.SecretVersion != 3 {
		t.Errorf("clearing it changes the account: %+v, %v", after, err)
	}
}

func TestChangesKeepTheirOrderWhenTheClockIsPutBack(t *testing.T) {
	t.Parallel()
	database, admin, set := stepping(t)
	noon := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	var version int
	updated := noon
	for _, now := range []time.Time{noon, noon.Add(-time.Hour), noon.Add(-48 * time.Hour), noon.Add(time.Hour)} {
		set(now)
		account, _, err := database.ResetSecret(t.Context(), admin.CompanyID, admin.ID,
			store.SecretReset{SecretDigest: store.NewSecret().Digest(), KeepAccess: true}, nil, nil)
		if err != nil || account.Credentials.SecretVersion <= version || account.UpdatedAt.Before(updated) || !account.Credentials.SecretCreatedAt.Equal(now) {
			t.Errorf("at %s: version %d after %d, updated %s after %s, %v", now, account.Credentials.SecretVersion, version, account.UpdatedAt, updated, err)
		}
		version, updated = account.Credentials.SecretVersion, account.UpdatedAt
	}
	events, err := database.ListAuditEvents(t.Context(), admin.CompanyID, store.AuditQuery{Action: store.ActionSecretReset, Page: store.PageRequest{Number: 1, Size: 10}})
	if err != nil {
		t.Fatal(err)
	}
	for i, event := range events.Items { // newest first, whatever their times
		if i > 0 && event.ID >= events.Items[i-1].ID {
			t.Errorf("event %s comes after event %s", event.ID, events.Items[i-1].ID)
		}
	}
	if newest := events.Items[0].CreatedAt; len(events.Items) != 4 || !newest.Equal(noon.Add(time.Hour)) {
		t.Errorf("%d events, the newest of %s", len(events.Items), newest)
	}
}
