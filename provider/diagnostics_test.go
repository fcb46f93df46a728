package provider

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/procore/terraform-provider-procore/provider/client"
)

func TestAFailureSaysWhatWasTriedWhatTheServerSaidAndWhatToDo(t *testing.T) {
	there := &connection{session: &session{endpoint: "https://api.example.com"}}
	create := operation{
		verb: "create", noun: "service account", object: `"ci"`, companyID: "1", resourceType: "procore_service_account",
		attributes: accountFields, lost: lostAccount,
	}
	api := func(status int, code string, details ...client.Detail) *client.Error {
		return &client.Error{Origin: client.OriginAPI, Status: status, Code: code, Message: "Words of the server.", Details: details, RequestID: "r1"}
	}
	tests := []struct {
		name string
		err  error
		want []string
	}{
		{
			"name taken", api(409, "CONFLICT", client.Detail{ReasonCode: "name_taken", Message: "is taken", Source: "name", ExistingID: "17"}),
			[]string{
				`name: Unable to create service account "ci"`, "name: is taken.", "service account 17", "terraform import procore_service_account.<name> 1/17",
				"to = procore_service_account.<name>", `id = "1/17"`, "r1",
			},
		},
		{
			"protected", api(409, "CONFLICT", client.Detail{ReasonCode: "deletion_protected", Message: "is protected"}),
			[]string{"deletion_protection = false", "terraform apply", "409 CONFLICT: Words of the server."},
		},
		{"last admin", api(409, "CONFLICT", client.Detail{ReasonCode: "last_admin", Message: "is the last"}), []string{"Admin tool", "Make another"}},
		{
			"two faults", api(422, "UNPROCESSABLE_ENTITY", client.Detail{Message: "is bad", Source: "name"}, client.Detail{Message: "is odd", Source: "moon"}),
			[]string{"name: Unable to", "name: is bad.", "moon: is odd.", "422 UNPROCESSABLE_ENTITY"},
		},
		{
			// Not on client_secret_wo: Terraform would show the line, and the secret on it.
			"a fault of the secret", api(422, "UNPROCESSABLE_ENTITY", client.Detail{Message: "is bad", Source: "client_secret"}),
			[]string{"client_secret: is bad.", "422 UNPROCESSABLE_ENTITY"},
		},
		{"unauthorized", api(401, "UNAUTHORIZED"), []string{"access token was refused", "company 1"}},
		{"forbidden", api(403, "FORBIDDEN"), []string{"admin on the company's Admin tool"}},
		{"not found", api(404, "NOT_FOUND"), []string{"company_id (1)"}},
		{"too many", api(429, "TOO_MANY_REQUESTS"), []string{"-parallelism", "max_retries"}},
		{"fault of the server", api(500, "INTERNAL_SERVER_ERROR"), []string{"its log", "Try again"}},
		{"stale", api(412, "PRECONDITION_FAILED"), []string{"keeps changing"}},
		{
			"wrong credentials", &client.Error{Origin: client.OriginToken, Status: 401, Code: "invalid_client", Message: "unknown client"},
			[]string{"401 invalid_client: unknown client.", "PROCORE_CLIENT_ID", "PROCORE_CLIENT_SECRET"},
		},
		{"no token", &client.Error{Origin: client.OriginToken, Status: 500, Message: "a page"}, []string{"500: a page.", "No access token", "https://api.example.com"}},
		{
			"unreachable", &client.Error{Origin: client.OriginNetwork, Message: "connection refused"},
			[]string{"connection refused.", "https://api.example.com", "PROCORE_BASE_URL"},
		},
		{
			"a lost answer", &client.Error{Origin: client.OriginNetwork, Message: "EOF", MaybeDone: true},
			[]string{"EOF.", "may have done it", "import", "procore_service_account_secret_reset"},
		},
		{"a proxy", &client.Error{Origin: client.OriginOther, Status: 502, Message: "Bad Gateway"}, []string{"502: Bad Gateway.", "PROCORE_BASE_URL"}},
		{"cancelled", ended(t, context.WithCancel), []string{"was cancelled"}},
		{"out of time", ended(t, func(ctx context.Context) (context.Context, context.CancelFunc) { return context.WithTimeout(ctx, 0) }), []string{"ran out of time"}},
		{"anything else", errors.New("odd"), []string{"odd"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var diags diag.Diagnostics
			there.report(&diags, create, test.err)
			found := strings.Join(problems(diags), "\n")
			for _, want := range append(test.want, `Unable to create service account "ci"`) {
				if !strings.Contains(found, want) {
					t.Errorf("no %q in\n%s", want, found)
				}
			}
		})
	}
}

func TestAFaultOfALevelGoesToItsTool(t *testing.T) {
	var diags diag.Diagnostics
	set := operation{verb: "set the permissions of", noun: "service account", object: "17", attributes: permissionFields}
	(&connection{}).report(&diags, set, &client.Error{
		Origin: client.OriginAPI, Status: 422, Code: "UNPROCESSABLE_ENTITY", Message: "The permissions are not valid.",
		Details: []client.Detail{{ReasonCode: "unknown_tool", Message: "is not a company tool; did you mean documents?", Source: "company.documnts"}},
	})
	found := problems(diags)
	want := `company["documnts"]: Unable to set the permissions of service account 17`
	if len(found) != 1 || !strings.Contains(found[0], want) || !strings.Contains(found[0], "did you mean documents?") {
		t.Errorf("got %v", found)
	}
	if _, known := set.attribute("moon.documents"); known {
		t.Error("a field that nobody knows has an attribute")
	}
}

