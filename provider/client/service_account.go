package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"slices"
)

// ServiceAccount is an account as the API shows it. Times are as the server wrote them: UTC,
// "2026-01-02T15:04:05Z".
type ServiceAccount struct {
	ID                 string   `json:"id"`
	CompanyID          string   `json:"company_id"`
	Name               string   `json:"name"`
	AppType            string   `json:"app_type"`
	MarketplaceApp     *string  `json:"marketplace_app"`
	Description        string   `json:"description"`
	ClientID           string   `json:"client_id"`
	Status             string   `json:"status"`
	StatusReasons      []string `json:"status_reasons"`
	SecretVersion      int64    `json:"secret_version"`
	SecretCreatedAt    string   `json:"secret_created_at"`
	SecretFingerprint  string   `json:"secret_fingerprint"`
	DeletionProtection bool     `json:"deletion_protection"`
	AddToNewProjects   bool     `json:"add_to_new_projects"`
	SunsetAt           *string  `json:"sunset_at"`         // when traditional accounts stop working; nil: not known
	DaysUntilSunset    *int64   `json:"days_until_sunset"` // whole days until then
	Contact            *Contact `json:"contact"`
	CreatedAt          string   `json:"created_at"`
	UpdatedAt          string   `json:"updated_at"`
	Version            Version  `json:"-"` // of an answer that shows one account; empty in a list
}

func (a ServiceAccount) names() (companyID string, ids []string) { return a.CompanyID, []string{a.ID} }

func (a ServiceAccount) as(version Version) ServiceAccount {
	a.StatusReasons, a.Version = slices.Clone(a.StatusReasons), version
	return a
}

// Contact is an account's entry in the company's directory.
type Contact struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	EmailAddress string `json:"email_address"`
}

// ServiceAccountSecret is an account with its secret, which only the answer to a create or a reset
// has, once.
type ServiceAccountSecret struct {
	ServiceAccount
	ClientSecret string `json:"client_secret"`
}

// NewServiceAccount is what an account is made from. ClientSecret nil: the server makes one.
type NewServiceAccount struct {
	Name               string  `json:"name"`
	AppType            string  `json:"app_type"`
	MarketplaceApp     *string `json:"marketplace_app,omitempty"`
	Description        string  `json:"description"`
	DeletionProtection bool    `json:"deletion_protection"`
	AddToNewProjects   bool    `json:"add_to_new_projects"`
	ClientSecret       *string `json:"client_secret,omitempty"`
}

// ServiceAccountChanges is what a PATCH sets; nil leaves a field alone.
type ServiceAccountChanges struct {
	Name               *string   `json:"name,omitempty"`
	AppType            *string   `json:"app_type,omitempty"`
	MarketplaceApp     *Nullable `json:"marketplace_app,omitempty"`
	Description        *string   `json:"description,omitempty"`
	DeletionProtection *bool     `json:"deletion_protection,omitempty"`
	AddToNewProjects   *bool     `json:"add_to_new_projects,omitempty"`
}

// ResetOptions says how a secret is reset.
type ResetOptions struct {
	// KeepAccess leaves permissions and project memberships, which a reset otherwise clears.
	KeepAccess bool `json:"keep_access"`
	// PreviousSecretTTL is for how many seconds the old secret stays good: 0 (not at all) to 2592000.
	PreviousSecretTTL int64 `json:"previous_secret_ttl"`
	// ClientSecret is the new secret; nil: the server makes one.
	ClientSecret *string `json:"client_secret,omitempty"`
}

// Reset is the answer to a reset: the account, its new secret and what the reset took away.
type Reset struct {
	ServiceAccountSecret
	Cleared Cleared `json:"cleared"`
}

// Cleared is the access that a reset took away.
type Cleared struct {
	Permissions map[string]string `json:"permissions"` // company tool → level
	ProjectIDs  []string          `json:"project_ids"`
}

// ServiceAccountFilter narrows a list; an empty field does not.
type ServiceAccountFilter struct {
	IDs                                     []string
	Name, ClientID, AppType, Status, Search string
}

func (f ServiceAccountFilter) query() url.Values {
	query := url.Values{"sort": {"name"}}
	if len(f.IDs) > 0 {
		query["filters[id][]"] = f.IDs
	}
	for field, value := range map[string]string{
		"name": f.Name, "client_id": f.ClientID, "app_type": f.AppType, "status": f.Status, "search": f.Search,
	} {
		if value != "" {
			query.Set("filters["+field+"]", value)
		}
	}
	return query
}

