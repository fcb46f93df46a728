package rest_test

import (
	"fmt"
	"hash/crc32"
	"math/big"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/servertest"
	"github.com/procore/terraform-provider-procore/server/store"
)

var (
	clientIDShape    = regexp.MustCompile(`^[0-9a-f]{64}$`)
	secretShape      = regexp.MustCompile(`^pcs_[0-9A-Za-z]{49}$`)
	fingerprintShape = regexp.MustCompile(`^[0-9a-f]{12}$`)
)

func TestCreateFillsInTheDefaults(t *testing.T) {
	t.Parallel()
	clock := newClock()
	admin := start(t, servertest.Now(clock.now))

	a := admin.post("service_accounts", object{"name": "ci exporter"}).want(201)
	got := data[account](a)
	now := clock.now().UTC().Format(time.RFC3339)

	equal(t, "company_id", got.CompanyID, admin.company)
	equal(t, "name", got.Name, "ci exporter")
	equal(t, "app_type", got.AppType, "custom")
	equal(t, "marketplace_app", got.MarketplaceApp, nil)
	equal(t, "description", got.Description, "")
	equal(t, "kind", got.Kind, "traditional")
	equal(t, "status", got.Status, "active")
	equal(t, "number of status reasons", len(got.StatusReasons), 0)
	equal(t, "secret_version", got.SecretVersion, 1)
	equal(t, "secret_created_at", got.SecretCreatedAt, now)
	equal(t, "created_at", got.CreatedAt, now)
	equal(t, "updated_at", got.UpdatedAt, now)
	equal(t, "deletion_protection", got.DeletionProtection, false)
	equal(t, "add_to_new_projects", got.AddToNewProjects, false)
	equal(t, "last_token_at", got.LastTokenAt, nil)
	equal(t, "contact name", got.Contact.Name, "ci-exporter-acme")
	equal(t, "contact e-mail", got.Contact.EmailAddress, "ci-exporter-acme-"+got.ID+"@service-accounts.invalid")
	if !clientIDShape.MatchString(got.ClientID) {
		t.Errorf("client_id %q", got.ClientID)
	}
	if !fingerprintShape.MatchString(got.SecretFingerprint) {
		t.Errorf("secret_fingerprint %q", got.SecretFingerprint)
	}
}

// The contract names these fields; another name or a missing one breaks those who rely on it.
func TestServiceAccountHasTheFieldsOfTheContract(t *testing.T) {
	t.Parallel()
	admin := start(t)
	fields := strings.Fields(`id company_id name app_type marketplace_app description kind client_id status status_reasons
		secret_version secret_created_at secret_fingerprint deletion_protection add_to_new_projects contact last_token_at
		created_at updated_at`)

	created := data[map[string]any](admin.post("service_accounts", object{"name": "fields"}).want(201))
	stored := data[map[string]any](admin.get("service_accounts/" + created["id"].(string)).want(200))
	listed := data[[]map[string]any](admin.get("service_accounts?filters[name]=fields").want(200))[0]
	for name, got := range map[string]map[string]any{"create": created, "get": stored, "list": listed} {
		for _, field := range fields {
			if _, found := got[field]; !found {
				t.Errorf("%s answers without %s", name, field)
			}
		}
	}
	if reasons, ok := created["status_reasons"].([]any); !ok || len(reasons) > 0 {
		t.Errorf("status_reasons is %v, want an empty list", created["status_reasons"])
	}
}

func TestCreateTakesEveryField(t *testing.T) {
	t.Parallel()
	admin := start(t)
	secret := store.NewSecret().Reveal()

	a := admin.post("service_accounts", object{
		"name": "all of it", "app_type": "marketplace", "marketplace_app": "Exporter", "description": "two\nlines",
		"deletion_protection": true, "add_to_new_projects": true, "client_secret": secret,
	}).want(201)
	created := data[account](a)
	stored := admin.account(created.ID)
	for name, got := range map[string]account{"created": created, "stored": stored} {
		equal(t, name+" app_type", got.AppType, "marketplace")
		if got.MarketplaceApp == nil || *got.MarketplaceApp != "Exporter" {
			t.Errorf("%s marketplace_app is %v", name, got.MarketplaceApp)
		}
		equal(t, name+" description", got.Description, "two\nlines")
		equal(t, name+" deletion_protection", got.DeletionProtection, true)
		equal(t, name+" add_to_new_projects", got.AddToNewProjects, true)
	}
	equal(t, "client_secret", created.ClientSecret, secret)
	admin.as(created).get("me").want(200)
}

