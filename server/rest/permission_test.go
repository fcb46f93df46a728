package rest_test

import (
	"slices"
	"testing"
)

func TestPermissionsAreTheGrantedLevels(t *testing.T) {
	t.Parallel()
	admin := start(t)
	of := func(id string) answer { return admin.get("service_accounts/" + id + "/permissions").want(200) }

	// As granted, not as they amount to: that is what /me shows.
	a := of(admin.me().ID)
	equal(t, "permissions", companyLevels(a), `{"admin":"admin","directory":"admin"}`)
	if a.header.Get("ETag") == "" {
		t.Error("permissions have no ETag")
	}
	b := of(admin.create("none").ID)
	equal(t, "permissions of a new account", companyLevels(b), `{}`)
	if a.header.Get("ETag") == b.header.Get("ETag") {
		t.Error("different permissions have the same ETag")
	}
	admin.get("service_accounts/999/permissions").refused(404, "NOT_FOUND")
}

func TestPermissionsPutReplacesTheWhole(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created, bystander := admin.create("replaced"), admin.create("bystander")
	admin.grant(bystander.ID, levels{"planroom": "standard"})

	for _, test := range []struct {
		put  levels
		want string
	}{
		{levels{"documents": "readonly", "schedule": "standard"}, `{"documents":"readonly","schedule":"standard"}`},
		{levels{"documents": "admin"}, `{"documents":"admin"}`},
		{levels{"reports": "standard"}, `{"reports":"standard"}`},
		{levels{}, `{}`},
		{levels{"reports": "none"}, `{}`},
		{levels{"reports": "none", "schedule": "readonly", "admin": "none"}, `{"schedule":"readonly"}`},
	} {
		a := admin.grant(created.ID, test.put)
		equal(t, "the answer to "+asJSON(t, test.put), companyLevels(a), test.want)
		stored := admin.get("service_accounts/" + created.ID + "/permissions").want(200)
		equal(t, "what is stored", companyLevels(stored), test.want)
		equal(t, "ETag", a.header.Get("ETag"), stored.header.Get("ETag"))
	}
	equal(t, "another account's permissions", admin.granted(bystander.ID), `{"planroom":"standard"}`)
}

func TestPermissionAtNoneIsTheSameAsAbsent(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("nothing")

	absent := admin.grant(created.ID, levels{"schedule": "admin"})
	spelt := admin.grant(created.ID, levels{"schedule": "admin", "documents": "none", "concierge": "none"})
	equal(t, "ETag", spelt.header.Get("ETag"), absent.header.Get("ETag"))
	equal(t, "body", string(spelt.body), string(absent.body))
}

func TestPermissionsTakeEveryLevelOfATool(t *testing.T) {
	t.Parallel()
	admin := start(t)
	id := admin.create("levels").ID

	for _, level := range []string{"none", "readonly", "standard", "admin"} {
		accepted, want, refused := levels{}, levels{}, []string{}
		for _, tool := range data[tools](admin.get("tools").want(200)).Company {
			if !slices.Contains(tool.Levels, level) {
				refused = append(refused, "company."+tool.Name+" not_allowed")
				admin.put("service_accounts/"+id+"/permissions", object{"company": levels{tool.Name: level}}).
					faults(422, unprocessable, "company."+tool.Name+" not_allowed")
				continue
			}
			accepted[tool.Name] = level
			if level != "none" {
				want[tool.Name] = level
			}
		}
		equal(t, level, companyLevels(admin.grant(id, accepted)), asJSON(t, want))
		wanted := map[string][]string{
			"readonly": {"company.admin not_allowed", "company.concierge not_allowed"}, "standard": {"company.admin not_allowed"},
		}[level]
		if !slices.Equal(refused, wanted) {
			t.Errorf("%s is refused for %v, want %v", level, refused, wanted)
		}
	}
}

func TestPermissionsRefuseUnknownToolsAndLevelsOneByOne(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("unknown")
	admin.grant(created.ID, levels{"documents": "readonly"})
	path := "service_accounts/" + created.ID + "/permissions"

	for name, test := range map[string]struct {
		put    levels
		faults []string
		says   []string
	}{
		"misspelt":             {levels{"documnets": "readonly"}, []string{"company.documnets unknown_tool"}, []string{"did you mean documents?"}},
		"in another case":      {levels{"Documents": "readonly"}, []string{"company.Documents unknown_tool"}, []string{"did you mean documents?"}},
		"with hyphens":         {levels{"bid-board": "readonly"}, []string{"company.bid-board unknown_tool"}, []string{"did you mean bid_board?"}},
		"singular":             {levels{"report": "readonly"}, []string{"company.report unknown_tool"}, []string{"did you mean reports?"}},
		"a project tool":       {levels{"daily_log": "readonly"}, []string{"company.daily_log unknown_tool"}, []string{"is not a company tool"}},
		"nothing like a tool":  {levels{"zzzzzzzzzzzz": "readonly"}, []string{"company.zzzzzzzzzzzz unknown_tool"}, []string{"is not a company tool"}},
		"blank":                {levels{"": "readonly"}, []string{"company. unknown_tool"}, nil},
		"unknown, at none":     {levels{"documnets": "none"}, []string{"company.documnets unknown_tool"}, nil},
		"unknown level":        {levels{"documents": "write"}, []string{"company.documents not_allowed"}, []string{"none, readonly, standard, admin"}},
		"level in upper case":  {levels{"documents": "Admin"}, []string{"company.documents not_allowed"}, nil},
		"blank level":          {levels{"documents": ""}, []string{"company.documents not_allowed"}, nil},
		"read-only as in text": {levels{"documents": "read_only"}, []string{"company.documents not_allowed"}, nil},
		"admin standard":       {levels{"admin": "standard"}, []string{"company.admin not_allowed"}, []string{"must be one of none, admin"}},
		"concierge readonly":   {levels{"concierge": "readonly"}, []string{"company.concierge not_allowed"}, []string{"none, standard, admin"}},
		"one detail each": {
			levels{"documnets": "write", "schedule": "all", "reports": "admin", "nope": "none", "admin": "readonly"},
			[]string{"company.documnets unknown_tool", "company.schedule not_allowed", "company.nope unknown_tool", "company.admin not_allowed"},
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := admin.named(t).put(path, object{"company": test.put}).faults(422, unprocessable, test.faults...)
			says(t, body.messages(), test.says...)
			if name == "nothing like a tool" && body.messages() != "is not a company tool" {
				t.Errorf("a wild guess: %s", body.messages())
			}
			equal(t, "permissions afterwards", admin.named(t).granted(created.ID), `{"documents":"readonly"}`)
		})
	}
}

