package provider_test

import (
	"bytes"
	"fmt"
	"net/http"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/provider/client"
	"github.com/procore/terraform-provider-procore/server/servertest"
)

// parallelism is how many resources Terraform goes through at once unless told otherwise.
const parallelism = 10

// managedObject is an object as a state has it.
type managedObject struct {
	resource string
	object
}

// atOnce does work on every item, on as many at a time as Terraform does.
func atOnce[T any](items []T, work func(T)) {
	queue := make(chan T)
	var running sync.WaitGroup
	for range parallelism {
		running.Go(func() {
			for item := range queue {
				work(item)
			}
		})
	}
	for _, item := range items {
		queue <- item
	}
	close(queue)
	running.Wait()
}

// makeAtOnce creates so many accounts. Every one of them has permissions and is in a project when access is set.
func (w *world) makeAtOnce(count int, access bool) []string {
	w.t.Helper()
	project := ""
	if access {
		project = w.makeProject("Bridge").ID
	}
	numbers, ids := make([]int, count), make([]string, count)
	for i := range numbers {
		numbers[i] = i
	}
	atOnce(numbers, func(i int) {
		made, err := w.api.CreateServiceAccount(w.t.Context(), w.CompanyID, client.NewServiceAccount{Name: fmt.Sprintf("exporter %04d", i), AppType: "custom"})
		if err == nil && access {
			_, err = w.api.ReplacePermissions(w.t.Context(), w.CompanyID, made.ID, client.Permissions{Company: map[string]string{"documents": "readonly"}})
		}
		if err == nil && access {
			_, err = w.api.PutProjectAssignment(w.t.Context(), w.CompanyID, made.ID, project, map[string]string{"rfis": "readonly"})
		}
		if err != nil {
			w.t.Error(err)
			return
		}
		ids[i] = made.ID
	})
	if w.t.Failed() {
		w.t.FailNow()
	}
	return ids
}

// imported is the state of those objects, imported by their IDs.
func (p *plugin) imported(resource string, ids ...string) []managedObject {
	p.t.Helper()
	objects := make([]managedObject, len(ids))
	for i, id := range ids {
		made, diagnostics := p.importAs(resource, id, nil)
		if failed(diagnostics) {
			p.t.Fatal(told(diagnostics))
		}
		objects[i] = managedObject{resource, made}
	}
	return objects
}

// refresh reads every object as a plan does, several at once, and returns them as they are then.
func (p *plugin) refresh(objects []managedObject) []managedObject {
	p.t.Helper()
	read := make([]managedObject, len(objects))
	numbers := make([]int, len(objects))
	for i := range numbers {
		numbers[i] = i
	}
	atOnce(numbers, func(i int) {
		found, diagnostics := p.read(objects[i].resource, objects[i].object)
		if failed(diagnostics) {
			p.t.Error(told(diagnostics))
		}
		read[i] = managedObject{objects[i].resource, found}
	})
	return read
}

// fresh is another provider with the same settings, as the next run of Terraform has one.
func (w listWorld) fresh() listWorld {
	w.world.t.Helper()
	p := newPlugin(w.world.t)
	p.mustConfigure(w.proxy.behind(w.world).settings())
	w.plugin = p
	return w
}

// distant is a network over which a request takes 25 ms, and its answer as long.
func distant(w http.ResponseWriter, _ *http.Request, forward func() *answer) {
	time.Sleep(25 * time.Millisecond)
	found := forward()
	time.Sleep(25 * time.Millisecond)
	found.write(w)
}

// mostRequests is what the reads of a plan may take, without the token.
const mostRequests = 24

func TestAPlanOfAThousandAccountsTakesFewRequests(t *testing.T) {
	w := newListWorld(t)
	objects := w.imported(accountType, w.makeAtOnce(1000, false)...)
	w.proxy.requests()
	w.proxy.arm(".*", forEver, distant)
	refreshed := w.fresh().refresh(objects)
	if seen := w.proxy.requests(); len(seen) > mostRequests {
		t.Errorf("%d requests: %s …", len(seen), strings.Join(seen[:mostRequests], ", "))
	}
	unchanged(t, objects, refreshed)
}

