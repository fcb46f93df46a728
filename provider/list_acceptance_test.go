package provider_test

import (
	"strings"
	"testing"
)

const everyList = `
list "procore_service_account" "account" {
  provider = procore
}

list "procore_service_account_permissions" "permissions" {
  provider = procore
}

list "procore_project" "project" {
  provider = procore
}

list "procore_project_membership" "membership" {
  provider = procore
}
`

func TestAccQueryBringsFortyAccountsIn(t *testing.T) {
	needsFeature(t, queryFeature)
	w := newWorld(t)
	w.fillCompany(40)
	before := w.eventCount()
	space := newWorkspace(t, w.environment()...)
	space.write(everyList, "existing.tfquery.hcl")
	space.run("query", "-no-color", "-generate-config-out=generated.tf")
	contains(t, space.run("plan", "-no-color"), "Plan: 86 to import, 0 to add, 0 to change, 0 to destroy.") // 41 + 21 + 3 + 21
	space.run("apply", "-auto-approve", "-no-color")
	space.run("plan", "-detailed-exitcode", "-no-color")
	if after := w.eventCount(); after != before {
		t.Errorf("%d things happened to the company", after-before)
	}
	if state := space.run("state", "list"); strings.Count(state, "procore_service_account.account_") != 41 {
		t.Errorf("the state has\n%s", state)
	}
}
