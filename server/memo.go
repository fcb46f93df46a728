package server

import (
	"maps"
	"sync/atomic"
)

// memo keeps what was made for a key, of which there are few, and finds it without a lock, which all requests would share.
// Prometheus's vectors have one, and want texts.
type memo[K comparable, V any] struct{ made atomic.Pointer[map[K]V] }

// find returns what was made for the key, or makes it. It may be made more than once, when several ask for it first.
func (m *memo[K, V]) find(key K, produce func() V) V {
	for {
		known := m.made.Load()
		if known != nil {
			if found, ok := (*known)[key]; ok {
				return found
			}
		}
		more := map[K]V{key: produce()}
		if known != nil {
			maps.Copy(more, *known)
		}
		if m.made.CompareAndSwap(known, &more) {
			return more[key]
		}
	}
}
