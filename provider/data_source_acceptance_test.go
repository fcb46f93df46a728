package provider_test

import (
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

const (
	oneAddress     = "data.procore_service_account.test"
	allAddress     = "data.procore_service_accounts.test"
	companyAddress = "data.procore_company.test"
)

func TestAccServiceAccountDataSourceFindsByEachKey(t *testing.T) {
	w := newWorld(t)
	made := w.make("CI Exporter")
	w.make("another")
	var steps []resource.TestStep
	for _, key := range []string{`id = "` + made.ID + `"`, `client_id = "` + made.ClientID + `"`, `name = "CI Exporter"`, `name = "ci exporter"`} {
		steps = append(steps, resource.TestStep{
			Config: w.config("data \"procore_service_account\" \"test\" {\n  " + key + "\n}"),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(oneAddress, tfjsonpath.New("id"), knownvalue.StringExact(made.ID)),
				statecheck.ExpectKnownValue(oneAddress, tfjsonpath.New("client_id"), knownvalue.StringExact(made.ClientID)),
				statecheck.ExpectKnownValue(oneAddress, tfjsonpath.New("name"), knownvalue.StringExact("CI Exporter")),
				statecheck.ExpectKnownValue(oneAddress, tfjsonpath.New("company_id"), knownvalue.StringExact(w.CompanyID)),
				statecheck.ExpectKnownValue(oneAddress, tfjsonpath.New("secret_version"), knownvalue.Int64Exact(1)),
				statecheck.ExpectKnownValue(oneAddress, tfjsonpath.New("secret_fingerprint"), knownvalue.StringExact(made.SecretFingerprint)),
				statecheck.ExpectKnownValue(oneAddress, tfjsonpath.New("contact_email"), knownvalue.StringExact(made.Contact.EmailAddress)),
				statecheck.ExpectKnownValue(oneAddress, tfjsonpath.New("status"), knownvalue.StringExact("active")),
			},
		})
	}
	for key, want := range map[string]string{
		`name = "nobody"`: `(?s)Unable to find service account "nobody".*0 service accounts`,
		`id = "999"`:      `Unable to find service account 999`, `client_id = "f00d"`: `Unable to find service account "f00d"`,
	} {
		steps = append(steps, resource.TestStep{
			Config:      w.config("data \"procore_service_account\" \"test\" {\n  " + key + "\n}"),
			ExpectError: regexp.MustCompile(want),
		})
	}
	w.run(steps...)
}

func TestAccServiceAccountsDataSourceFiltersAndSorts(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"bravo", "alpha", "charlie"} {
		w.make(name)
	}
	names := func(filter string, want ...string) resource.TestStep {
		items := make([]knownvalue.Check, len(want))
		for i, name := range want {
			items[i] = knownvalue.ObjectPartial(map[string]knownvalue.Check{"name": knownvalue.StringExact(name), "company_id": knownvalue.StringExact(w.CompanyID)})
		}
		return resource.TestStep{Config: w.config("data \"procore_service_accounts\" \"test\" {\n  " + filter + "\n}"), ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(allAddress, tfjsonpath.New("service_accounts"), knownvalue.ListExact(items)),
		}}
	}
	w.run(
		resource.TestStep{Config: w.config("data \"procore_service_accounts\" \"test\" {\n  status = \"broken\"\n}"), ExpectError: regexp.MustCompile(`status`)},
		names(`search = "a"
  name = "ALPHA"`, "alpha"),
		names(`search = "rav"`, "bravo"),
		names(`app_type = "marketplace"`),
		names(`status = "expired"`),
		resource.TestStep{Config: w.config(`data "procore_service_accounts" "test" {}`), ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(allAddress, tfjsonpath.New("service_accounts"), knownvalue.ListSizeExact(4)), // and the administrator
		}},
	)
}

func TestAccCompanyDataSource(t *testing.T) {
	w := newWorld(t)
	var steps []resource.TestStep
	for _, argument := range []string{"", `id = "1"`, `company_id = "1"`} {
		steps = append(steps, resource.TestStep{Config: w.config("data \"procore_company\" \"test\" {\n  " + argument + "\n}"), ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(companyAddress, tfjsonpath.New("id"), knownvalue.StringExact("1")),
			statecheck.ExpectKnownValue(companyAddress, tfjsonpath.New("company_id"), knownvalue.StringExact("1")),
			statecheck.ExpectKnownValue(companyAddress, tfjsonpath.New("name"), knownvalue.StringExact("Acme")),
			statecheck.ExpectKnownValue(companyAddress, tfjsonpath.New("created_at"), knownvalue.StringRegexp(regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`))),
			statecheck.ExpectKnownValue(companyAddress, tfjsonpath.New("updated_at"), knownvalue.StringRegexp(regexp.MustCompile(`Z$`))),
		}})
	}
	steps = append(steps, resource.TestStep{Config: w.config("data \"procore_company\" \"test\" {\n  id = \"99\"\n}"), ExpectError: regexp.MustCompile(`Unable to find company 99`)})
	w.run(steps...)
}
