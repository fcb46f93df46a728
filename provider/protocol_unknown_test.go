package provider_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/procore/terraform-provider-procore/provider/client"
)

// What Terraform asks of a plan in which something is known only after apply, asked of every resource and every argument.

// subject is a resource with values for each of its arguments.
type subject struct {
	resource string
	base     func(number int) map[string]any // every argument
	other    map[string]any                  // another value for those that may change
	nullable []string                        // arguments that may turn out null
	open     map[string]map[string]any       // maps with an unknown element, by argument
}

// ending is what the unknown values of a plan turn out to be.
type ending struct {
	name  string
	final map[string]any
}

// unknownWorld has what the subjects refer to.
type unknownWorld struct {
	pluginWorld
	t        *testing.T
	subjects []subject
	planners map[string]*plugin // that have to plan as well as the configured one
	number   int
}

func newUnknownWorld(t *testing.T) *unknownWorld {
	t.Helper()
	p := newPluginWorld(t)
	accounts := []*client.ServiceAccountSecret{p.make("first"), p.make("second")}
	projects := []*client.Project{p.makeProject("first"), p.makeProject("second")}
	u := &unknownWorld{pluginWorld: p, t: t, planners: map[string]*plugin{"configured": p.plugin}}
	for _, setting := range []string{"base_url", "client_id", "client_secret", "company_id", "max_retries"} {
		u.planners["unknown "+setting] = p.later(setting, false)
	}
	embedded := newPlugin(t)
	embedded.mustConfigure(map[string]any{"database": unknownValue})
	u.planners["unknown database"] = embedded
	u.subjects = []subject{
		{
			resource: "procore_service_account",
			base: func(number int) map[string]any {
				return map[string]any{
					"name": fmt.Sprintf("account %d", number), "app_type": "marketplace", "marketplace_app": "Exporter", "description": "one",
					"deletion_protection": false, "add_to_new_projects": true, "company_id": p.CompanyID,
					"client_secret_wo": newClientSecret(t), "client_secret_wo_version": 1,
				}
			},
			other:    map[string]any{"marketplace_app": "Importer", "description": "two", "add_to_new_projects": false},
			nullable: []string{"description", "deletion_protection", "add_to_new_projects", "company_id", "client_secret_wo_version"},
		},
		{
			resource: "procore_service_account_secret_reset",
			base: func(int) map[string]any {
				return map[string]any{
					"service_account_id": accounts[0].ID, "triggers": map[string]any{"a": "x", "b": "x"}, "keep_access": false,
					"previous_secret_ttl": "1h", "company_id": p.CompanyID, "client_secret_wo": newClientSecret(t), "client_secret_wo_version": 1,
					"max_age": "90d", "warn_before": "1d",
				}
			},
			other: map[string]any{
				"max_age": "60d", "warn_before": "2d", "service_account_id": accounts[1].ID, "triggers": map[string]any{"a": "x", "b": "y"}, "keep_access": true, "previous_secret_ttl": "2h",
				"client_secret_wo_version": 2,
			},
			nullable: []string{"triggers", "keep_access", "previous_secret_ttl", "company_id", "client_secret_wo_version", "warn_before"},
			open:     map[string]map[string]any{"triggers": {"a": "x", "b": unknownValue}},
		},
		{
			resource: "procore_service_account_permissions",
			base: func(int) map[string]any {
				return map[string]any{
					"service_account_id": accounts[0].ID, "company": map[string]any{"documents": "readonly", "reports": "standard"}, "secret_version": 1,
					"company_id": p.CompanyID,
				}
			},
			other: map[string]any{
				"service_account_id": accounts[1].ID, "company": map[string]any{"documents": "readonly", "reports": "none"}, "secret_version": 2,
			},
			nullable: []string{"secret_version", "company_id"},
			open:     map[string]map[string]any{"company": {"documents": "readonly", "reports": unknownValue}},
		},
		{
			resource: "procore_project_membership",
			base: func(int) map[string]any {
				return map[string]any{
					"service_account_id": accounts[0].ID, "project_id": projects[0].ID, "secret_version": 1, "company_id": p.CompanyID,
					"permissions": map[string]any{"daily_log": "standard", "documents": "readonly"},
				}
			},
			other: map[string]any{
				"service_account_id": accounts[1].ID, "project_id": projects[1].ID, "secret_version": 2,
				"permissions": map[string]any{"daily_log": "standard", "documents": nil},
			},
			nullable: []string{"permissions", "secret_version", "company_id"},
			open:     map[string]map[string]any{"permissions": {"daily_log": "standard", "documents": unknownValue}},
		},
		{
			resource: "procore_project",
			base: func(number int) map[string]any {
				return map[string]any{"name": fmt.Sprintf("project %d", number), "project_number": "1", "active": true, "company_id": p.CompanyID}
			},
			other:    map[string]any{"name": "another", "project_number": "2", "active": false},
			nullable: []string{"project_number", "active", "company_id"},
		},
	}
	return u
}

