package provider_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/procore/terraform-provider-procore/provider/client"
	"github.com/procore/terraform-provider-procore/server/servertest"
)

// Between plan and apply somebody else changes the same object. The proxy lets it happen just before Terraform's own
// change arrives at the server.

// edit changes an account behind Terraform's back.
func (w *world) edit(name string, changes client.ServiceAccountChanges) {
	w.t.Helper()
	if _, err := w.api.UpdateServiceAccount(w.t.Context(), w.CompanyID, w.find(name).ID, changes); err != nil {
		w.t.Error(err)
	}
}

// admin is the service account that tests, and the provider, work as.
func (w *world) admin() *client.ServiceAccount {
	w.t.Helper()
	found, err := w.api.ListServiceAccounts(w.t.Context(), w.CompanyID, client.ServiceAccountFilter{ClientID: w.ClientID})
	if err != nil || len(found) != 1 {
		w.t.Fatalf("found %v, %v", found, err)
	}
	return &found[0]
}

// lines is a pattern for words that Terraform may have broken into lines.
func lines(parts ...string) *regexp.Regexp {
	for i, part := range parts {
		parts[i] = strings.ReplaceAll(regexp.QuoteMeta(part), " ", `[\s│]+`)
	}
	return regexp.MustCompile(`(?s)` + strings.Join(parts, ".*"))
}

func TestAccServiceAccountChangedSinceThePlanIsNotOverwritten(t *testing.T) {
	w := newWorld(t)
	proxy := newFaultProxy(t, w.URL)
	front := proxy.behind(w)
	theirs, on := "theirs", true
	wanted := account(`name = "ci"`, `description = "ours"`)
	proxy.arm(`PATCH .*/service_accounts/\d+`, 1, meanwhile(func() {
		w.edit("ci", client.ServiceAccountChanges{Description: &theirs, AddToNewProjects: &on})
	}))
	w.run(
		resource.TestStep{Config: front.config(account(`name = "ci"`))},
		resource.TestStep{
			Config: front.config(wanted),
			ExpectError: lines("Service account ", " has changed since the plan was made", "Nothing was changed", `description: was "", is "theirs"`,
				`add_to_new_projects: was false, is true`, "service account "+w.admin().ID+" (client_id "+w.ClientID+"): service_account.updated at ",
				"Run terraform plan again"),
		},
		resource.TestStep{
			PreConfig: func() {
				if found := w.find("ci"); found.Description != theirs || !found.AddToNewProjects {
					t.Errorf("the server has %+v", found)
				}
			},
			Config: front.config(wanted),
			Check: func(*terraform.State) error {
				if found := w.find("ci"); found.Description != "ours" || found.AddToNewProjects {
					return fmt.Errorf("the plan that saw the change did not overwrite it: %+v", found)
				}
				return nil
			},
		},
	)
}

func TestAccServiceAccountChangedSinceThePlanIsNotDestroyed(t *testing.T) {
	w := newWorld(t)
	proxy := newFaultProxy(t, w.URL)
	front := proxy.behind(w)
	space := newWorkspace(t)
	space.apply(front.config(account(`name = "ci"`)))
	theirs := "still needed"
	proxy.arm(`DELETE .*`, 1, meanwhile(func() { w.edit("ci", client.ServiceAccountChanges{Description: &theirs}) }))

	space.write(front.config(), "main.tf")
	if _, err := space.try("apply", "-auto-approve", "-no-color"); err == nil ||
		!lines("has changed since the plan was made", `is "still needed"`).MatchString(err.Error()) {
		t.Errorf("got %v", err)
	}
	if w.find("ci") == nil {
		t.Error("the account is gone")
	}
	space.run("apply", "-auto-approve", "-no-color") // a plan that saw the change
	if w.find("ci") != nil {
		t.Error("the account is still there")
	}
}

