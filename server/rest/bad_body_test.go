package rest_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestBadBodyIsRefusedWithOneDetailForEachFault(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("bad bodies")
	before := admin.snapshot()
	const unprocessable, bad = "UNPROCESSABLE_ENTITY", "BAD_REQUEST"

	for _, test := range []struct {
		name, body string
		status     int
		code       string
		faults     []string
	}{
		{"nothing in it", `{}`, 422, unprocessable, []string{"name blank"}},
		{"blank name", `{"name":" "}`, 422, unprocessable, []string{"name blank"}},
		{"null name", `{"name":null}`, 422, unprocessable, []string{"name wrong_type"}},
		{"number for text", `{"name":5}`, 422, unprocessable, []string{"name wrong_type"}},
		{"list for text", `{"name":["x"]}`, 422, unprocessable, []string{"name wrong_type"}},
		{"text for a truth", `{"name":"x","deletion_protection":"true"}`, 422, unprocessable, []string{"deletion_protection wrong_type"}},
		{"null for a truth", `{"name":"x","add_to_new_projects":null}`, 422, unprocessable, []string{"add_to_new_projects wrong_type"}},
		{"number for a secret", `{"name":"x","client_secret":5}`, 422, unprocessable, []string{"client_secret wrong_type"}},
		{"number for an app", `{"name":"x","marketplace_app":5}`, 422, unprocessable, []string{"marketplace_app wrong_type"}},
		{"unknown field", `{"name":"x","colour":"red"}`, 422, unprocessable, []string{"colour unknown_field"}},
		{"field in another case", `{"name":"x","Description":"y"}`, 422, unprocessable, []string{"Description unknown_field"}},
		{"the same field in another case", `{"name":"x","NAME":"y"}`, 422, unprocessable, []string{"NAME unknown_field"}},
		{"field in another case and of another type", `{"name":"x","Description":5}`, 422, unprocessable, []string{"Description unknown_field"}},
		{"bad secret under another name", `{"name":"x","Client_Secret":"y"}`, 422, unprocessable, []string{"Client_Secret unknown_field"}},
		{"app beside a type that is null", `{"name":"x","app_type":null,"marketplace_app":"y"}`, 422, unprocessable, []string{"app_type wrong_type"}},
		{"app beside a type that is a number", `{"name":"x","app_type":5,"marketplace_app":"y"}`, 422, unprocessable, []string{"app_type wrong_type"}},
		{"app beside a type that is empty", `{"name":"x","app_type":"","marketplace_app":"y"}`, 422, unprocessable, []string{"app_type not_allowed"}},
		{"read-only field", `{"name":"x","id":"5"}`, 422, unprocessable, []string{"id unknown_field"}},
		{"long description", `{"name":"x","description":"` + strings.Repeat("y", 10_001) + `"}`, 422, unprocessable, []string{"description too_long"}},
		{"control character", `{"name":"x","description":"a\u0000b"}`, 422, unprocessable, []string{"description invalid_characters"}},
		{
			"many faults", `{"name":"a\u0007b","app_type":"app","description":7,"deletion_protection":1,"client_secret":"x","shape":"round","colour":"red"}`,
			422, unprocessable,
			[]string{
				"name invalid_characters", "app_type not_allowed", "description wrong_type", "deletion_protection wrong_type",
				"client_secret malformed", "shape unknown_field", "colour unknown_field",
			},
		},
		{"the same field twice", `{"name":"x","name":"y"}`, 422, unprocessable, []string{"name repeated"}},
		{"not UTF-8", "{\"name\":\"x\xff\"}", 422, unprocessable, []string{"body invalid_characters"}},
		{"a list", `[]`, 422, unprocessable, []string{"body wrong_type"}},
		{"null", `null`, 422, unprocessable, []string{"body wrong_type"}},
		{"a text", `"name"`, 422, unprocessable, []string{"body wrong_type"}},
		{"malformed", `{"name":`, 400, bad, []string{"body invalid"}},
		{"malformed with a good beginning", `{"name":"x"} {`, 400, bad, []string{"body invalid"}},
		{"a form", `name=x`, 400, bad, []string{"body invalid"}},
		{"single quotes", `{'name':'x'}`, 400, bad, []string{"body invalid"}},
		{"empty", ``, 400, bad, []string{"body invalid_body"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := admin.named(t).post("service_accounts", test.body)
			a.faults(test.status, test.code, test.faults...)
		})
	}
	t.Run("nothing is changed by any of them", func(t *testing.T) {
		for _, body := range []string{`[]`, `null`, `{"name":`, ``, `{"name":5,"description":"edited"}`, `{"description":"edited","colour":"red"}`} {
			if a := admin.named(t).patch("service_accounts/"+created.ID, body); a.status != 400 && a.status != 422 {
				t.Errorf("%s: status %d", body, a.status)
			}
		}
		equal(t, "accounts", admin.named(t).snapshot(), before)
	})
}

