package client

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestAccessIsReadAndWrittenWhereTheAPIHasIt(t *testing.T) {
	var method, path, body string
	api := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
		sent, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		method, path, body = r.Method, strings.TrimPrefix(r.URL.Path, "/rest/v2.0/companies/1"), string(sent)
		switch {
		case r.Method == http.MethodDelete:
			w.WriteHeader(http.StatusNoContent)
		case strings.HasSuffix(r.URL.Path, "/permissions"):
			writeJSON(w, http.StatusOK, map[string]any{"data": map[string]any{"company": map[string]string{"documents": "readonly"}}})
		case strings.HasSuffix(r.URL.Path, "/tools"):
			writeJSON(w, http.StatusOK, map[string]any{"data": map[string]any{"company": []any{map[string]any{"name": "admin", "levels": []string{"none", "admin"}}}}})
		default:
			writeJSON(w, http.StatusOK, map[string]any{"data": map[string]any{"id": "3", "project_id": "3", "permissions": map[string]string{"rfis": "admin"}, "project_number": nil}})
		}
	})
	client := api.client(t)
	ctx, levels := t.Context(), map[string]string{"rfis": "admin"}
	name := "Bridge"
	for _, test := range []struct {
		want string // method, path and body
		call func() (ok bool, err error)
	}{
		{`GET /service_accounts/17/permissions `, func() (bool, error) {
			got, err := client.GetPermissions(ctx, "1", "17")
			return got.Company["documents"] == "readonly", err
		}},
		{`PUT /service_accounts/17/permissions {"company":{"documents":"readonly"}}`, func() (bool, error) {
			got, err := client.ReplacePermissions(ctx, "1", "17", Permissions{Company: map[string]string{"documents": "readonly"}})
			return got.Company["documents"] == "readonly", err
		}},
		{`GET /service_accounts/17/project_assignments/3 `, func() (bool, error) {
			got, err := client.GetProjectAssignment(ctx, "1", "17", "3")
			return got.ProjectID == "3" && got.Permissions["rfis"] == "admin", err
		}},
		{`PUT /service_accounts/17/project_assignments/3 {"permissions":{"rfis":"admin"}}`, func() (bool, error) {
			got, err := client.PutProjectAssignment(ctx, "1", "17", "3", levels)
			return got.Permissions["rfis"] == "admin", err
		}},
		{`DELETE /service_accounts/17/project_assignments/3 `, func() (bool, error) {
			return true, client.DeleteProjectAssignment(ctx, "1", "17", "3")
		}},
		{`GET /projects/3 `, func() (bool, error) {
			got, err := client.GetProject(ctx, "1", "3")
			return got.ID == "3" && got.ProjectNumber == nil, err
		}},
		{`POST /projects {"name":"Bridge","active":true}`, func() (bool, error) {
			got, err := client.CreateProject(ctx, "1", NewProject{Name: name, Active: true})
			return got.ID == "3", err
		}},
		{`PATCH /projects/3 {"name":"Bridge","project_number":null}`, func() (bool, error) {
			got, err := client.UpdateProject(ctx, "1", "3", ProjectChanges{Name: &name, ProjectNumber: &Nullable{}})
			return got.ID == "3", err
		}},
		{`DELETE /projects/3 `, func() (bool, error) { return true, client.DeleteProject(ctx, "1", "3") }},
		{`GET /tools `, func() (bool, error) {
			got, err := client.GetTools(ctx, "1")
			return len(got.Company) == 1 && len(got.Company[0].Levels) == 2, err
		}},
	} {
		ok, err := test.call()
		if sent := method + " " + path + " " + body; err != nil || !ok || sent != test.want {
			t.Errorf("sent %q, want %q; answer understood: %t, %v", sent, test.want, ok, err)
		}
	}
}

func TestProjectsAreFilteredByTheAPI(t *testing.T) {
	inactive := false
	for _, test := range []struct {
		filter ProjectFilter
		want   url.Values
	}{
		{ProjectFilter{}, url.Values{"sort": {"name"}}},
		{ProjectFilter{IDs: []string{"3", "4"}}, url.Values{"sort": {"name"}, "filters[id][]": {"3", "4"}}},
		{
			ProjectFilter{Name: "Bridge", Search: "ridge", Active: &inactive},
			url.Values{"sort": {"name"}, "filters[name]": {"Bridge"}, "filters[search]": {"ridge"}, "filters[active]": {"false"}},
		},
	} {
		if got := test.filter.query(); !equalValues(got, test.want) {
			t.Errorf("%+v asks %v, want %v", test.filter, got, test.want)
		}
	}
}