func TestAPlanOfAccountsWithAccessTakesFewRequests(t *testing.T) {
	w := newListWorld(t)
	ids := w.makeAtOnce(300, true)
	memberships := make([]string, len(ids))
	for i, id := range ids {
		memberships[i] = id + "/1"
	}
	objects := slices.Concat(w.imported(accountType, ids...), w.imported(permissionsType, ids...), w.imported(membershipType, memberships...))
	slices.SortStableFunc(objects, func(a, b managedObject) int { // as Terraform goes: an account, and then what refers to it
		return strings.Compare(fmt.Sprint(accountOf(a)), fmt.Sprint(accountOf(b)))
	})
	w.proxy.requests()
	w.proxy.arm(".*", forEver, distant)
	refreshed := w.fresh().refresh(objects)
	if seen := w.proxy.requests(); len(seen) > mostRequests {
		t.Errorf("%d requests: %s …", len(seen), strings.Join(seen[:mostRequests], ", "))
	}
	unchanged(t, objects, refreshed)
}

// accountOf is the ID of the account that an object is, or belongs to.
func accountOf(o managedObject) any {
	if id, found := o.state["service_account_id"]; found {
		return id
	}
	return o.state["id"]
}

// unchanged fails the test when a refresh has changed an object, or what is kept beside it for the next change.
func unchanged(t *testing.T, before, after []managedObject) {
	t.Helper()
	for i, object := range before {
		if !reflect.DeepEqual(after[i].state, object.state) {
			t.Fatalf("%s: was %v, is %v", object.resource, object.state, after[i].state)
		}
		if !reflect.DeepEqual(after[i].identity, object.identity) {
			t.Fatalf("%s: had the identity %v, has %v", object.resource, object.identity, after[i].identity)
		}
		if !bytes.Equal(after[i].private, object.private) {
			t.Fatalf("%s: %s was kept beside it, and now %s", object.resource, object.private, after[i].private)
		}
	}
}

// someAccounts are as many as it takes to read a page of the list.
const someAccounts = 60

func TestARefreshFromListsNoticesDriftAndWhatIsGone(t *testing.T) {
	w := newListWorld(t)
	ids := w.makeAtOnce(someAccounts, false)
	objects := w.imported(accountType, ids...)
	description, changed, gone := "changed elsewhere", ids[40], ids[50]
	if _, err := w.api.UpdateServiceAccount(t.Context(), w.CompanyID, changed, client.ServiceAccountChanges{Description: &description}); err != nil {
		t.Fatal(err)
	}
	if err := w.api.DeleteServiceAccount(t.Context(), w.CompanyID, gone); err != nil {
		t.Fatal(err)
	}
	w.proxy.requests()
	for i, found := range w.fresh().refresh(objects) {
		switch id := ids[i]; {
		case id == gone && found.state != nil:
			t.Error("an account that was deleted elsewhere is still in the state")
		case id != gone && found.state == nil:
			t.Errorf("account %s has left the state", id)
		case id == changed && found.state["description"] != description:
			t.Errorf("the description is %q", found.state["description"])
		}
	}
	seen := w.proxy.requests()
	if alone := "GET /rest/v2.0/companies/" + w.CompanyID + "/service_accounts/" + gone; !slices.Contains(seen, alone) {
		t.Errorf("%s is missing: an account has left the state without a 404 of its own", alone)
	}
	if len(seen) > someAccounts/2 {
		t.Errorf("%d requests: %v", len(seen), seen)
	}
}

func TestAReadAfterAChangeInTheSameRunSeesTheChange(t *testing.T) {
	w := newListWorld(t)
	ids := w.makeAtOnce(someAccounts, false)
	w.plugin = w.fresh().plugin
	objects := w.refresh(w.imported(accountType, ids...))
	changed := w.mustApply(accountType, objects[30].object, map[string]any{"name": objects[30].state["name"], "description": "new"})
	// What somebody else changed before it is seen as well, because all that was read before is forgotten.
	elsewhere := "changed elsewhere"
	if _, err := w.api.UpdateServiceAccount(t.Context(), w.CompanyID, ids[31], client.ServiceAccountChanges{Description: &elsewhere}); err != nil {
		t.Fatal(err)
	}
	deleted, diagnostics := w.apply(accountType, objects[32].object, nil)
	if failed(diagnostics) || deleted.state != nil {
		t.Fatal(told(diagnostics))
	}
	again := w.refresh(objects)
	if again[30].state["description"] != "new" || changed.state["description"] != "new" {
		t.Errorf("the description is %q after the apply, and %q in a refresh after that", changed.state["description"], again[30].state["description"])
	}
	if again[31].state["description"] != elsewhere {
		t.Errorf("the description is %q, as it was before a change", again[31].state["description"])
	}
	if again[32].state != nil {
		t.Error("an account that this run has deleted is back in the state")
	}
	// The ETag that came from a list lets a change through.
	w.mustApply(accountType, again[33].object, map[string]any{"name": again[33].state["name"], "description": "new"})
}