// encoding/json takes Name for name. What an edit says of a field that nobody sent would send its reader to the wrong place.
func TestEditIsNotBlamedForAFieldThatItDoesNotHave(t *testing.T) {
	t.Parallel()
	admin := start(t)
	path := "service_accounts/" + admin.create("misspelt").ID
	for body, fault := range map[string]string{
		`{"Name":1}`: "Name unknown_field", `{"NAME":""}`: "NAME unknown_field", `{"Description":"\u0000"}`: "Description unknown_field",
	} {
		admin.patch(path, body).faults(422, unprocessable, fault)
	}
	admin.patch("directory/contacts/"+admin.me().Contact.ID, `{"email_address":"x@example.com","Email_Address":"x"}`).
		faults(422, unprocessable, "Email_Address unknown_field")
}

func TestBodyOfAMebibyteIsReadAndALargerOneIsNot(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("large bodies")
	before := admin.snapshot()
	body := func(size int) string { // a valid body, filled with blanks
		const start, end = `{"name":"large"`, `}`
		return start + strings.Repeat(" ", size-len(start)-len(end)) + end
	}
	const limit = 1 << 20

	for _, size := range []int{limit + 1, 2 * limit} {
		for name, reader := range map[string]func() any{
			"with a length": func() any { return body(size) },
			"in chunks":     func() any { return io.MultiReader(strings.NewReader(body(size))) },
		} {
			for _, path := range []string{"service_accounts", "service_accounts/" + created.ID + "/actions/reset_secret"} {
				a := admin.post(path, reader()).want(413)
				if got := a.refused(413, "REQUEST_ENTITY_TOO_LARGE"); len(got.Error.Details) != 1 || got.Error.Details[0].Source != "body" {
					t.Errorf("%d bytes %s: %s", size, name, a.body)
				}
			}
			admin.patch("service_accounts/"+created.ID, reader()).refused(413, "REQUEST_ENTITY_TOO_LARGE")
		}
	}
	equal(t, "accounts after the refusals", admin.snapshot(), before)
	admin.post("service_accounts", body(limit)).want(201)
}

func TestBodyMustBeJSON(t *testing.T) {
	t.Parallel()
	admin := start(t)
	before := admin.snapshot()

	for _, contentType := range []string{"text/plain", "application/x-www-form-urlencoded", "application/xml", "multipart/form-data; boundary=x", "nonsense"} {
		a := admin.do("POST", "service_accounts", `{"name":"x"}`, "Content-Type", contentType)
		a.faults(415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type unsupported_media_type")
	}
	equal(t, "accounts after the refusals", admin.snapshot(), before)
	for i, contentType := range []string{"application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8"} {
		admin.do("POST", "service_accounts", fmt.Sprintf(`{"name":"json %d"}`, i), "Content-Type", contentType).want(201)
	}
}
