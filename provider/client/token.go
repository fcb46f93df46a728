package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/go-resty/resty/v2"
	"golang.org/x/oauth2"
)

// The OAuth endpoints, under the base URL.
const (
	tokenPath  = "/oauth/token"
	revokePath = "/oauth/revoke"
)

// Credentials are a service account's own, in the hands of somebody else than this client: not those of Config.
type Credentials struct{ ClientID, ClientSecret string }

func (c Credentials) form() url.Values {
	return url.Values{"client_id": {c.ClientID}, "client_secret": {c.ClientSecret}}
}

// AccessToken is a token for the account whose credentials asked for it.
type AccessToken struct {
	Token, Type string
	ExpiresAt   time.Time // by the server's clock, in UTC
}

// GetToken gets an access token with the client credentials grant (RFC 6749 section 4.4). An attempt whose answer is lost leaves
// a token that nobody has, and that ends by itself.
func (c *Client) GetToken(ctx context.Context, credentials Credentials) (*AccessToken, error) {
	form := credentials.form()
	form.Set("grant_type", "client_credentials")
	response, err := c.askOAuth(withProgress(ctx, true), tokenPath, form)
	if err != nil {
		return nil, err
	}
	var answer struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int64  `json:"expires_in"`
		CreatedAt   int64  `json:"created_at"`
	}
	if json.Unmarshal(response.Body(), &answer) != nil || answer.AccessToken == "" || answer.TokenType == "" || answer.ExpiresIn <= 0 {
		return nil, &Error{
			Origin: OriginToken, Message: "the token endpoint's answer is not an OAuth access token",
			RequestID: Presentable(response.Header().Get(requestIDHeader)),
		}
	}
	created := time.Unix(answer.CreatedAt, 0)
	if answer.CreatedAt <= 0 { // Procore's addition to RFC 6749; without it, the answer's date
		created = versionOf(response.Header()).At
	}
	return &AccessToken{
		Token: answer.AccessToken, Type: answer.TokenType,
		ExpiresAt: created.Add(time.Duration(answer.ExpiresIn) * time.Second).UTC(),
	}, nil
}

// RevokeToken ends a token of the account with these credentials (RFC 7009). One that has ended already, or never was, is no error.
func (c *Client) RevokeToken(ctx context.Context, credentials Credentials, token string) error {
	form := credentials.form()
	form.Set("token", token)
	form.Set("token_type_hint", "access_token")
	ctx = withProgress(ctx, false)
	progressOf(ctx).bodyless = true // section 2.2: the status says it all
	_, err := c.askOAuth(ctx, revokePath, form)
	return err
}

// askOAuth posts a form to an endpoint that takes credentials of a client instead of a token. An error is an *Error.
func (c *Client) askOAuth(ctx context.Context, path string, form url.Values) (*resty.Response, error) {
	if err := c.gate.enter(ctx); err != nil {
		return nil, errorFromTransport(ctx, err)
	}
	defer c.gate.leave()
	response, err := c.oauth.R().SetContext(ctx).SetFormDataFromValues(form).Post(c.baseURL + path)
	if ended := ctx.Err(); ended != nil && err != nil {
		return nil, errorFromTransport(ctx, ended)
	}
	if response != nil && response.RawResponse != nil && response.StatusCode() >= http.StatusMultipleChoices {
		return nil, errorFromToken(oauthRefusal(response))
	}
	if err != nil {
		return nil, errorFromTransport(ctx, err)
	}
	if isCut(progressOf(ctx), response.StatusCode(), response.Body()) { // still, after every retry
		return nil, notTheAPI(response.StatusCode(), response.Header())
	}
	return response, nil
}

// oauthRefusal reads an error of RFC 6749 section 5.2; anything else leaves its fields empty.
func oauthRefusal(response *resty.Response) *oauth2.RetrieveError {
	refused := &oauth2.RetrieveError{Response: response.RawResponse, Body: response.Body()}
	var answer struct {
		Code        string `json:"error"`
		Description string `json:"error_description"`
	}
	if json.Unmarshal(response.Body(), &answer) == nil {
		refused.ErrorCode, refused.ErrorDescription = answer.Code, answer.Description
	}
	return refused
}