// What the configuration doesn't decide is not in the way: then the plan is what is meant to win.
func TestAccServiceAccountPlanWinsOverWhatItDoesNotDecide(t *testing.T) {
	w := newWorld(t)
	proxy := newFaultProxy(t, w.URL)
	front := proxy.behind(w)
	for _, method := range []string{"PATCH", "DELETE"} {
		proxy.arm(method+` .*/service_accounts/\d+`, 1, meanwhile(func() { w.resetElsewhere("ci") }))
	}
	w.run(
		resource.TestStep{Config: front.config(account(`name = "ci"`))},
		resource.TestStep{
			Config: front.config(account(`name = "ci"`, `description = "ours"`)),
			Check: resource.ComposeTestCheckFunc(w.version(2), func(*terraform.State) error {
				if found := w.find("ci"); found.Description != "ours" {
					return fmt.Errorf("the description is %q", found.Description)
				}
				return nil
			}),
		},
		resource.TestStep{Config: front.config(account(`name = "ci"`, `description = "ours"`)), Destroy: true},
	)
	if w.find("ci") != nil {
		t.Error("the account was not deleted")
	}
}

func TestAccServiceAccountGoneSinceThePlanIsDestroyedAllTheSame(t *testing.T) {
	w := newWorld(t)
	proxy := newFaultProxy(t, w.URL)
	proxy.arm(`DELETE .*`, 1, meanwhile(func() { w.remove("ci") }))
	config := proxy.behind(w).config(account(`name = "ci"`))
	w.run(resource.TestStep{Config: config}, resource.TestStep{Config: config, Destroy: true})
}

func TestAccProjectChangedSinceThePlanIsNeitherOverwrittenNorDestroyed(t *testing.T) {
	w := newWorld(t)
	proxy := newFaultProxy(t, w.URL)
	front := proxy.behind(w)
	id := ""
	rename := func(name string) {
		if _, err := w.api.UpdateProject(t.Context(), w.CompanyID, id, client.ProjectChanges{Name: &name}); err != nil {
			t.Error(err)
		}
	}
	proxy.arm(`PATCH .*/projects/\d+`, 1, meanwhile(func() { rename("Their Bridge") }))
	proxy.arm(`DELETE .*/projects/\d+`, 1, meanwhile(func() { rename("Bridge in use") }))
	w.run(
		resource.TestStep{
			Config: front.config(project(`name = "Bridge"`)),
			Check: func(state *terraform.State) error {
				attributes, err := attributesOf(state, projectAddress)
				id = attributes["id"]
				return err
			},
		},
		resource.TestStep{
			Config: front.config(project(`name = "Our Bridge"`)),
			ExpectError: lines("Project ", "has changed since the plan was made", `name: was "Bridge", is "Their Bridge"`,
				"service account "+w.admin().ID+" (client_id "+w.ClientID+"): project.updated at ", "terraform plan again"),
		},
		resource.TestStep{Config: front.config(project(`name = "Our Bridge"`))},
		resource.TestStep{
			Config: front.config(project(`name = "Our Bridge"`)), Destroy: true,
			ExpectError: lines("has changed since the plan was made", `name: was "Our Bridge", is "Bridge in use"`),
		},
		resource.TestStep{Config: front.config(project(`name = "Bridge in use"`)), ConfigPlanChecks: nothingPlanned},
	)
}

func TestAccPermissionsChangedSinceThePlanAreNotOverwritten(t *testing.T) {
	w := newWorld(t)
	proxy := newFaultProxy(t, w.URL)
	front := proxy.behind(w)
	ci := account(`name = "ci"`)
	change := func(levels map[string]string) {
		proxy.arm(`PUT .*/permissions`, 1, meanwhile(func() { w.grant(w.find("ci").ID, levels) }))
	}
	w.run(
		resource.TestStep{Config: front.config(ci, permissions(`{ documents = "readonly" }`))},
		resource.TestStep{
			PreConfig: func() { change(map[string]string{"documents": "readonly", "reports": "admin"}) },
			Config:    front.config(ci, permissions(`{ documents = "admin" }`)),
			ExpectError: lines("What service account ", "has changed since the plan was made", `company: was "documents=readonly", is "documents=readonly, reports=admin"`,
				"permissions.updated at "),
		},
		resource.TestStep{Config: front.config(ci, permissions(`{ documents = "admin" }`)), Check: w.holds("map[documents:admin]", "map[]")},
		resource.TestStep{
			PreConfig:   func() { change(map[string]string{"documents": "admin", "schedule": "admin"}) },
			Config:      front.config(ci),
			ExpectError: lines("has changed since the plan was made", `is "documents=admin, schedule=admin"`),
		},
		resource.TestStep{Config: front.config(ci), Check: w.holds("map[]", "map[]")},
	)
}

