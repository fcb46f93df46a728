package rest_test

import (
	"encoding/json"
	"slices"
	"testing"
)

// account is a service account as the contract spells it, with what a create and a reset add.
type account struct {
	ID                 string   `json:"id"`
	CompanyID          string   `json:"company_id"`
	Name               string   `json:"name"`
	AppType            string   `json:"app_type"`
	MarketplaceApp     *string  `json:"marketplace_app"`
	Description        string   `json:"description"`
	Kind               string   `json:"kind"`
	ClientID           string   `json:"client_id"`
	Status             string   `json:"status"`
	StatusReasons      []string `json:"status_reasons"`
	SecretVersion      int      `json:"secret_version"`
	SecretCreatedAt    string   `json:"secret_created_at"`
	SecretFingerprint  string   `json:"secret_fingerprint"`
	DeletionProtection bool     `json:"deletion_protection"`
	AddToNewProjects   bool     `json:"add_to_new_projects"`
	Contact            struct {
		ID           string `json:"id"`
		Name         string `json:"name"`
		EmailAddress string `json:"email_address"`
	} `json:"contact"`
	LastTokenAt *string `json:"last_token_at"`
	CreatedAt   string  `json:"created_at"`
	UpdatedAt   string  `json:"updated_at"`

	ClientSecret string `json:"client_secret"`
	Cleared      struct {
		Permissions map[string]string `json:"permissions"`
		ProjectIDs  []string          `json:"project_ids"`
	} `json:"cleared"`
}

// create makes an account with this name.
func (c client) create(name string) account {
	c.t.Helper()
	return data[account](c.post("service_accounts", object{"name": name}).want(201))
}

// account reads an account.
func (c client) account(id string) account {
	c.t.Helper()
	return data[account](c.get("service_accounts/" + id).want(200))
}

// as signs in as an account that was just made or reset.
func (c client) as(a account) client {
	c.t.Helper()
	return c.signIn(a.ClientID, a.ClientSecret)
}

// me returns the caller's own account.
func (c client) me() account {
	c.t.Helper()
	return data[account](c.get("me").want(200))
}

// snapshot is all that the management API says of the company's accounts, so that a test can tell that nothing changed.
func (c client) snapshot() string {
	c.t.Helper()
	list := data[[]account](c.get("service_accounts?per_page=1000").want(200))
	for i := range list {
		list[i].LastTokenAt = nil // written behind, so it may change while the test looks
	}
	text, err := json.Marshal(list)
	if err != nil {
		c.t.Fatal(err)
	}
	return string(text)
}

// errorBody is Procore's error envelope.
type errorBody struct {
	Error struct {
		Code    string
		Message string
		Details []struct {
			ReasonCode string `json:"reason_code"`
			Message    string
			Source     string
			ExistingID string `json:"existing_id"`
		}
	}
}

// refused ends the test unless the answer is an error with this status and code.
func (a answer) refused(status int, code string) errorBody {
	a.t.Helper()
	a.want(status)
	var body errorBody
	if err := json.Unmarshal(a.body, &body); err != nil {
		a.t.Fatalf("%s: %v", a.body, err)
	}
	if body.Error.Code != code || body.Error.Message == "" {
		a.t.Fatalf("want the code %s and a message, got %s", code, a.body)
	}
	return body
}

// faults ends the test unless the answer's details are these, as "source reason_code", in any order.
func (a answer) faults(status int, code string, want ...string) errorBody {
	a.t.Helper()
	body := a.refused(status, code)
	got := []string{}
	for _, detail := range body.Error.Details {
		got = append(got, detail.Source+" "+detail.ReasonCode)
		if detail.Message == "" {
			a.t.Errorf("a detail has no message: %s", a.body)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		a.t.Errorf("details %q, want %q: %s", got, want, a.body)
	}
	return body
}

// isGone fails the test unless the client's token has stopped counting.
func (c client) isGone() {
	c.t.Helper()
	a := c.get("me")
	a.faults(401, "UNAUTHORIZED", "Authorization invalid_token")
	if got := a.header.Get("WWW-Authenticate"); got != `Bearer realm="procore", error="invalid_token"` {
		c.t.Errorf("WWW-Authenticate %q", got)
	}
}

// secretIsRefused fails the test unless the credentials are wrong now.
func (c client) secretIsRefused(clientID, secret string) {
	c.t.Helper()
	a := c.tokenAnswer(clientID, secret).want(401)
	var body struct{ Error string }
	if err := json.Unmarshal(a.body, &body); err != nil || body.Error != "invalid_client" {
		c.t.Errorf("want invalid_client, got %s", a.body)
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}
