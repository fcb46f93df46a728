package server

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/procore/terraform-provider-procore/server/oauth"
	"github.com/procore/terraform-provider-procore/server/rest"
)

// documentRoute is the one large answer that everybody may ask for. It is the same bytes each time, so it takes no memory of
// its own, needs no turn, and is written straight to its client.
const documentRoute = "GET /openapi.json"

// unbounded are the routes that wait for nobody: an operator asks them just when there is too much to do, and they cost
// next to nothing.
var unbounded = map[string]bool{"GET /healthz": true, "GET /readyz": true, "GET /metrics": true, documentRoute: true}

// bounded lets a request in when its turn has come, and turns it away when too many wait. What clients can delay happens
// outside of that: the body is read before, and the answer is written after.
//
// A request without a connection of this server's waits for no turn: whoever calls the handler in its own process, as an
// embedded API's provider does, has its own bounds, and nobody to protect from others.
func bounded(next http.Handler, config Config, metrics *metrics) http.Handler {
	lanes := newLanes(config, metrics)
	bodies, answers := &budget{most: bodyBytes}, &budget{most: answerBytes}
	streams := &receiving{most: maxReceiving}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lane := lanes.of(r)
		release, err := receive(w, r, bodies, streams)
		if err != nil {
			if errors.Is(err, errNoMemory) {
				lane.reject(err)
			}
			refuseBusy(w, r, err)
			return
		}
		defer release()
		if r.Pattern == documentRoute {
			next.ServeHTTP(w, r)
			return
		}
		answer := newAnswer(w.Header())
		defer answer.recycle()
		if err := lane.serve(next, answer, r); err != nil {
			refuseBusy(w, r, err)
			return
		}
		release()
		answer.send(w, !isRead(r) || unbounded[r.Pattern], answers, func(err error) {
			lane.reject(err)
			for _, name := range []string{"ETag", "Link", "Total", "Per-Page"} {
				w.Header().Del(name)
			}
			refuseBusy(w, r, err)
		})
	})
}

// of returns the lane that a request takes. Revoking is what the OAuth endpoints write.
func (l lanes) of(r *http.Request) *lane {
	if isRead(r) {
		return l.reads
	}
	return l.writes
}

// isRead reports whether a request changes nothing that it would have to wait for the disk for.
func isRead(r *http.Request) bool {
	switch r.Pattern {
	case "POST /oauth/token", "POST /oauth/introspect":
		return true
	}
	return r.Method == http.MethodGet || r.Method == http.MethodHead
}

// serve runs the handler once there is a place for it.
func (l *lane) serve(next http.Handler, w http.ResponseWriter, r *http.Request) error {
	done := working(r.Context())
	defer done()
	if hasSocket(r.Context()) && !unbounded[r.Pattern] {
		leave, err := l.enter(r.Context())
		if err != nil {
			return err
		}
		defer leave()
	}
	next.ServeHTTP(w, r)
	return nil
}

// refuseBusy answers a request that was never worked on, or whose body never came.
func refuseBusy(w http.ResponseWriter, r *http.Request, reason error) {
	switch {
	case errors.Is(reason, errSlowBody):
		refuse(w, r, http.StatusRequestTimeout, "The request's body didn't arrive in "+bodyTimeout.String()+". Send it again.")
	case errors.Is(reason, errCutBody):
		refuse(w, r, http.StatusBadRequest, "The request's body could not be read to its end. Send it again.")
	case strings.HasPrefix(r.URL.Path, oauthPrefix):
		oauth.Refuse(w, http.StatusServiceUnavailable, busyMessage)
	default:
		w.Header().Set("Retry-After", "1")
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write(busyAnswer()) // the client is gone if this fails
	}
}

const busyMessage = "The server has too much to do at the moment. Nothing was done; try again in a second."

// busyAnswer is made once: turning a request away must cost next to nothing, for it is done when there is no time.
var busyAnswer = sync.OnceValue(func() []byte {
	body, err := json.Marshal(rest.NewError(http.StatusServiceUnavailable, busyMessage))
	if err != nil {
		return []byte(`{}`) // a struct of texts
	}
	return append(body, '\n')
})

// describeRefusals adds to an OpenAPI document what any request can meet before it gets to its handler.
func describeRefusals(document *huma.OpenAPI) {
	management, authorization := document.Paths["/rest/v2.0/companies"].Get, document.Paths["/oauth/token"].Post
	for path, item := range document.Paths {
		like := management.Responses["400"]
		if strings.HasPrefix(path, oauthPrefix) {
			like = authorization.Responses["400"]
		}
		for _, operation := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if operation == nil {
				continue
			}
			describeRefusal(operation, like, "400", http.StatusText(http.StatusBadRequest), nil)
			if !unbounded[operation.Method+" "+path] {
				describeRefusal(operation, like, "503", http.StatusText(http.StatusServiceUnavailable), map[string]*huma.Param{
					"Retry-After": {Description: "Seconds to wait.", Schema: &huma.Schema{Type: huma.TypeString}},
				})
			}
		}
	}
}

func describeRefusal(operation *huma.Operation, like *huma.Response, status, description string, headers map[string]*huma.Param) {
	if described := operation.Responses[status]; described != nil {
		if described.Headers == nil {
			described.Headers = headers
		}
		return
	}
	operation.Responses[status] = &huma.Response{Description: description, Headers: headers, Content: like.Content}
}