func TestAccMembershipChangedSinceThePlanIsNeitherOverwrittenNorEnded(t *testing.T) {
	w := newWorld(t)
	proxy := newFaultProxy(t, w.URL)
	front := proxy.behind(w)
	both := account(`name = "ci"`) + project(`name = "Bridge"`)
	change := func(method, level string) {
		proxy.arm(method+` .*/project_assignments/\d+`, 1, meanwhile(func() { w.assign(w.find("ci").ID, "1", map[string]string{"rfis": level}) }))
	}
	w.run(
		resource.TestStep{Config: front.config(both, membership(`permissions = { rfis = "readonly" }`))},
		resource.TestStep{
			PreConfig: func() { change("PUT", "admin") },
			Config:    front.config(both, membership(`permissions = { rfis = "standard" }`)),
			ExpectError: lines("The membership of service account ", " in project 1 has changed since the plan was made", `permissions: was "rfis=readonly", is "rfis=admin"`,
				"project_assignment.updated at "),
		},
		resource.TestStep{
			Config: front.config(both, membership(`permissions = { rfis = "standard" }`)), Check: w.holds("map[]", "map[1:map[rfis:standard]]"),
		},
		resource.TestStep{
			PreConfig: func() { change("DELETE", "admin") },
			Config:    front.config(both), ExpectError: lines("has changed since the plan was made", `is "rfis=admin"`),
		},
		resource.TestStep{Config: front.config(both), Check: w.holds("map[]", "map[]")},
	)
}

// A membership that has ended is given again, and access that waits for a reset is given after it, whatever happened.
func TestAccAccessThatAResetClearedIsGivenWhateverHappenedSinceThePlan(t *testing.T) {
	w := newWorld(t)
	proxy := newFaultProxy(t, w.URL)
	front := proxy.behind(w)
	config := func(trigger, level string, more ...string) string {
		return front.config(account(`name = "ci"`), project(`name = "Bridge"`), reset(`triggers = { a = "`+trigger+`" }`),
			permissions(`{ documents = "`+level+`" }`, more...), membership(append(more, `permissions = { rfis = "`+level+`" }`)...))
	}
	holds := func(level string) resource.TestCheckFunc {
		return w.holds("map[documents:"+level+"]", "map[1:map[rfis:"+level+"]]")
	}
	w.run(
		resource.TestStep{Config: config("x", "readonly", afterTheReset), Check: holds("readonly")},
		resource.TestStep{
			PreConfig: func() {
				proxy.arm(`PUT .*/permissions`, 1, meanwhile(func() { w.grant(w.find("ci").ID, map[string]string{"reports": "admin"}) }))
				proxy.arm(`PUT .*/project_assignments/1`, 1, meanwhile(func() { w.assign(w.find("ci").ID, "1", map[string]string{}) }))
			},
			Config: config("y", "admin", afterTheReset), Check: holds("admin"),
		},
		resource.TestStep{
			PreConfig: func() {
				proxy.arm(`PUT .*/project_assignments/1`, 1, meanwhile(func() {
					if err := w.api.DeleteProjectAssignment(t.Context(), w.CompanyID, w.find("ci").ID, "1"); err != nil {
						t.Error(err)
					}
				}))
			},
			Config: config("y", "standard", afterTheReset), Check: holds("standard"),
		},
	)
}