func accountPath(companyID string, elements ...string) []string {
	return companyPath(companyID, append([]string{"service_accounts"}, elements...)...)
}

// ListServiceAccounts returns all accounts of a company that filter lets through, by name.
func (c *Client) ListServiceAccounts(ctx context.Context, companyID string, filter ServiceAccountFilter) ([]ServiceAccount, error) {
	return listAll[ServiceAccount](ctx, c, listServiceAccounts(companyID, filter))
}

// ServiceAccounts is ListServiceAccounts as the pages arrive, of most accounts, or all when most is 0.
func (c *Client) ServiceAccounts(
	ctx context.Context, companyID string, filter ServiceAccountFilter, most int,
) iter.Seq2[ServiceAccount, error] {
	return list[ServiceAccount](ctx, c, listServiceAccounts(companyID, filter), most)
}

func listServiceAccounts(companyID string, filter ServiceAccountFilter) request {
	return request{method: http.MethodGet, companyID: companyID, path: accountPath(companyID), query: filter.query()}
}

// GetServiceAccount returns one account. IsNotFound tells when there is none.
func (c *Client) GetServiceAccount(ctx context.Context, companyID, id string) (*ServiceAccount, error) {
	account := &ServiceAccount{}
	header, err := c.do(ctx, request{method: http.MethodGet, companyID: companyID, path: accountPath(companyID, id), data: account})
	account.Version = versionOf(header)
	return account, err
}

// RefreshServiceAccount is GetServiceAccount for what reads many: the account may come from a list that was read a moment ago, and before
// nothing that this client changed. An account that isn't there is asked for alone.
func (c *Client) RefreshServiceAccount(ctx context.Context, companyID, id string) (*ServiceAccount, error) {
	account, found, err := c.accounts.get(ctx, companyID, id)
	if found || err != nil {
		return &account, err
	}
	return c.GetServiceAccount(ctx, companyID, id)
}

// CreateServiceAccount makes an account. Its secret is in the answer and nowhere else.
func (c *Client) CreateServiceAccount(ctx context.Context, companyID string, account NewServiceAccount) (*ServiceAccountSecret, error) {
	created := &ServiceAccountSecret{}
	header, err := c.do(ctx, request{method: http.MethodPost, companyID: companyID, path: accountPath(companyID), body: account, data: created})
	created.Version = versionOf(header)
	return created, err
}

// UpdateServiceAccount changes an account and returns it as it is afterwards.
func (c *Client) UpdateServiceAccount(
	ctx context.Context, companyID, id string, changes ServiceAccountChanges, conditions ...Option,
) (*ServiceAccount, error) {
	account := &ServiceAccount{}
	header, err := c.do(ctx, request{
		method: http.MethodPatch, companyID: companyID, path: accountPath(companyID, id), body: changes, data: account,
	}.under(conditions))
	account.Version = versionOf(header)
	return account, err
}

// DeleteServiceAccount deletes an account, for ever.
func (c *Client) DeleteServiceAccount(ctx context.Context, companyID, id string, conditions ...Option) error {
	_, err := c.do(ctx, request{method: http.MethodDelete, companyID: companyID, path: accountPath(companyID, id)}.under(conditions))
	return err
}

// ResetSecret gives an account a new secret. Unless options say otherwise, the old one stops working
// at once, and permissions and project memberships are cleared.
func (c *Client) ResetSecret(ctx context.Context, companyID, id string, options ResetOptions, conditions ...Option) (*Reset, error) {
	reset := &Reset{}
	header, err := c.do(ctx, request{
		method: http.MethodPost, companyID: companyID,
		path: accountPath(companyID, id, "actions", "reset_secret"), body: options, data: reset,
	}.under(conditions))
	reset.Version = versionOf(header)
	return reset, err
}

// RevokeTokens ends all live access tokens of an account; its secret stays.
func (c *Client) RevokeTokens(ctx context.Context, companyID, id string) error {
	_, err := c.do(ctx, request{
		method: http.MethodPost, companyID: companyID,
		path: accountPath(companyID, id, "actions", "revoke_tokens"),
	})
	return err
}