// arguments are the settable attributes of a resource. Each of them must have a value in the subject.
func (u *unknownWorld) arguments(of subject) []string {
	u.t.Helper()
	var names []string
	base := of.base(0)
	for _, attribute := range u.schemas.ResourceSchemas[of.resource].Block.Attributes {
		if !attribute.Optional && !attribute.Required {
			continue
		}
		if base[attribute.Name] == nil {
			u.t.Errorf("%s.%s has no value in this test", of.resource, attribute.Name)
		}
		names = append(names, attribute.Name)
	}
	return names
}

func TestPlansWithAnUnknownArgumentAreKeptByTheApply(t *testing.T) {
	u := newUnknownWorld(t)
	for _, of := range u.subjects {
		arguments := u.arguments(of)
		for _, argument := range arguments {
			u.story(of, argument, map[string]any{argument: unknownValue}, u.endings(of, argument))
		}
		for argument, value := range of.open {
			u.story(of, argument+" element", map[string]any{argument: value}, u.endings(of, argument)[:2])
		}
		everything, all := map[string]any{}, ending{"all the same", map[string]any{}}
		for _, argument := range arguments {
			everything[argument] = unknownValue
		}
		u.story(of, "everything", everything, []ending{all, {"all others", of.other}})
		u.story(of, "no company", map[string]any{"company_id": nil}, []ending{{"left out", map[string]any{"company_id": nil}}})
	}
}

// endings are the ways in which an argument may turn out. The first two are the value that it has, and another.
func (u *unknownWorld) endings(of subject, argument string) []ending {
	found := []ending{{"the same", map[string]any{}}}
	if other, ok := of.other[argument]; ok {
		found = append(found, ending{"another", map[string]any{argument: other}})
	}
	if slices.Contains(of.nullable, argument) {
		found = append(found, ending{"null", map[string]any{argument: nil}})
	}
	return found
}

// story creates, and updates, with those arguments of the base replaced, and lets them turn out in each of the ways.
func (u *unknownWorld) story(of subject, name string, open map[string]any, endings []ending) {
	for _, end := range endings {
		u.number++
		config := of.base(u.number)
		u.goes(fmt.Sprintf("%s: create, %s unknown, turns out %s", of.resource, name, end.name), of.resource, object{},
			with(config, open), with(config, end.final))

		u.number++
		config = of.base(u.number)
		prior := u.mustApply(of.resource, object{}, config)
		if config["client_secret_wo"] != nil {
			config["client_secret_wo"] = newClientSecret(u.t) // no secret may be brought twice
		}
		u.goes(fmt.Sprintf("%s: update, %s unknown, turns out %s", of.resource, name, end.name), of.resource, prior,
			with(config, open), with(config, end.final))
	}
}

func with(config, changes map[string]any) map[string]any {
	changed := maps.Clone(config)
	maps.Copy(changed, changes)
	return changed
}