func TestAccResetGoesOnWhateverElseChangedSinceThePlan(t *testing.T) {
	w := newWorld(t)
	proxy := newFaultProxy(t, w.URL)
	front := proxy.behind(w)
	config := func(trigger string) string {
		return front.config(account(`name = "ci"`), reset(`triggers = { a = "`+trigger+`" }`))
	}
	w.run(
		resource.TestStep{Config: config("x")},
		resource.TestStep{
			PreConfig: func() { proxy.arm(`POST .*/reset_secret`, 1, meanwhile(func() { w.resetElsewhere("ci") })) },
			Config:    config("y"), Check: resource.ComposeTestCheckFunc(w.live(resetAddress), w.version(4)),
		},
	)
}

// Looking first would be another way to lose no update; it would double the requests.
func TestAccChangesCostNoFurtherRequests(t *testing.T) {
	w := newWorld(t)
	proxy := newFaultProxy(t, w.URL)
	front := proxy.behind(w)
	config := func(level, name string) string {
		return front.config(account(`name = "`+name+`"`), project(`name = "`+name+`"`), permissions(`{ documents = "`+level+`" }`),
			membership(`permissions = { rfis = "`+level+`" }`))
	}
	changes := func() (changes, reads []string) {
		for _, request := range proxy.requests() {
			if strings.HasPrefix(request, "GET ") {
				reads = append(reads, request)
			} else {
				changes = append(changes, request)
			}
		}
		slices.Sort(changes)
		return changes, slices.Compact(slices.Sorted(slices.Values(reads)))
	}
	prefix := "/rest/v2.0/companies/1/"
	w.run(
		resource.TestStep{Config: config("readonly", "one")},
		resource.TestStep{
			PreConfig: func() { proxy.requests() }, Config: config("admin", "two"),
			Check: func(*terraform.State) error {
				sent, read := changes()
				want := []string{
					"PATCH " + prefix + "projects/1", "PATCH " + prefix + "service_accounts/2",
					"PUT " + prefix + "service_accounts/2/permissions", "PUT " + prefix + "service_accounts/2/project_assignments/1",
				}
				if !slices.Equal(sent, want) || len(read) != 4 {
					return fmt.Errorf("sent %q, read %q", sent, read)
				}
				return nil
			},
		},
		resource.TestStep{Config: config("admin", "two"), Destroy: true},
	)
	sent, _ := changes()
	if len(sent) != 4 {
		t.Errorf("destroying sent %q", sent)
	}
}

// With -refresh=false, nothing is read before it is changed: only the ETag tells that the server is another one.
func TestAccStrangersAreLeftAloneWithoutARefresh(t *testing.T) {
	w := newWorld(t)
	// What tells two projects with the same ID apart is the second that each was made in.
	elsewhere := newWorldOn(t, servertest.Start(t, servertest.Now(func() time.Time { return time.Now().Add(-time.Minute) })))
	stranger, bridge := elsewhere.make("a stranger"), elsewhere.makeProject("Bridge")
	elsewhere.grant(stranger.ID, map[string]string{"documents": "readonly"})
	elsewhere.assign(stranger.ID, bridge.ID, map[string]string{"rfis": "readonly"})
	space := newWorkspace(t)
	blocks := func(name, level string) string {
		return account(`name = "`+name+`"`) + project(`name = "`+name+`"`) + permissions(`{ documents = "`+level+`" }`) +
			membership(`permissions = { rfis = "`+level+`" }`) + reset(`triggers = { a = "`+name+`" }`, `keep_access = true`)
	}
	space.apply(w.config(blocks("ci", "readonly")))

	for name, try := range map[string][]string{"update": {"apply"}, "destroy": {"destroy"}} {
		space.write(elsewhere.config(blocks("changed", "admin")), "main.tf")
		output, err := space.try(append(try, "-refresh=false", "-auto-approve", "-no-color")...)
		if err == nil {
			t.Errorf("%s succeeded: %s", name, output)
			continue
		}
		for _, want := range []string{"is another account than the one in the state", "base_url"} {
			if !strings.Contains(strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), "│", " ")), " "), want) {
				t.Errorf("%s: no %q in %v", name, want, err)
			}
		}
	}
	found := elsewhere.find("a stranger")
	if found == nil || found.ID != stranger.ID || found.SecretVersion != 1 {
		t.Fatalf("the stranger is %+v", found)
	}
	permissions, _ := elsewhere.granted(stranger.ID)
	memberships, err := elsewhere.memberships(stranger.ID)
	if err != nil || permissions != "map[documents:readonly]" || memberships != "map[1:map[rfis:readonly]]" {
		t.Errorf("the stranger holds %s and %s, %v", permissions, memberships, err)
	}
	if kept, err := elsewhere.api.GetProject(t.Context(), elsewhere.CompanyID, bridge.ID); err != nil || kept.Name != "Bridge" {
		t.Errorf("the stranger's project is %+v, %v", kept, err)
	}
	space.apply(w.config(blocks("ci", "admin")))
}

