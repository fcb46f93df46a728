package provider

import (
	"context"
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/procore/terraform-provider-procore/server/store"
)

// called runs a function on texts, as the framework does. The result is nil where there is an error.
func called(t *testing.T, run function.Function, empty attr.Value, texts ...string) (attr.Value, *function.FuncError) {
	t.Helper()
	arguments := make([]attr.Value, len(texts))
	for i, text := range texts {
		arguments[i] = types.StringValue(text)
	}
	resp := function.RunResponse{Result: function.NewResultData(empty)}
	run.Run(context.Background(), function.RunRequest{Arguments: function.NewArgumentsData(arguments)}, &resp)
	if resp.Error == nil {
		return resp.Result.Value(), nil
	}
	for _, text := range texts {
		if len(text) > 16 && strings.Contains(resp.Error.Text, text) {
			t.Error("the error repeats an argument, which may be a secret")
		}
	}
	if place := resp.Error.FunctionArgument; place == nil || *place < 0 || *place >= int64(len(texts)) {
		t.Errorf("the error is about no argument: %s", resp.Error.Text)
	}
	return nil, resp.Error
}

// FuzzFunctions wants an answer or an error about an argument for any texts, and an answer that says what they did.
func FuzzFunctions(f *testing.F) {
	secret := store.NewSecret().Reveal()
	for _, seed := range []string{
		"", "17", "1/17", "1/17/3", "01/1", secret, secret + " ", "1/" + secret, "\x00", "\xff", "a:b", "ü %+&", "${file(\"/etc/passwd\")}", "9223372036854775808", strings.Repeat("1/", 99),
	} {
		f.Add(seed, secret)
		f.Add("id", seed)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		parts := map[string]attr.Type{"company_id": types.StringType, "id": types.StringType}
		if got, failure := called(t, &parseIDFunction{}, types.ObjectUnknown(parts), first); failure == nil {
			object, ok := got.(types.Object)
			if !ok {
				t.Fatalf("parse_id gives %T", got)
			}
			id, company := object.Attributes()["id"].(types.String), object.Attributes()["company_id"].(types.String) //nolint:forcetypeassert // it may fail here
			text := id.ValueString()
			if !company.IsNull() {
				text = company.ValueString() + "/" + text
			}
			if text != first {
				t.Errorf("parse_id reads %q as %q", first, text)
			}
		}
		if got, failure := called(t, &secretValidFunction{}, types.BoolUnknown(), second); failure != nil {
			t.Error(failure)
		} else if _, ok := store.ParseSecret(second); !got.Equal(types.BoolValue(ok)) {
			t.Errorf("secret_valid gives %s, the server says %t", got, ok)
		}
		got, failure := called(t, &basicAuthFunction{}, types.StringUnknown(), first, second)
		if (first == "" || second == "") != (failure != nil) {
			t.Errorf("basic_auth of %d and %d bytes: %v", len(first), len(second), failure)
		}
		if failure == nil {
			header, _ := got.(types.String)
			decoded, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(header.ValueString(), "Basic "))
			id, password, _ := strings.Cut(string(decoded), ":")
			if id, err := url.QueryUnescape(id); err != nil || id != first {
				t.Errorf("the client ID comes out as %q: %v", id, err)
			}
			if password, decodeErr := url.QueryUnescape(password); decodeErr != nil || err != nil || password != second {
				t.Errorf("the secret comes out as another: %v, %v", decodeErr, err)
			}
		}
	})
}