func TestTheLastAdministratorsResetMayKeepItsAccess(t *testing.T) {
	failure := &client.Error{Origin: client.OriginAPI, Status: 409, Code: "CONFLICT", Details: []client.Detail{{ReasonCode: "last_admin"}}}
	var diags diag.Diagnostics
	(&connection{}).report(&diags, operation{verb: "reset the secret of", noun: "service account", attributes: resetFields}, failure)
	if found := problems(diags); len(found) != 1 || !strings.Contains(found[0], "keep_access = true") {
		t.Errorf("got %v", found)
	}
}

func TestADoubtfulEndIsOnlyToldWhereItMatters(t *testing.T) {
	for _, test := range []struct {
		tried  operation
		failed client.Error
	}{
		{operation{verb: "read", noun: "service account"}, client.Error{Origin: client.OriginNetwork, MaybeDone: true}},
		{operation{verb: "create", noun: "service account", lost: lostAccount}, client.Error{Origin: client.OriginNetwork}},
	} {
		var diags diag.Diagnostics
		(&connection{}).report(&diags, test.tried, &test.failed)
		if found := problems(diags); len(found) != 1 || strings.Contains(found[0], "may have done it") {
			t.Errorf("got %v", found)
		}
	}
}

// ended is the error of a call whose context has ended.
func ended(t *testing.T, end func(context.Context) (context.Context, context.CancelFunc)) error {
	t.Helper()
	ctx, cancel := end(t.Context())
	cancel()
	api, err := client.New(client.Config{BaseURL: "https://api.example.com", ClientID: "a", ClientSecret: "b"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = api.GetCompany(ctx, "1")
	return err
}

func warning(diags diag.Diagnostics) string {
	var text strings.Builder
	for _, diagnostic := range diags.Warnings() {
		text.WriteString(diagnostic.Summary() + "\n" + diagnostic.Detail() + "\n")
	}
	return text.String()
}

func TestAStatusOtherThanActiveIsToldWithWhatToDo(t *testing.T) {
	var diags diag.Diagnostics
	warnStatus(&diags, exampleAccount(), "")
	if len(diags) != 0 {
		t.Errorf("an active account warns: %v", diags)
	}
	broken := exampleAccount()
	broken.Status, broken.StatusReasons = "nonfunctional", []string{"contact_email_changed", "something_new"}
	warnStatus(&diags, broken, "generated@service-accounts.invalid")
	for _, want := range []string{"nonfunctional", "contact_email_changed (", "put the generated address back, generated@service-accounts.invalid", "something_new", "no access tokens"} {
		if !strings.Contains(warning(diags), want) {
			t.Errorf("no %q in\n%s", want, warning(diags))
		}
	}
}

func TestWhatIsLostIsToldAsCertainlyAsTheResetIs(t *testing.T) {
	lost := map[string]string{"schedule": "admin"}
	for _, test := range []struct {
		certain bool
		want    []string
	}{
		{true, []string{
			"The plan clears company permissions of service account 17 that are not granted again",
			"The plan resets the client secret of service account 17, and does not grant the company permissions again",
		}},
		{false, []string{"The plan may clear company permissions", "The plan may reset the client secret"}},
	} {
		var diags diag.Diagnostics
		warnNotGrantedAgain(&diags, "17", lost, test.certain)
		warnStrayGrant(&diags, "17", "the company permissions", test.certain)
		for _, want := range append(test.want, "holds schedule=admin", "secret_version = procore_service_account_secret_reset.<name>.secret_version") {
			if !strings.Contains(warning(diags), want) {
				t.Errorf("no %q in\n%s", want, warning(diags))
			}
		}
	}
	var diags diag.Diagnostics
	warnNotGrantedAgain(&diags, "17", nil, true)
	warnTakenAway(&diags, "17", nil)
	if len(diags) > 0 {
		t.Errorf("a warning of nothing lost: %v", diags)
	}
}

func TestDaysUntilTheSunsetAreToldWhileTheAccountWorks(t *testing.T) {
	for days, want := range map[int64]string{0: `"ci" stops working in less than a day`, 1: `"ci" stops working in 1 day`, 39: `"ci" stops working in 39 days`} {
		var diags diag.Diagnostics
		account, at := exampleAccount(), "2026-12-31T00:00:00Z"
		account.DaysUntilSunset, account.SunsetAt = &days, &at
		warnSunset(&diags, account)
		if text := warning(diags); !strings.Contains(text, want) || !strings.Contains(text, at) || !strings.Contains(text, "developer managed service account") {
			t.Errorf("no %q in\n%s", want, text)
		}
		account.Status = "expired"
		diags = nil
		warnSunset(&diags, account)
		if len(diags) > 0 {
			t.Errorf("an expired account warns of its end to come: %v", diags)
		}
	}
	var diags diag.Diagnostics
	warnSunset(&diags, exampleAccount())
	if len(diags) > 0 {
		t.Errorf("without a sunset: %v", diags)
	}
}
