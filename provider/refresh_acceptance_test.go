package provider_test

import (
	"strings"
	"testing"
)

// Terraform asks for one object after the other, ten at a time; what arrives at the server is counted.
func TestAccAPlanOfManyAccountsTakesFewRequests(t *testing.T) {
	w := newWorld(t)
	proxy := newFaultProxy(t, w.URL)
	space := newWorkspace(t, proxy.behind(w).environment()...)
	space.apply(`
resource "procore_service_account" "many" {
  count = 100
  name  = "exporter ${count.index}"
}

resource "procore_service_account_permissions" "many" {
  count              = 100
  service_account_id = procore_service_account.many[count.index].id
  company            = { documents = "readonly" }
}
`)
	proxy.requests()
	proxy.arm(".*", forEver, distant)
	space.run("plan", "-detailed-exitcode", "-no-color")
	if seen := proxy.requests(); len(seen) > mostRequests {
		t.Errorf("%d requests: %s", len(seen), strings.Join(seen, ", "))
	}
}
