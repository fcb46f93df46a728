package server_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/procore/terraform-provider-procore/server/servertest"
)

func TestSmoke(t *testing.T) {
	s := servertest.Start(t)
	for _, p := range []string{"/healthz", "/readyz", "/metrics", "/openapi.json", "/nothing", "/rest/v2.0/companies"} {
		r, err := http.Get(s.URL + p)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(r.Body)
		t.Logf("%s %d %.300s %v", p, r.StatusCode, b, r.Header)
	}
}
