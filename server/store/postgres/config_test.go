package postgres

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
)

func TestPasswordOfTheURLIsInNoMessage(t *testing.T) {
	t.Parallel()
	const password = "gEheim0123456789"
	for name, url := range map[string]string{
		"slash":               "postgres://u:" + password + "/x@h/a",
		"percent":             "postgres://u:" + password + "%zz@h/a",
		"port":                "postgres://u:" + password + "@h:port/a",
		"mode":                "postgres://u:" + password + "@h/a?sslmode=" + password,
		"parameter":           "postgres://u@h/a?password=" + password + "&sslmode=bad",
		"certificate":         "postgres://u:" + password + "@h/a?sslmode=verify-full&sslrootcert=/nowhere/" + password,
		"pool":                "postgres://u:" + password + "@h/a?pool_max_conns=x",
		"pool too small":      "postgres://u:" + password + "@h/a?pool_max_conns=1",
		"nobody listens":      "postgres://u:" + password + "@127.0.0.1:1/a?sslmode=disable",
		"nobody listens, TLS": "postgresql://u:" + password + "@127.0.0.1:1/a?sslmode=require",
	} {
		if shown := Redact(url); strings.Contains(shown, password) {
			t.Errorf("%s: called %s", name, shown)
		}
		_, err := Open(t.Context(), Options{URL: url})
		if err == nil || strings.Contains(err.Error(), password) {
			t.Errorf("%s: %v", name, err)
		}
		if strings.HasPrefix(name, "nobody") && !errors.Is(err, &store.Error{Code: store.CodeUnavailable}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if shown := Redact("postgres://u:p@h:5433/a?sslmode=disable"); shown != "postgres://u@h:5433/a" {
		t.Errorf("called %s", shown)
	}
}

func TestURLDecidesAndWhatItDoesNotSayHasADefault(t *testing.T) {
	t.Parallel()
	config, err := parse("postgres://u@h/a?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	if int(config.MaxConns) != connections() || config.MaxConnLifetime != connectionLifetime ||
		config.ConnConfig.ConnectTimeout != connectTimeout || config.ConnConfig.RuntimeParams["statement_timeout"] != "30000" {
		t.Errorf("%+v %+v", config, config.ConnConfig.RuntimeParams)
	}
	config, err = parse("postgres://u@h/a?sslmode=disable&pool_max_conns=50&pool_max_conn_lifetime=1m&connect_timeout=2&statement_timeout=7&application_name=mine")
	if err != nil {
		t.Fatal(err)
	}
	if config.MaxConns != 50 || config.MaxConnLifetime != time.Minute || config.ConnConfig.ConnectTimeout != 2*time.Second ||
		config.ConnConfig.RuntimeParams["statement_timeout"] != "7" || config.ConnConfig.RuntimeParams["application_name"] != "mine" {
		t.Errorf("%+v %+v", config, config.ConnConfig.RuntimeParams)
	}
}
