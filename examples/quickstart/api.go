package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

type accessToken = *oauth2.Token

// requestTimeout bounds every request that the story makes itself.
const requestTimeout = 15 * time.Second

// me is the part of GET /me that the story shows.
type me struct {
	Name        string `json:"name"`
	Status      string `json:"status"`
	Permissions struct {
		Company map[string]string `json:"company"`
	} `json:"permissions"`
}

// useAccount does what an integration would: get a token with the client credentials, and call the API with it.
func (s *story) useAccount(ctx context.Context) error {
	token, err := s.authenticate(ctx, s.first)
	if err != nil {
		return fmt.Errorf("no access token: %w", err)
	}
	s.token = token

	s.say("%s token, good until %s.", token.Type(), token.Expiry.Format(time.TimeOnly))

	return s.showMe(ctx, token)
}

// compareSecrets tries both secrets, and the token that the old one got before it was reset.
func (s *story) compareSecrets(ctx context.Context) error {
	old := s.first
	_, err := s.authenticate(ctx, old)

	var refusal *oauth2.RetrieveError
	switch {
	case err == nil:
		return errors.New("the old secret still gets a token")
	case !errors.As(err, &refusal) || refusal.ErrorCode != "invalid_client":
		return fmt.Errorf("the old secret was expected to be refused as invalid_client: %w", err)
	}
	s.say("Refused: %s %s, as it should be.", refusal.Response.Status, refusal.ErrorCode)

	if status, _, err := s.getMe(ctx, s.token); err != nil {
		return err
	} else if status != http.StatusUnauthorized {
		return fmt.Errorf("the token that the old secret got was expected to be dead, and the API answered %d", status)
	}
	s.say("The token that the old secret got before is dead, too.")

	token, err := s.authenticate(ctx, s.second)
	if err != nil {
		return fmt.Errorf("the new secret gets no token: %w", err)
	}

	return s.showMe(ctx, token)
}

// authenticate asks for an access token, with a client that knows nothing of this project.
func (s *story) authenticate(ctx context.Context, a account) (accessToken, error) {
	s.command("POST", "/oauth/token", "grant_type=client_credentials", "client_id="+shorten(a.ClientID), "("+a.masked()+")")

	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()

	config := clientcredentials.Config{
		ClientID:     a.ClientID,
		ClientSecret: a.ClientSecret,
		TokenURL:     s.server.url + "/oauth/token",
		// Left to find out, the library would try a refused secret twice.
		AuthStyle: oauth2.AuthStyleInHeader,
	}

	return config.Token(ctx)
}

func (s *story) showMe(ctx context.Context, token accessToken) error {
	status, body, err := s.getMe(ctx, token)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("GET /me answered %d: %s", status, body)
	}

	var answer struct{ Data me }
	if err := json.Unmarshal(body, &answer); err != nil {
		return fmt.Errorf("GET /me did not answer with the JSON that was expected: %w", err)
	}
	s.say("200 OK: I am %q, %s, with permissions on %d company tools.", answer.Data.Name, answer.Data.Status, len(answer.Data.Permissions.Company))

	return nil
}

// getMe asks the API who the token's bearer is.
func (s *story) getMe(ctx context.Context, token accessToken) (status int, body []byte, err error) {
	path := "/rest/v2.0/companies/" + url.PathEscape(s.admin.CompanyID) + "/me"
	s.command("GET", path)

	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.server.url+path, http.NoBody)
	if err != nil {
		return 0, nil, err
	}
	token.SetAuthHeader(request)

	client := http.Client{Timeout: requestTimeout}

	response, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()

	body, err = io.ReadAll(response.Body)

	return response.StatusCode, body, err
}
