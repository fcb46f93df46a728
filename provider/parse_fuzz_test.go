package provider

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/procore/terraform-provider-procore/server/store"
)

// The provider checks at plan time what the server checks when it is asked. These targets want both to be of one mind: what one
// takes and the other refuses fails in the middle of an apply, or can't be written down at all.

// FuzzImportID wants one spelling for each object, and no id that the server doesn't know as one.
func FuzzImportID(f *testing.F) {
	for _, seed := range []string{
		"17", "1/17", "1/17/3", "17/3", "01", "1/", "/1", "", "-1", "+1", " 1", "1 ", "1//2", "1/2/3/4", "٣", "9223372036854775807", "9223372036854775808", "9999999999999999999", "1\n", "1%2F2",
	} {
		f.Add(seed, 1)
		f.Add(seed, 2)
	}
	f.Fuzz(func(t *testing.T, text string, count int) {
		if count < 1 || count > 2 {
			return // no resource has so many ids
		}
		parsed, err := parseImportID(text, count)
		if err != nil {
			return
		}
		ids := parsed.ids
		if parsed.companyID != "" {
			ids = append([]string{parsed.companyID}, ids...)
		}
		if strings.Join(ids, "/") != text || len(parsed.ids) != count {
			t.Errorf("%q is read as %+v", text, parsed)
		}
		for _, id := range ids {
			if _, ok := store.ParseID(id); !ok {
				t.Errorf("%q is imported, and the server knows no id %q", text, id)
			}
		}
	})
}

// FuzzID wants provider and server to agree on what an id is.
func FuzzID(f *testing.F) {
	for _, seed := range []string{"1", "0", "01", "9223372036854775807", "9223372036854775808", "1\n", "+1", "１", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, ok := store.ParseID(text); ok != validID(text) {
			t.Errorf("%q: the server says %t, the provider %t", text, ok, validID(text))
		}
	})
}

// FuzzDuration wants a duration that is not negative, and the one that was written.
func FuzzDuration(f *testing.F) {
	for _, seed := range []string{
		"0s", "90m", "36h", "30d", "1d12h", "1d-12h", "-1d", "d", "1dd", "1d1d", "65535d", "65536d", "65535d2562047h", "2562047h47m16.854775807s", "1.5d", "1.5h", "30d1ns", "1e3s", " 1d", "١d", "1d ", "+1h", "1d+1h",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseDuration(text)
		if err == nil && got < 0 {
			t.Errorf("%q is %s", text, got)
		}
		if written, goErr := time.ParseDuration(text); goErr == nil && written >= 0 && (err != nil || got != written) {
			t.Errorf("%q is %s, %v, and not %s", text, got, err, written)
		}
		if err == nil {
			if again, err := parseDuration(got.String()); err != nil || again != got {
				t.Errorf("%q is %s, which is %s: %v", text, got, again, err)
			}
		}
		if seconds, err := parsePreviousSecretTTL(text); err == nil {
			if err := (store.SecretReset{PreviousSecretTTL: time.Duration(seconds) * time.Second}).Validate(); err != nil || time.Duration(seconds)*time.Second != got {
				t.Errorf("%q is sent as %d seconds: %v", text, seconds, err)
			}
		}
	})
}

// FuzzClientSecret wants provider and server to agree on what a client secret is, and no error to repeat one.
func FuzzClientSecret(f *testing.F) {
	secret := store.NewSecret().Reveal()
	for _, seed := range []string{secret, secret[:52], secret + "0", strings.ToLower(secret), "pcs_", "", "pcs_" + strings.Repeat("0", 49), secret[:47] + "zzzzzz", secret[:20] + "\x00" + secret[21:], "pcs_" + strings.Repeat("ü", 25)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		err := checkClientSecret(text)
		if _, ok := store.ParseSecret(text); ok != (err == nil) {
			t.Errorf("the server says %t, the provider %v", ok, err)
		}
		if err != nil && len(text) > 8 && strings.Contains(err.Error(), text[4:]) {
			t.Error("the error repeats what may be a secret")
		}
	})
}

// FuzzName wants that a name which the provider takes comes back from the server as it was written, and that every name which the
// server can hold can be written.
func FuzzName(f *testing.F) {
	for _, seed := range []string{
		"ci exporter", " ci", "ci\u00a0", "\u2028ci", "a\u2028b", "a\u0085b", "\ufeffci", "\u200bci", strings.Repeat("ü", 255), strings.Repeat("ü", 256), "", "\t", "a\x7fb", "\u180eci",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return // Terraform has no such text
		}
		account := store.NewServiceAccount{Name: text}
		serverErr, err := account.Normalize(), checkName(text)
		if err == nil && (serverErr != nil || account.Name != text) {
			t.Errorf("the server makes %q of %q: %v", account.Name, text, serverErr)
		}
		if serverErr == nil && checkName(account.Name) != nil {
			t.Errorf("the server holds %q, and no configuration can have it: %v", account.Name, checkName(account.Name))
		}
	})
}