// A state that an older version of the provider has written has no ETags.
func TestAccAStateWithoutETagsIsLookedAtBeforeAChange(t *testing.T) {
	w := newWorld(t)
	space := newWorkspace(t)
	blocks := func(name, level string) string {
		return account(`name = "`+name+`"`) + project(`name = "`+name+`"`) + permissions(`{ documents = "`+level+`" }`) +
			membership(`permissions = { rfis = "`+level+`" }`)
	}
	forget := func() {
		path := filepath.Join(space.dir, "terraform.tfstate")
		state, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		without := regexp.MustCompile(`"private": ?"[^"]*"`).ReplaceAll(state, []byte(`"private":"bnVsbA=="`)) // OpenTofu 1.11 writes no spaces
		if bytes.Equal(state, without) {
			t.Fatal("the state has no private part to forget")
		}
		if err := os.WriteFile(path, without, 0o600); err != nil { //nolint:gosec // in the test's own folder
			t.Fatal(err)
		}
	}
	space.apply(w.config(blocks("one", "readonly")))
	forget()
	theirs := "theirs"
	w.edit("one", client.ServiceAccountChanges{Description: &theirs})
	space.write(w.config(blocks("two", "admin")), "main.tf")
	if _, err := space.try("apply", "-refresh=false", "-auto-approve", "-no-color"); err == nil || !lines("Service account ", "has changed", `is "theirs"`).MatchString(err.Error()) {
		t.Errorf("got %v", err)
	}
	space.run("apply", "-auto-approve", "-no-color")
	if found := w.find("two"); found == nil || found.Description != "" {
		t.Errorf("the account is %+v", found)
	}
	forget()
	space.run("destroy", "-refresh=false", "-auto-approve", "-no-color")
	if left := w.everyAccount(); len(left) != 1 {
		t.Errorf("%d accounts are left", len(left))
	}
}

// Where nothing in the configuration has told whose permissions they are, the ETag still does.
func TestAccPermissionsOfAStrangerThatHoldsTheSameAreLeftAlone(t *testing.T) {
	w := newWorld(t)
	elsewhere := newWorldOn(t, servertest.Start(t))
	w.make("ours")
	stranger := elsewhere.make("a stranger")
	elsewhere.grant(stranger.ID, map[string]string{"documents": "readonly"})
	space := newWorkspace(t)
	granted := func(level string) string {
		return "resource \"procore_service_account_permissions\" \"test\" {\n  service_account_id = \"" + stranger.ID + "\"\n" +
			"  company = { documents = \"" + level + "\" }\n}\n"
	}
	space.apply(w.config(granted("readonly")))
	space.write(elsewhere.config(granted("admin")), "main.tf")
	for _, try := range []string{"apply", "destroy"} {
		if _, err := space.try(try, "-refresh=false", "-auto-approve", "-no-color"); err == nil || !lines("may be another account", "base_url").MatchString(err.Error()) {
			t.Errorf("%s: %v", try, err)
		}
	}
	if held, err := elsewhere.granted(stranger.ID); err != nil || held != "map[documents:readonly]" {
		t.Errorf("the stranger holds %s, %v", held, err)
	}
	space.apply(w.config(granted("admin")))
}
