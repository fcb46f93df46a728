package rest_test

import (
	"testing"
	"time"
)

// changes are the routes that honour If-Match.
var changes = []struct {
	route
	status int
}{
	{route{"PATCH", "service_accounts/{id}", `{"description":"edited"}`}, 200},
	{route{"POST", "service_accounts/{id}/actions/reset_secret", `{}`}, 200},
	{route{"POST", "service_accounts/{id}/actions/revoke_tokens", ""}, 204},
	{route{"DELETE", "service_accounts/{id}", ""}, 204},
}

func TestIfMatchLetsTheCurrentETagPass(t *testing.T) {
	t.Parallel()
	admin := start(t)
	for _, form := range []string{"%s", `"other", %s`, `%s , "other"`, "*"} {
		created := admin.create("current " + form)
		for _, change := range changes {
			etag := admin.get("service_accounts/" + created.ID).want(200).header.Get("ETag")
			header := replaceETag(form, etag)
			admin.send(change.route, created.ID, "If-Match", header).want(change.status)
		}
	}
}

func replaceETag(form, etag string) string {
	for i := range form {
		if form[i:min(i+2, len(form))] == "%s" {
			return form[:i] + etag + form[i+2:]
		}
	}
	return form
}

func TestIfMatchRefusesAStaleETagAndChangesNothing(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("stale")
	holder := admin.as(created)
	stale := admin.get("service_accounts/" + created.ID).header.Get("ETag")
	current := admin.patch("service_accounts/"+created.ID, object{"description": "by somebody else"}).want(200).header.Get("ETag")
	before := admin.snapshot()

	for _, header := range []string{stale, `"nothing"`, "W/" + current, current[1 : len(current)-1], `"a", "b"`} {
		for _, change := range changes {
			a := admin.send(change.route, created.ID, "If-Match", header)
			a.faults(412, "PRECONDITION_FAILED", "If-Match precondition_failed")
		}
	}
	equal(t, "accounts afterwards", admin.snapshot(), before)
	holder.get("me").want(200)
	admin.as(created)
}

func TestIfMatchOfAnAccountThatIsGoneIsNotFound(t *testing.T) {
	t.Parallel()
	admin := start(t)
	for _, change := range changes {
		admin.send(change.route, "999", "If-Match", "*").refused(404, "NOT_FOUND")
	}
}

func TestIfMatchOutlivesATokenFetchedInBetween(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("busy")
	etag := admin.get("service_accounts/" + created.ID).header.Get("ETag")
	holder := admin.as(created)
	mine := holder.get("me").header.Get("ETag")

	// The time of the last token is written behind; until it is there, the test would prove nothing.
	deadline := time.Now().Add(10 * time.Second)
	for admin.account(created.ID).LastTokenAt == nil {
		if time.Now().After(deadline) {
			t.Fatal("last_token_at is not written")
		}
		time.Sleep(20 * time.Millisecond)
	}
	after := admin.get("service_accounts/" + created.ID)
	equal(t, "ETag", after.header.Get("ETag"), etag)
	equal(t, "updated_at", data[account](after).UpdatedAt, created.UpdatedAt)
	equal(t, "ETag of me", holder.get("me").header.Get("ETag"), mine)
	admin.do("PATCH", "service_accounts/"+created.ID, object{"description": "edited"}, "If-Match", etag).want(200)
}

func TestETagsAreDifferentForDifferentAccounts(t *testing.T) {
	t.Parallel()
	admin := start(t)
	seen := map[string]string{}
	for _, name := range []string{"one", "two", "three"} {
		etag := admin.get("service_accounts/" + admin.create(name).ID).header.Get("ETag")
		if other, found := seen[etag]; found {
			t.Errorf("%s and %s share the ETag %s", name, other, etag)
		}
		seen[etag] = name
	}
}
