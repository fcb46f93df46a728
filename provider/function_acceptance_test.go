package provider_test

import (
	"encoding/base64"
	"strings"
	"testing"
)

// The examples of the functions' pages, as they stand.
func TestAccFunctionExamplesGiveWhatTheySay(t *testing.T) {
	needsTerraform(t)
	t.Parallel()
	space := newWorkspace(t)
	space.apply(example(t, "../examples/functions/parse_id/function.tf"))
	if space.output("company_id") != "1" || space.output("service_account_id") != "17" {
		t.Error("parse_id: another result")
	}
	space.apply(example(t, "../examples/functions/basic_auth/function.tf"))
	if want := "Basic " + base64.StdEncoding.EncodeToString([]byte("7ce3c4b2c9d1f0a8:not-a-secret")); space.output("authorization") != want {
		t.Error("basic_auth: another result")
	}

	space.write(example(t, "../examples/functions/secret_valid/function.tf"), "main.tf")
	secret := newClientSecret(t)
	space.run("plan", "-no-color")
	space.environment = append(space.environment, "TF_VAR_client_secret="+secret)
	space.run("plan", "-no-color")
	space.environment = append(space.environment, "TF_VAR_client_secret="+secret+"0")
	_, err := space.try("plan", "-no-color")
	if err == nil || !strings.Contains(err.Error(), "it is mistyped, or only a part of one") || strings.Contains(err.Error(), secret) {
		t.Errorf("a mistyped secret: %v", err)
	}
}

func TestAccFunctionErrorsNameTheArgumentAndShowNoSecret(t *testing.T) {
	needsTerraform(t)
	t.Parallel()
	secret := newClientSecret(t)
	space := newWorkspace(t, "TF_VAR_secret="+secret)
	for call, want := range map[string]string{
		`parse_id("1/2/3")`:              `"text"`,
		`parse_id(var.secret)`:           `"text"`,
		`parse_id(null)`:                 `"text"`,
		`basic_auth("", var.secret)`:     `"client_id"`,
		`basic_auth("id", "")`:           `"client_secret"`,
		`basic_auth(var.secret, null)`:   `"client_secret"`,
		`secret_valid(null)`:             `"secret"`,
		`secret_valid([var.secret])`:     `"secret"`,
		`basic_auth({a = 1}, "x")`:       `"client_id"`,
		`basic_auth(var.secret)`:         `"client_secret"`,
		`parse_id(var.secret, "x")`:      `parse_id`,
		`secret_valid("x", var.secret)`:  `secret_valid`,
		`basic_auth("x", "y", var.none)`: `var.none`,
	} {
		space.write("variable \"secret\" {\n  sensitive = true\n}\noutput \"x\" {\n  value = provider::procore::"+call+"\n  sensitive = true\n}\n", "main.tf")
		_, err := space.try("plan", "-no-color")
		if err == nil {
			t.Errorf("%s has a result", call)
			continue
		}
		contains(t, strings.Join(strings.Fields(err.Error()), " "), want)
		lacks(t, err.Error(), secret)
	}
}

// A function can't mark its result; Terraform does, by the arguments.
func TestAccFunctionResultIsAsSecretAsItsArguments(t *testing.T) {
	needsTerraform(t)
	t.Parallel()
	secret := newClientSecret(t)
	space := newWorkspace(t, "TF_VAR_secret="+secret)
	for declared, want := range map[string]string{"sensitive = true": "sensitive", "ephemeral = true": "ephemeral"} {
		for _, call := range []string{`basic_auth("id", var.secret)`, `secret_valid(var.secret)`} {
			space.write("variable \"secret\" {\n  "+declared+"\n}\noutput \"x\" {\n  value = provider::procore::"+call+"\n}\n", "main.tf")
			_, err := space.try("plan", "-no-color")
			if err == nil || !strings.Contains(strings.ToLower(err.Error()), want) {
				t.Errorf("%s of what is %s is shown: %v", call, want, err)
			}
		}
	}
}