func TestPermissionsRefuseABadBody(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("bad bodies")
	admin.grant(created.ID, levels{"documents": "readonly"})

	for _, test := range []struct {
		body   string
		status int
		fault  []string
	}{
		{`{}`, 422, []string{"company blank"}},
		{`{"company":null}`, 422, []string{"company wrong_type"}},
		{`{"company":[]}`, 422, []string{"company wrong_type"}},
		{`{"company":"admin"}`, 422, []string{"company wrong_type"}},
		{`{"company":{"documents":null}}`, 422, []string{"company.documents wrong_type"}},
		{`{"company":{"documents":5}}`, 422, []string{"company.documents wrong_type"}},
		{`{"company":{"documents":{"level":"admin"}}}`, 422, []string{"company.documents wrong_type"}},
		{`{"company":{"documents":5,"schedule":"all"}}`, 422, []string{"company.documents wrong_type", "company.schedule not_allowed"}},
		{`{"company":{},"project":{}}`, 422, []string{"project unknown_field"}},
		{`{"Company":{}}`, 422, []string{"company blank", "Company unknown_field"}},
		{`{"documents":"admin"}`, 422, []string{"company blank", "documents unknown_field"}},
		{`[]`, 422, []string{"body wrong_type"}},
		{`null`, 422, []string{"body wrong_type"}},
		{`{"company":`, 400, []string{"body invalid"}},
		{``, 400, []string{"body invalid_body"}},
	} {
		t.Run(test.body, func(t *testing.T) {
			t.Parallel()
			code := map[int]string{422: unprocessable, 400: badRequest}[test.status]
			c := admin.named(t)
			c.put("service_accounts/"+created.ID+"/permissions", test.body).faults(test.status, code, test.fault...)
			equal(t, "permissions afterwards", c.granted(created.ID), `{"documents":"readonly"}`)
		})
	}
}

func TestPermissionsOfAnAccountThatIsNotThereAreNotFound(t *testing.T) {
	t.Parallel()
	admin := start(t)
	other := admin.otherCompany("Beta")
	foreign := other.create("foreign")
	other.grant(foreign.ID, levels{"documents": "readonly"})
	gone := admin.create("gone")
	admin.delete("service_accounts/" + gone.ID).want(204)

	for _, id := range append([]string{foreign.ID, gone.ID}, impossibleIDs...) {
		path := "service_accounts/" + id + "/permissions"
		admin.get(path).refused(404, "NOT_FOUND")
		admin.put(path, object{"company": levels{"documents": "admin"}}).refused(404, "NOT_FOUND")
	}
	equal(t, "the other company's permissions", other.granted(foreign.ID), `{"documents":"readonly"}`)
}

func TestPermissionsCountFromTheNextRequestOn(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("promoted")
	holder := admin.as(created)

	holder.get("service_accounts").refused(403, "FORBIDDEN")
	admin.grant(created.ID, levels{"admin": "admin"})
	holder.get("service_accounts").want(200)
	holder.get("projects").refused(403, "FORBIDDEN")
	admin.grant(created.ID, levels{"directory": "admin"})
	holder.get("projects").want(200)
	holder.get("service_accounts").want(200)
	equal(t, "tools of a Directory administrator", len(data[me](holder.get("me")).Permissions.Company), 22)
	admin.grant(created.ID, levels{"directory": "standard"})
	holder.get("projects").refused(403, "FORBIDDEN")
	equal(t, "levels afterwards", asJSON(t, data[me](holder.get("me")).Permissions.Company), `{"directory":"standard"}`)
}

func TestAnAdministratorMayTakeItsOwnPermissionsAwayWhenAnotherIsLeft(t *testing.T) {
	t.Parallel()
	admin := start(t)
	second := admin.secondAdmin()
	second.grant(second.me().ID, levels{})
	second.get("service_accounts").refused(403, "FORBIDDEN")
	admin.get("service_accounts").want(200)
}
