package provider_test

import (
	"encoding/base64"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// call calls a function as provider::procore::name(arguments...). The result is nil where there is an error.
func (p *plugin) call(name string, arguments ...any) (any, *tfprotov6.FunctionError) {
	p.t.Helper()
	signature, ok := p.schemas.Functions[name]
	if !ok || len(signature.Parameters) != len(arguments) {
		p.t.Fatalf("there is no function %s of %d arguments", name, len(arguments))
	}
	packed := make([]*tfprotov6.DynamicValue, len(arguments))
	for i, argument := range arguments {
		packed[i] = pack(p.t, signature.Parameters[i].Type, argument)
	}
	answer, err := p.server.CallFunction(p.t.Context(), &tfprotov6.CallFunctionRequest{Name: name, Arguments: packed})
	if err != nil {
		p.t.Fatal(err)
	}
	if answer.Error != nil {
		return nil, answer.Error
	}
	value, err := answer.Result.Unmarshal(signature.Return.Type)
	if err != nil {
		p.t.Fatal(err)
	}
	return decode(p.t, value), nil
}

// refuses calls a function, which must say what is wrong with the argument at that place, by name, and repeat nothing of it.
func (p *plugin) refuses(place int64, name string, arguments ...any) {
	p.t.Helper()
	result, failure := p.call(name, arguments...)
	if failure == nil || failure.FunctionArgument == nil || *failure.FunctionArgument != place {
		p.t.Errorf("%s: got %v, %+v", name, result, failure)
		return
	}
	if strings.HasSuffix(failure.Text, ".") {
		p.t.Errorf("%s ends with the full stop that Terraform adds: %s", name, failure.Text)
	}
	if parameter := p.schemas.Functions[name].Parameters[place].Name; !strings.HasPrefix(failure.Text, parameter+" must") {
		p.t.Errorf("%s doesn't name the argument: %s", name, failure.Text)
	}
	for _, argument := range arguments {
		if text := argument.(string); len(text) > 8 && strings.Contains(failure.Text, text) {
			p.t.Errorf("%s repeats its argument: %s", name, failure.Text)
		}
	}
}

// rubbish is no ID and no secret.
func rubbish() []string {
	return []string{
		"", " ", "/", "//", "0", "-1", "+1", "01", "1/", "/1", "1/2/3", "1 /2", "a/b", "１", "99999999999999999999", "1\n", "\x00", "💥", "e\u0301",
		strings.Repeat("9", 1<<20), strings.Repeat("1/", 1<<19), "pcs_", "pcs_" + strings.Repeat("0", 49), "pcs_" + strings.Repeat("é", 49),
		strings.Repeat("pcs_", 1<<18),
	}
}

func TestFunctionParseIDTakesImportIDsApart(t *testing.T) {
	t.Parallel()
	p := newPlugin(t)
	for text, want := range map[string]map[string]any{
		"17": {"company_id": nil, "id": "17"}, "1/17": {"company_id": "1", "id": "17"},
		"9223372036854775807/1": {"company_id": "9223372036854775807", "id": "1"},
	} {
		if got, failure := p.call("parse_id", text); failure != nil || !reflect.DeepEqual(got, any(want)) {
			t.Errorf("%s: got %v, %+v", text, got, failure)
		}
	}
	for _, text := range rubbish() {
		p.refuses(0, "parse_id", text)
	}
}

func TestFunctionBasicAuthEncodesWhatTheServerDecodes(t *testing.T) {
	w := newPluginWorld(t)
	made := w.make("ci")
	got, failure := w.plugin.call("basic_auth", made.ClientID, made.ClientSecret)
	if failure != nil {
		t.Fatal(failure.Text)
	}
	if want := "Basic " + base64.StdEncoding.EncodeToString([]byte(made.ClientID+":"+made.ClientSecret)); got != want {
		t.Error("it is not the Base64 of ID, colon and secret")
	}
	if !w.getsToken(got.(string)) {
		t.Error("the server takes no such header")
	}
	// RFC 6749, appendix B: the example of form-urlencoding there.
	if got, _ := w.plugin.call("basic_auth", " %&+£€", "a:b"); got != "Basic "+base64.StdEncoding.EncodeToString([]byte("+%25%26%2B%C2%A3%E2%82%AC:a%3Ab")) {
		t.Errorf("got %v", got)
	}
	w.refuses(0, "basic_auth", "", made.ClientSecret)
	w.refuses(1, "basic_auth", made.ClientID, "")
	huge := strings.Repeat("x", 1<<20)
	if got, failure := w.plugin.call("basic_auth", huge, huge); failure != nil || len(got.(string)) < 2<<20 {
		t.Errorf("huge credentials: %+v", failure)
	}
}

func TestFunctionSecretValidHasAnAnswerForEveryText(t *testing.T) {
	t.Parallel()
	p := newPlugin(t)
	secret := newClientSecret(t)
	for _, text := range append(rubbish(), secret[:len(secret)-1], secret+"0", strings.ToUpper(secret), " "+secret, secret+"\n", strings.Replace(secret, "pcs_", "pcs-", 1)) {
		if got, failure := p.call("secret_valid", text); failure != nil || got != false {
			t.Errorf("%.60q: got %v, %+v", text, got, failure)
		}
	}
	if got, failure := p.call("secret_valid", secret); failure != nil || got != true {
		t.Errorf("a secret: got %v, %+v", got, failure)
	}
}

func TestFunctionParametersAreNamedAndTyped(t *testing.T) {
	for name, parameters := range map[string][]string{"parse_id": {"text"}, "basic_auth": {"client_id", "client_secret"}, "secret_valid": {"secret"}} {
		function := newPlugin(t).schemas.Functions[name]
		if function == nil {
			t.Fatalf("there is no function %s", name)
		}
		var names []string
		for _, parameter := range function.Parameters {
			names = append(names, parameter.Name)
			if parameter.AllowNullValue || parameter.AllowUnknownValues || !parameter.Type.Is(tftypes.String) {
				t.Errorf("%s: %s must be a string that is known and not null", name, parameter.Name)
			}
		}
		if !reflect.DeepEqual(names, parameters) {
			t.Errorf("%s has the parameters %v", name, names)
		}
	}
}