func TestCreateAnswersWithLocationETagAndNoStore(t *testing.T) {
	t.Parallel()
	admin := start(t)

	a := admin.post("service_accounts", object{"name": "headers"}).want(201)
	created := data[account](a)
	location := a.header.Get("Location")
	equal(t, "Location", location, "/rest/v2.0/companies/"+admin.company+"/service_accounts/"+created.ID)
	equal(t, "Cache-Control", a.header.Get("Cache-Control"), "no-store")
	stored := admin.get(location).want(200)
	equal(t, "id at the location", data[account](stored).ID, created.ID)
	if etag := a.header.Get("ETag"); etag == "" || etag != stored.header.Get("ETag") {
		t.Errorf("ETag %s at create, %s when read", etag, stored.header.Get("ETag"))
	}
}

func TestSecretIsWellFormedAndShownOnce(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("shown once")

	if !secretShape.MatchString(created.ClientSecret) {
		t.Fatalf("client_secret has the wrong shape (%d characters)", len(created.ClientSecret))
	}
	body, sum := created.ClientSecret[4:47], created.ClientSecret[47:]
	equal(t, "checksum", sum, base62(int64(crc32.ChecksumIEEE([]byte(body))), 6))

	me := admin.as(created)
	for _, a := range []answer{
		admin.get("service_accounts/" + created.ID), admin.get("service_accounts"), me.get("me"),
		admin.patch("service_accounts/"+created.ID, object{"description": "edited"}),
	} {
		if text := string(a.want(200).body); strings.Contains(text, created.ClientSecret) || strings.Contains(text, "client_secret") {
			t.Errorf("an answer shows the secret again: %s", text)
		}
	}
	other := admin.create("another one")
	if other.ClientSecret == created.ClientSecret || other.ClientID == created.ClientID {
		t.Error("two accounts share credentials")
	}
}

// base62 writes a number as the contract's secrets do: digits, upper case, lower case.
func base62(number int64, width int) string {
	digits := []byte(new(big.Int).SetInt64(number).Text(62)) // digits, lower case, upper case
	for i, digit := range digits {
		switch {
		case digit >= 'a' && digit <= 'z':
			digits[i] = digit - 'a' + 'A'
		case digit >= 'A' && digit <= 'Z':
			digits[i] = digit - 'A' + 'a'
		}
	}
	return fmt.Sprintf("%0*s", width, digits)
}

func TestCreateRefusesAMalformedSecret(t *testing.T) {
	t.Parallel()
	admin := start(t)
	good := store.NewSecret().Reveal()
	wrongSum := good[:52] + string('0'+(good[52]-'0'+1)%10)

	for name, secret := range map[string]string{
		"empty": "", "no prefix": good[4:], "cut short": good[:52], "too long": good + "0", "wrong checksum": wrongSum,
		"other prefix": "psc_" + good[4:], "not base62": "pcs_" + strings.Repeat("-", 49), "space": good + " ",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := admin.named(t)
			a := c.post("service_accounts", object{"name": "own " + name, "client_secret": secret})
			a.faults(422, "UNPROCESSABLE_ENTITY", "client_secret malformed")
		})
	}
	admin.post("service_accounts", object{"name": "null is absent", "client_secret": nil}).want(201)
}

func TestCreateKeepsAppTypeAndMarketplaceAppTogether(t *testing.T) {
	t.Parallel()
	admin := start(t)

	for name, test := range map[string]struct {
		body   object
		status int
		faults []string
	}{
		"custom":                      {object{"app_type": "custom"}, 201, nil},
		"custom with null":            {object{"app_type": "custom", "marketplace_app": nil}, 201, nil},
		"custom with an app":          {object{"app_type": "custom", "marketplace_app": "X"}, 422, []string{"marketplace_app not_allowed"}},
		"an app alone":                {object{"marketplace_app": "X"}, 422, []string{"marketplace_app not_allowed"}},
		"marketplace":                 {object{"app_type": "marketplace", "marketplace_app": "X"}, 201, nil},
		"marketplace without an app":  {object{"app_type": "marketplace"}, 422, []string{"marketplace_app blank"}},
		"marketplace with null":       {object{"app_type": "marketplace", "marketplace_app": nil}, 422, []string{"marketplace_app blank"}},
		"marketplace with blanks":     {object{"app_type": "marketplace", "marketplace_app": "  "}, 422, []string{"marketplace_app blank"}},
		"an app type that isn't one":  {object{"app_type": "Custom"}, 422, []string{"app_type not_allowed"}},
		"an app name that's too long": {object{"app_type": "marketplace", "marketplace_app": strings.Repeat("x", 256)}, 422, []string{"marketplace_app too_long"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := admin.named(t)
			test.body["name"] = name
			a := c.post("service_accounts", test.body).want(test.status)
			if test.status == 422 {
				a.faults(422, "UNPROCESSABLE_ENTITY", test.faults...)
			}
		})
	}
}