// goes plans open by every planner, and applies final, as Terraform does: it plans final again, and holds the outcome of each step
// against the one before.
func (u *unknownWorld) goes(name, resource string, prior object, open, final map[string]any) {
	u.t.Helper()
	for planner, by := range u.planners {
		first, replaced, ok := u.plans(name+", planned by "+planner, by, resource, prior, open)
		if !ok {
			return
		}
		from := prior
		if replaced {
			from = object{}
		}
		second, _, ok := u.plans(name+", planned again", u.plugin, resource, from, final)
		if !ok {
			return
		}
		if wrong := compatible(resource, u.planned(resource, first), u.planned(resource, second)); wrong != "" {
			u.t.Errorf("%s, planned by %s: the final plan contradicts the plan: %s", name, planner, wrong)
		}
	}
	plan, replaced, ok := u.plans(name, u.plugin, resource, prior, open)
	if !ok {
		return
	}
	if replaced {
		if _, diagnostics := u.apply(resource, prior, nil); failed(diagnostics) {
			u.t.Errorf("%s: %s", name, told(diagnostics))
			return
		}
		prior = object{}
	}
	made, diagnostics := u.apply(resource, prior, final)
	if failed(diagnostics) {
		u.t.Errorf("%s: %s", name, told(diagnostics))
		return
	}
	if wrong := compatible(resource, u.planned(resource, plan), made.state); wrong != "" {
		u.t.Errorf("%s: the apply contradicts the plan: %s", name, wrong)
	}
	if wrong := whollyKnown(made.state); wrong != "" {
		u.t.Errorf("%s: %s is unknown in the state", name, wrong)
	}
	again, _, ok := u.plans(name+", once more", u.plugin, resource, made, final)
	if ok && !reflect.DeepEqual(u.planned(resource, again), made.state) {
		u.t.Errorf("%s: the next plan is not empty: %v, then %v", name, made.state, u.planned(resource, again))
	}
}

// plans plans, and holds the plan against the configuration. When it replaces the object, what is returned is the plan of the new
// one.
func (u *unknownWorld) plans(
	name string, by *plugin, resource string, prior object, config map[string]any,
) (answer *tfprotov6.PlanResourceChangeResponse, replaced, ok bool) {
	u.t.Helper()
	answer = by.plan(resource, prior, config)
	if !u.valid(name, by, resource, prior, config, answer) {
		return nil, false, false
	}
	if prior.state == nil || len(answer.RequiresReplace) == 0 {
		return answer, false, true
	}
	answer = by.plan(resource, object{}, config)
	return answer, true, u.valid(name+", replaced", by, resource, object{}, config, answer)
}

// valid reports whether Terraform would take the plan: an argument is planned as it is configured, or as it was.
func (u *unknownWorld) valid(
	name string, by *plugin, resource string, prior object, config map[string]any, answer *tfprotov6.PlanResourceChangeResponse,
) bool {
	u.t.Helper()
	if failed(answer.Diagnostics) {
		u.t.Errorf("%s: %s", name, told(answer.Diagnostics))
		return false
	}
	planned, sound := by.planned(resource, answer), true
	for _, attribute := range by.schemas.ResourceSchemas[resource].Block.Attributes {
		configured, found := normal(config[attribute.Name]), planned[attribute.Name]
		switch {
		case attribute.WriteOnly:
			sound = found == nil
		case configured == nil && attribute.Computed:
		case configured == nil:
			sound = found == nil
		default:
			sound = reflect.DeepEqual(found, configured) || (prior.state != nil && reflect.DeepEqual(found, prior.state[attribute.Name]))
		}
		if !sound {
			u.t.Errorf("%s: %s is planned as %v, and configured as %v", name, attribute.Name, found, configured)
			return false
		}
	}
	return true
}

// normal writes a test's value as decode does.
func normal(value any) any {
	if number, ok := value.(int); ok {
		return int64(number)
	}
	return value
}

// compatible says where later contradicts what was known of it earlier; "" when it doesn't.
func compatible(at string, earlier, later any) string {
	if earlier == unknownValue {
		return ""
	}
	before, isMap := earlier.(map[string]any)
	after, wasMap := later.(map[string]any)
	if !isMap || !wasMap {
		if reflect.DeepEqual(earlier, later) {
			return ""
		}
		return fmt.Sprintf("%s was %v, and is %v", at, earlier, later)
	}
	if !slices.Equal(slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(after))) {
		return fmt.Sprintf("%s was %v, and is %v", at, before, after)
	}
	for _, key := range slices.Sorted(maps.Keys(before)) {
		if wrong := compatible(at+"."+key, before[key], after[key]); wrong != "" {
			return wrong
		}
	}
	return ""
}

// whollyKnown names an attribute that isn't; "" when all are.
func whollyKnown(state map[string]any) string {
	for name, value := range state {
		inner, _ := value.(map[string]any)
		if value == unknownValue || whollyKnown(inner) != "" {
			return name
		}
	}
	return ""
}
