package provider

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/procore/terraform-provider-procore/provider/client"
)

// stringRule is a validator made of one function. Null and unknown pass: they are checked, if at all,
// when they have a value. The value itself is never repeated in the error: it may be a secret.
type stringRule struct {
	description string
	check       func(string) error
	// secret keeps the error off the attribute: Terraform shows the line of the configuration that an attribute's error
	// is about, and what is written there. What looks like a secret is kept off it everywhere: it may be in the wrong place.
	secret bool
}

func (r stringRule) Description(context.Context) string         { return r.description }
func (r stringRule) MarkdownDescription(context.Context) string { return r.description }

func (r stringRule) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	text := req.ConfigValue.ValueString()
	err := r.check(text)
	switch summary := "Invalid " + req.Path.String(); {
	case err == nil:
	case !r.secret && client.SecretPattern.MatchString(text):
		resp.Diagnostics.AddError(summary, "The value "+err.Error()+". It looks like a client secret or an access token: if it is one, it is in the wrong place.")
	case r.secret:
		resp.Diagnostics.AddError(summary, "The value "+err.Error()+".")
	default:
		resp.Diagnostics.AddAttributeError(req.Path, summary, "The value "+err.Error()+".")
	}
}

// isID accepts an ID of the API: a whole number from 1, as the API writes it.
func isID() validator.String {
	return stringRule{description: "a whole number from 1", check: func(text string) error {
		if !validID(text) {
			return errors.New("must be an ID: a whole number from 1, without a sign, spaces or leading zeros")
		}
		return nil
	}}
}

// maxNameLength is the API's limit, in characters.
const maxNameLength = 255

// isName accepts a name as the API keeps it. The API trims names; one that isn't trimmed would come
// back different from what was written, so it is refused here.
func isName() validator.String {
	return stringRule{description: "1 to 255 characters on one line, without spaces at the ends", check: checkName}
}

func checkName(text string) error {
	switch length := utf8.RuneCountInString(text); {
	case strings.TrimSpace(text) == "":
		return errors.New("must not be blank")
	case length > maxNameLength:
		return errors.New("must have at most 255 characters")
	case strings.TrimSpace(text) != text:
		return errors.New("must not begin or end with white space")
	case strings.ContainsFunc(text, unicode.IsControl):
		return errors.New("must not contain control characters, such as a line break or a tab")
	}
	return nil
}

// isPlainText accepts what the API takes as a description, but for its length: line breaks and tabs
// are the only control characters.
func isPlainText() validator.String {
	return stringRule{description: "no control characters but line breaks and tabs", check: func(text string) error {
		control := func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\n\r\t", r) }
		if strings.ContainsFunc(text, control) {
			return errors.New("must not contain control characters other than line breaks and tabs")
		}
		return nil
	}}
}

// isTimeout accepts a duration above zero.
func isTimeout() validator.String {
	return stringRule{description: "a positive duration such as 30s", check: func(text string) error {
		if timeout, err := time.ParseDuration(text); err != nil || timeout <= 0 {
			return errors.New(`must be a positive duration, such as "30s" or "2m"`)
		}
		return nil
	}}
}

// isPreviousSecretTTL accepts 0 seconds to 30 days, in whole seconds.
func isPreviousSecretTTL() validator.String {
	return stringRule{description: "a duration in whole seconds, at most 30 days", check: func(text string) error {
		_, err := parsePreviousSecretTTL(text)
		return err
	}}
}

// isMaxAge accepts a duration above zero, in whole seconds.
func isMaxAge() validator.String {
	return stringRule{description: "a positive duration in whole seconds", check: func(text string) error {
		age, err := parseAge(text)
		if err == nil && age == 0 {
			return errors.New(`must be positive; for a secret of any age leave max_age out`)
		}
		return err
	}}
}

// isWarnBefore accepts a duration in whole seconds. How long it may be, checkAges knows.
func isWarnBefore() validator.String {
	return stringRule{description: "a duration in whole seconds, shorter than max_age", check: func(text string) error {
		_, err := parseAge(text)
		return err
	}}
}

// isClientSecret accepts a well-formed client secret.
func isClientSecret() validator.String {
	return stringRule{description: "a well-formed client secret", check: checkClientSecret, secret: true}
}
