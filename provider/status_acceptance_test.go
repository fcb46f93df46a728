package provider_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2/clientcredentials"

	"github.com/procore/terraform-provider-procore/server"
	"github.com/procore/terraform-provider-procore/server/servertest"
)

// call sends a request to the management API as the administrator of a company, behind Terraform's back. The path
// begins after the company's.
func (w *world) call(as server.Credentials, method, path, body string) {
	w.t.Helper()
	credentials := clientcredentials.Config{ClientID: as.ClientID, ClientSecret: as.ClientSecret, TokenURL: w.URL + "/oauth/token"}
	request, err := http.NewRequestWithContext(w.t.Context(), method, w.URL+"/rest/v2.0/companies/"+as.CompanyID+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := credentials.Client(w.t.Context()).Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= http.StatusBadRequest {
		w.t.Fatalf("%s %s: %d %s, %v", method, path, response.StatusCode, answer, err)
	}
}

func (w *world) administrator() server.Credentials {
	return server.Credentials{CompanyID: w.CompanyID, ClientID: w.ClientID, ClientSecret: w.ClientSecret}
}

func TestAccWarningAnAccountWhoseContactChangedSaysWhyAndWhatToDo(t *testing.T) {
	w := newWorld(t)
	space := newWorkspace(t)
	config := w.config(account(`name = "ci"`), "data \"procore_service_account\" \"found\" {\n  id = procore_service_account.test.id\n}\n")
	space.apply(config)
	contact := w.find("ci").Contact
	address := "/directory/contacts/" + contact.ID

	w.call(w.administrator(), http.MethodPatch, address, `{"email_address":"somebody@example.com"}`)
	contains(t, space.warnings(config), `Service account "ci" is nonfunctional`, "no access tokens", "contact_email_changed",
		"put the generated address back, "+contact.EmailAddress)
	space.apply(config)
	if got := space.attributes(accountAddress); got["status"] != "nonfunctional" || got["contact_email"] != "somebody@example.com" {
		t.Errorf("status = %v, contact_email = %v", got["status"], got["contact_email"])
	}
	contains(t, space.warnings(config), `Service account "ci" is nonfunctional`) // for as long as it is

	w.call(w.administrator(), http.MethodPatch, address, `{"email_address":"`+contact.EmailAddress+`"}`)
	if text := space.warnings(config); text != "" {
		t.Errorf("a healed account warns:\n%s", text)
	}
	space.apply(config)
	if got := space.attributes(accountAddress)["status"]; got != "active" || !w.works(w.find("ci").ClientID, space.secret(accountAddress)) {
		t.Errorf("status = %v, or no token", got)
	}
}

func TestAccWarningAnAccountInASecondDirectorySaysWhyAndWhatToDo(t *testing.T) {
	w := newWorld(t)
	space := newWorkspace(t)
	config := w.config(account(`name = "ci"`), permissions(`{ documents = "readonly" }`))
	space.apply(config)
	contact := w.find("ci").Contact.ID
	other := operate(t, "company", "add", "--database", w.Database, "--name", "Other", "--output", "json")

	w.call(other, http.MethodPost, "/directory/contacts", `{"contact_id":"`+contact+`"}`)
	contains(t, space.warnings(config), `Service account "ci" is nonfunctional`, "contact_in_other_directory", "take it out there")
	space.apply(config) // nothing is replaced, and nothing taken away
	if got, err := w.granted(w.find("ci").ID); err != nil || got != "map[documents:readonly]" {
		t.Errorf("the account holds %s, %v", got, err)
	}

	w.call(other, http.MethodDelete, "/directory/contacts/"+contact, "")
	if text := space.warnings(config); text != "" {
		t.Errorf("a healed account warns:\n%s", text)
	}
}

func TestAccWarningTheSunsetSaysHowManyDaysAreLeft(t *testing.T) {
	sunset := time.Now().UTC().Add(39*24*time.Hour + time.Hour).Truncate(time.Second)
	w := newWorld(t, servertest.Configure(func(config *server.Config) { config.Policy.Sunset = sunset }))
	space := newWorkspace(t)
	config := w.config(account(`name = "ci"`))
	space.apply(config)
	contains(t, space.warnings(config), `Service account "ci" stops working in 39 days`, sunset.Format(time.RFC3339), "developer managed service account")
}