func TestAListThatWasReadDuringAChangeIsNotUsed(t *testing.T) {
	w := newListWorld(t)
	ids := w.makeAtOnce(someAccounts, false)
	objects := w.imported(accountType, ids...)
	w.plugin = w.fresh().plugin
	w.proxy.requests()
	changing := sync.OnceFunc(func() {
		w.mustApply(accountType, objects[1].object, map[string]any{"name": objects[1].state["name"], "description": "new"})
	})
	// The list is read, and then the change is made, and then the answer arrives.
	w.proxy.arm(accountPages, forEver, func(answer http.ResponseWriter, _ *http.Request, forward func() *answer) {
		old := forward()
		changing()
		old.write(answer)
	})
	again := w.refresh(slices.Concat(objects[2:], objects[:2]))
	if got := again[len(again)-1].state["description"]; got != "new" {
		t.Errorf("the description is %q", got)
	}
}

func TestALoadOfAListThatFailsLeavesEveryReadToItself(t *testing.T) {
	for name, broken := range map[string]fault{
		"forbidden": status(403, ""), "busy": status(429, ""), "down": status(503, ""), "a page": pageAfter(502), "cut": cutAfter, "truncated": truncated,
		"without ETags": func(w http.ResponseWriter, _ *http.Request, forward func() *answer) {
			whole := forward()
			whole.body = []byte(strings.Replace(string(whole.body), `"etags"`, `"others"`, 1))
			whole.write(w)
		},
		"a 404": status(404, ""), "empty": func(w http.ResponseWriter, _ *http.Request, _ func() *answer) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"data":[],"etags":[]}`))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newListWorld(t)
			objects := w.imported(accountType, w.makeAtOnce(someAccounts/2, false)...)
			w.proxy.arm(accountPages, forEver, broken)
			unchanged(t, objects, w.fresh().refresh(objects))
		})
	}
}

func TestAnObjectIsFoundWhereverItsPageEnds(t *testing.T) {
	w := newListWorld(t)
	ids := w.makeAtOnce(someAccounts, false)
	objects := w.imported(accountType, ids...)
	w.proxy.arm(accountPages, forEver, pages(7))
	unchanged(t, objects, w.fresh().refresh(objects))
	// Pages move up while they are read, because something on the first is deleted.
	victim := sync.OnceFunc(func() {
		if err := w.api.DeleteServiceAccount(t.Context(), w.CompanyID, ids[0]); err != nil {
			t.Error(err)
		}
	})
	w.proxy.disarm()
	w.proxy.arm(accountPages, forEver, func(answer http.ResponseWriter, r *http.Request, forward func() *answer) {
		if r.URL.Query().Get("page") == "2" {
			victim()
		}
		pages(7)(answer, r, forward)
	})
	unchanged(t, objects[1:], w.fresh().refresh(objects)[1:])
}

func TestARefreshKeepsTheCompaniesApart(t *testing.T) {
	t.Parallel()
	database := filepath.Join(t.TempDir(), "procore.db")
	p := newPlugin(t)
	p.mustConfigure(map[string]any{"database": database})
	(&servertest.Server{Database: database}).AddCompany(t, "Other")
	var objects []managedObject
	for i := range someAccounts { // in turn, so that their IDs interleave
		made := p.mustApply(accountType, object{}, map[string]any{"name": fmt.Sprintf("exporter %d", i/2), "company_id": strconv.Itoa(i%2 + 1)})
		objects = append(objects, managedObject{accountType, made})
	}
	p.mustConfigure(map[string]any{"database": database, "company_id": "1"})
	unchanged(t, objects, p.refresh(objects))
}

func TestAResetElsewhereAfterTheListShowsInTheNextPlan(t *testing.T) {
	w := newListWorld(t)
	ids := w.makeAtOnce(someAccounts, false)
	objects := w.imported(accountType, ids...)
	run := w.fresh()
	run.refresh(objects)
	if _, err := w.api.ResetSecret(t.Context(), w.CompanyID, ids[7], client.ResetOptions{}); err != nil {
		t.Fatal(err)
	}
	if now := w.fresh().refresh(objects)[7].state["secret_version"]; fmt.Sprint(now) != "2" {
		t.Errorf("the next plan sees version %v of the secret", now)
	}
}
