package provider

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestABasisComesBackAsItWasKept(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 22, 16, 19, 0, time.UTC)
	for name, test := range map[string]struct {
		basis basis
		most  int // bytes
	}{
		"nothing":       {basis{}, 2},
		"an account":    {basis{ETag: `"84ab5ee279fb695272ebfa53"`, At: at}, 25},
		"permissions":   {basis{ETag: `"84ab5ee279fb695272ebfa53"`, At: at, ClientID: strings.Repeat("0f", 32)}, 69},
		"a project":     {basis{ETag: `"84ab5ee279fb695272ebfa53"`, At: at, CreatedAt: "2026-01-02T03:04:05Z"}, 33},
		"no ETag":       {basis{At: at, ClientID: strings.Repeat("0f", 32)}, 69},
		"no time":       {basis{ETag: `"84ab5ee279fb695272ebfa53"`}, 18},
		"another ETag":  {basis{ETag: `"v1.2"`, At: at}, 200},
		"a bare ETag":   {basis{ETag: `84ab5ee279fb695272ebfa53`, At: at}, 200},
		"upper case":    {basis{ETag: `"84AB"`, At: at, ClientID: "AB"}, 200},
		"a finer time":  {basis{At: at.Add(time.Millisecond)}, 200},
		"another date":  {basis{CreatedAt: "2026-01-02T03:04:05.5+01:00"}, 200},
		"another name":  {basis{ClientID: "ci.exporter"}, 200},
		"an odd number": {basis{ETag: `"abc"`}, 200},
	} {
		kept, err := json.Marshal(test.basis)
		if err != nil {
			t.Fatal(err)
		}
		var back basis
		if err := json.Unmarshal(kept, &back); err != nil || back != test.basis || len(kept) > test.most {
			t.Errorf("%s: %+v was kept as %s, %d bytes, and came back as %+v, %v", name, test.basis, kept, len(kept), back, err)
		}
	}
	// As versions up to 1.x have kept it.
	var old basis
	if err := json.Unmarshal([]byte(`{"etag":"\"84ab\"","at":"2026-11-22T22:16:19Z","client_id":"0f","created_at":"x"}`), &old); err != nil ||
		old != (basis{`"84ab"`, at, "0f", "x"}) {
		t.Errorf("%+v, %v", old, err)
	}
	for _, broken := range []string{`".."`, `"....."`, `"!!.%"`, `7`, `null`, `[]`} {
		_ = json.Unmarshal([]byte(broken), &old) // must not panic
	}
}
