package provider_test

import (
	"bytes"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/servertest"
)

// terraform plan -refresh-only -detailed-exitcode compares all that a state keeps, also what a person doesn't see of it. Only the reset
// has to know when it was refreshed.
func TestARefreshThatFindsNothingChangedChangesNothing(t *testing.T) {
	count := len(everyResource(t, newPluginWorld(t)))
	for i := range count {
		var later atomic.Int64
		w := newPluginWorldAt(t, &later)
		r := everyResource(t, w)[i]
		if r.resource == "procore_service_account_secret_reset" {
			continue
		}
		made, diagnostics := w.read(r.resource, w.mustApply(r.resource, object{}, r.config))
		if len(diagnostics) > 0 {
			t.Fatal(told(diagnostics))
		}
		later.Store(int64(time.Hour))
		again, diagnostics := w.read(r.resource, made)
		if len(diagnostics) > 0 || !reflect.DeepEqual(again.state, made.state) || !bytes.Equal(again.private, made.private) {
			t.Errorf("%s: the refresh has changed the state or its private part; %s", r.resource, told(diagnostics))
		}
		if err := r.change(); err != nil {
			t.Fatal(err)
		}
		if changed, _ := w.read(r.resource, again); bytes.Equal(changed.private, made.private) {
			t.Errorf("%s: a change elsewhere has left the private part as it was", r.resource)
		}
	}
}

// newPluginWorldAt is newPluginWorld with a server whose clock stands, as much later as is said.
func newPluginWorldAt(t *testing.T, later *atomic.Int64) pluginWorld {
	t.Helper()
	w := newWorldOn(t, servertest.Start(t, servertest.Now(func() time.Time {
		return time.Date(2031, 2, 3, 4, 5, 6, 0, time.UTC).Add(time.Duration(later.Load()))
	})))
	p := newPlugin(t)
	if diagnostics := p.configure(w.settings()); len(diagnostics) > 0 {
		t.Fatal(told(diagnostics))
	}
	return pluginWorld{w, p}
}
