package server

import (
	"maps"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// outcomes finds the metrics of a route and a status without a lock, which all requests would share, and without making a text
// of the status. There are as many as the API has routes and statuses, and each is made once.
type outcomes struct {
	known atomic.Pointer[map[outcomeKey]outcome]
}

type outcomeKey struct {
	route  string
	status int
}

type outcome struct {
	requests prometheus.Counter
	duration prometheus.Observer
}

func (o *outcomes) find(route string, status int, add func() outcome) outcome {
	key := outcomeKey{route, status}
	for {
		known := o.known.Load()
		if known != nil {
			if found, ok := (*known)[key]; ok {
				return found
			}
		}
		more := map[outcomeKey]outcome{key: add()}
		if known != nil {
			maps.Copy(more, *known)
		}
		if o.known.CompareAndSwap(known, &more) {
			return more[key]
		}
	}
}
