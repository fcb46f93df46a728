package oauth

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
)

// MaxBodyBytes is the most that a request may hold. The largest honest one has a token of about a kilobyte.
const MaxBodyBytes = 64 << 10

const (
	typeForm = "application/x-www-form-urlencoded"
	typeJSON = "application/json"
)

// parameters says where the value of a parameter goes. A name that has no place is not known, and ignored
// (RFC 6749 3.2).
type parameters interface {
	field(name string) *string
}

// clientParameters are the client's credentials in the request body (RFC 6749 2.3.1).
type clientParameters struct {
	ClientID     string `json:"client_id,omitempty" doc:"The client id, unless HTTP Basic brings it."`
	ClientSecret string `json:"client_secret,omitempty" doc:"The client secret, unless HTTP Basic brings it."`
}

func (p *clientParameters) field(name string) *string {
	switch name {
	case "client_id":
		return &p.ClientID
	case "client_secret":
		return &p.ClientSecret
	}
	return nil
}

// tokenRequest is an access token request (RFC 6749 4.4.2).
type tokenRequest struct {
	_         struct{} `additionalProperties:"true"`
	GrantType string   `json:"grant_type" enum:"client_credentials" doc:"The grant."`
	Scope     string   `json:"scope,omitempty" doc:"The scope: public, which is also what a request without one gets."`
	clientParameters
}

func (p *tokenRequest) field(name string) *string {
	switch name {
	case "grant_type":
		return &p.GrantType
	case "scope":
		return &p.Scope
	}
	return p.clientParameters.field(name)
}

// tokenQuestion is a request about a token: introspection (RFC 7662 2.1) or revocation (RFC 7009 2.1).
type tokenQuestion struct {
	_     struct{} `additionalProperties:"true"`
	Token string   `json:"token" doc:"The access token."`
	Hint  string   `json:"token_type_hint,omitempty" doc:"Accepted and not needed: there is one type of token."`
	clientParameters
}

func (p *tokenQuestion) field(name string) *string {
	switch name {
	case "token":
		return &p.Token
	case "token_type_hint":
		return &p.Hint
	}
	return p.clientParameters.field(name)
}

// readParameters reads the request's body into its parameters.
func readParameters(w http.ResponseWriter, r *http.Request, into parameters) *failure {
	// RFC 6749 2.3.1: the credentials must not be in the request URI, and RFC 7009 and 7662 put the token into the
	// body as well. A URI ends up in logs, so whoever does this is told rather than served.
	if r.URL.RawQuery != "" {
		query, _ := url.ParseQuery(r.URL.RawQuery) // what can be read of it is enough
		for name := range query {
			if into.field(name) != nil {
				return invalidRequest("The parameters belong into the request body and must not be in the request URI. " +
					"Treat a secret or token that was sent this way as exposed.")
			}
		}
	}
	contentType := r.Header.Get("Content-Type")
	if contentType == "" && r.ContentLength == 0 {
		return nil // no body holds no parameters, and what is missing has a better error
	}
	parse, refused := parserFor(contentType)
	if refused != nil {
		return refused
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBodyBytes))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return &failure{
			status: http.StatusRequestEntityTooLarge, code: codeInvalidRequest,
			description: "The request body is larger than 64 KiB.",
		}
	}
	if err != nil {
		return invalidRequest("The request body could not be read to its end.")
	}
	return parse(body, into)
}

func parserFor(contentType string) (func([]byte, parameters) *failure, *failure) {
	mediaType := contentType
	if mediaType != typeForm && mediaType != typeJSON {
		mediaType, _, _ = mime.ParseMediaType(contentType)
	}
	switch mediaType {
	case typeForm:
		return parseForm, nil
	case typeJSON:
		return parseJSON, nil
	}
	return nil, invalidRequest("The Content-Type must be " + typeForm + " or " + typeJSON + ".")
}

// parseForm reads the parameters of RFC 6749 appendix B.
func parseForm(body []byte, into parameters) *failure {
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return invalidRequest("The request body is not well-formed " + typeForm + ".")
	}
	for name, given := range values {
		field := into.field(name)
		if field == nil {
			continue
		}
		// RFC 6749 3.2. This holds for a parameter without a value too: it was included twice all the same.
		if len(given) > 1 {
			return repeated(name)
		}
		*field = given[0]
	}
	return nil
}

// parseJSON reads the same parameters from the members of one JSON object, as Procore takes them. It reads token by
// token because encoding/json would take the last of two equal names, and names that differ in case as equal.
func parseJSON(body []byte, into parameters) *failure {
	notAnObject := invalidRequest("The request body is not a well-formed JSON object.")
	decoder := json.NewDecoder(bytes.NewReader(body))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return notAnObject
	}
	seen := make(map[string]struct{}, 4)
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return notAnObject
		}
		name, _ := token.(string) // the decoder lets nothing else be a name
		if _, again := seen[name]; again {
			return repeated(name)
		}
		seen[name] = struct{}{}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return notAnObject
		}
		field := into.field(name)
		if field == nil {
			continue
		}
		// null is refused with the rest: taken for "omitted", it would hide a secret that was never filled in.
		if value[0] != '"' || json.Unmarshal(value, field) != nil {
			return invalidRequest("The parameter " + name + " must be a string.")
		}
	}
	if _, err := decoder.Token(); err != nil {
		return notAnObject
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return notAnObject
	}
	return nil
}

// repeated names the parameter where it is one of ours. Any other text of the request stays out of the answer.
func repeated(name string) *failure {
	if (&tokenRequest{}).field(name) == nil && (&tokenQuestion{}).field(name) == nil {
		return invalidRequest("A name is repeated in the request body.")
	}
	return invalidRequest("The parameter " + name + " is repeated.")
}
