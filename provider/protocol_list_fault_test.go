package provider_test

import (
	"net/http"
	"strings"
	"testing"
)

// fromPage lets do happen to the pages of a list from that one on, and makes all pages small.
func fromPage(page string, do fault) fault {
	return func(w http.ResponseWriter, r *http.Request, forward func() *answer) {
		if r.URL.Query().Get("page") >= page {
			do(w, r, forward)
			return
		}
		pages(2)(w, r, forward)
	}
}

func TestAListWhoseLaterPageFailsIsNoList(t *testing.T) {
	for name, test := range map[string]struct {
		fault fault
		want  string
	}{
		"401":        {status(http.StatusUnauthorized, ""), "access token was refused"},
		"403":        {status(http.StatusForbidden, ""), "may not do this"},
		"429":        {status(http.StatusTooManyRequests, ""), "limits how fast it is called"},
		"500":        {status(http.StatusInternalServerError, ""), "fault of its own"},
		"error page": {pageAfter(http.StatusBadGateway), "base_url"},
		"cut":        {cutAfter, "could not be reached"},
		"truncated":  {truncated, "could not be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newListWorld(t)
			w.makeMany(5)
			for _, projects := range []string{"A", "B", "C"} {
				w.makeProject(projects)
			}
			w.proxy.arm(`GET .*/(service_accounts|projects)`, forEver, fromPage("2", test.fault))
			for _, resource := range listTypes[:3] {
				_, diagnostics := w.list(resource, query{include: true})
				text := told(diagnostics)
				if len(diagnostics) != 1 || !strings.HasPrefix(text, "ERROR: Unable to list ") || !strings.Contains(text, test.want) {
					t.Errorf("%s: %s", resource, text)
				}
			}
		})
	}
}

func TestAListOfAccessFailsWithTheAccessOfOneAccount(t *testing.T) {
	for resource, request := range map[string]string{permissionsType: `GET .*/6/permissions`, membershipType: `GET .*/6/project_assignments`} {
		t.Run(resource, func(t *testing.T) {
			w := newListWorld(t)
			w.fillCompany(9)
			w.proxy.arm(`GET .*/companies/1/(permissions|project_assignments)`, forEver, status(http.StatusNotFound, ""))
			w.proxy.arm(request, forEver, status(http.StatusForbidden, ""))
			_, diagnostics := w.list(resource, query{})
			if text := told(diagnostics); len(diagnostics) != 1 || !strings.Contains(text, "of service accounts: 403 BUSY") {
				t.Errorf("%s: %s", resource, text)
			}
		})
	}
}

func TestAnAccountThatGoesWhileItsAccessIsListedHasNone(t *testing.T) {
	for resource, want := range map[string]string{
		permissionsType: "Administrator (1)", membershipType: "stays (3) in Bridge (1)",
	} {
		t.Run(resource, func(t *testing.T) {
			w := newListWorld(t)
			goes, stays := w.make("goes"), w.make("stays")
			bridge := w.makeProject("Bridge")
			w.grant(goes.ID, map[string]string{"documents": "readonly"})
			w.assign(goes.ID, bridge.ID, map[string]string{})
			w.assign(stays.ID, bridge.ID, map[string]string{})
			w.proxy.arm(`GET .*/(`+goes.ID+`/permissions|companies/1/project_assignments)`, 1, meanwhile(func() {
				if err := w.api.DeleteServiceAccount(t.Context(), w.CompanyID, goes.ID); err != nil {
					t.Error(err)
				}
			}))
			if names := w.names(resource, nil); strings.Join(names, ", ") != want {
				t.Errorf("listed %v, want %s", names, want)
			}
		})
	}
}

func TestAListNeedsAConfiguredProviderAndACompany(t *testing.T) {
	w := newWorldWithoutTerraform(t)
	for missing, want := range map[string]string{
		"base_url":   "only be known after apply",
		"company_id": "provider's company_id is not known yet",
		"nothing":    "Provider not configured",
	} {
		p := newPlugin(t)
		settings := w.settings()
		if missing != "nothing" {
			settings[missing] = unknownValue
			p.mustConfigure(settings)
		}
		for _, resource := range listTypes {
			found, diagnostics := p.list(resource, query{})
			if text := told(diagnostics); len(found) > 0 || !strings.Contains(text, want) {
				t.Errorf("%s unknown: %s gives %v, %q", missing, resource, found, text)
			}
		}
	}
	p := newPlugin(t)
	settings := w.settings()
	delete(settings, "company_id")
	p.mustConfigure(settings)
	if _, diagnostics := p.list(accountType, query{}); !strings.Contains(told(diagnostics), "Missing company_id") {
		t.Errorf("without a company: %s", told(diagnostics))
	}
	if found, diagnostics := p.list(accountType, query{config: map[string]any{"company_id": w.CompanyID}}); len(found) != 1 || len(diagnostics) > 0 {
		t.Errorf("with a company of its own: %v %s", found, told(diagnostics))
	}
	if _, diagnostics := p.list(accountType, query{config: map[string]any{"company_id": "99"}}); !failed(diagnostics) {
		t.Error("another company's accounts are an empty list")
	}
}
