package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func plannedFor(account string, version types.Int64, what string) plannedGrant {
	return plannedGrant{companyID: types.StringValue("1"), accountID: types.StringValue(account), secretVersion: version, what: what}
}

func TestOfAResetAndAGrantThatDoesNotWaitTheSecondTells(t *testing.T) {
	account := accountKey{"1", "17"}
	t.Run("the grant comes second", func(t *testing.T) {
		var diags diag.Diagnostics
		there := &connection{session: &session{}}
		if strays := there.session.access.planReset(account, plannedClearing{certain: true}); len(strays) != 0 {
			t.Errorf("strays = %v before any grant", strays)
		}
		if _, waits := there.planGrant(&diags, plannedFor("17", types.Int64Value(1), "the company permissions")); waits {
			t.Error("a grant with a known secret_version waits")
		}
		if text := warning(diags); !strings.Contains(text, "does not grant the company permissions again") || !strings.Contains(text, "resets the client secret") {
			t.Errorf("got %q", text)
		}
	})
	t.Run("the reset comes second", func(t *testing.T) {
		var diags diag.Diagnostics
		there := &connection{session: &session{}}
		for _, what := range []string{"the membership of project 3", "the company permissions", "the company permissions"} {
			there.planGrant(&diags, plannedFor("17", types.Int64Null(), what))
		}
		there.planGrant(&diags, plannedFor("18", types.Int64Null(), "another account's"))
		there.planGrant(&diags, plannedFor("17", types.Int64Unknown(), "what waits"))
		if len(diags) != 0 {
			t.Errorf("a warning without a reset: %v", diags)
		}
		strays := there.session.access.planReset(account, plannedClearing{certain: true})
		if got := enumeration(strays); got != "the company permissions and the membership of project 3" {
			t.Errorf("strays = %q", got)
		}
	})
}

func TestAGrantThatWaitsLearnsOfTheReset(t *testing.T) {
	var diags diag.Diagnostics
	there := &connection{session: &session{}}
	there.session.access.planReset(accountKey{"1", "17"}, plannedClearing{permissions: map[string]string{"documents": "admin"}})
	reset, waits := there.planGrant(&diags, plannedFor("17", types.Int64Unknown(), "the company permissions"))
	if !waits || reset.permissions["documents"] != "admin" || len(diags) != 0 {
		t.Errorf("got %+v, %t, %v", reset, waits, diags)
	}
	if _, waits := there.planGrant(&diags, plannedFor("18", types.Int64Unknown(), "another account's")); waits {
		t.Error("a grant waits for another account's reset")
	}
}

func TestAfterAResetNothingIsLostAnyMore(t *testing.T) {
	var diags diag.Diagnostics
	there := &connection{session: &session{}}
	there.session.access.planReset(accountKey{"1", "17"}, plannedClearing{certain: true})
	there.session.access.resetDone(accountKey{"1", "17"})
	there.planGrant(&diags, plannedFor("17", types.Int64Value(2), "the company permissions"))
	if len(diags) != 0 {
		t.Errorf("got %v", diags)
	}
}

func TestAGrantOfWhatIsNotKnownYetIsNotCompared(t *testing.T) {
	var diags diag.Diagnostics
	(&connection{}).planGrant(&diags, plannedFor("17", types.Int64Null(), "without a session"))
	there := &connection{session: &session{}}
	unknown := plannedFor("17", types.Int64Null(), "of an account not made yet")
	unknown.accountID = types.StringUnknown()
	there.planGrant(&diags, unknown)
	if strays := there.session.access.planReset(accountKey{"1", ""}, plannedClearing{}); len(strays) != 0 || len(diags) != 0 {
		t.Errorf("got %v, %v", strays, diags)
	}
}
