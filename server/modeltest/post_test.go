package modeltest

import (
	"bytes"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// post is a POST. All of them can be sent again with an Idempotency-Token.
type post struct {
	tool, path string
	body       any
	match      condition
	tokens     []string // the values of Idempotency-Token
	// wrong is what can be said against the request without looking at what there is.
	wrong *refusal
	// do is the model's side of the rest: what is refused, or what is done once the answer is there.
	do func(caller, *post) (*refusal, func(answer))
}

// once is an answer that is kept for whoever sends the same request with the same Idempotency-Token.
type once struct {
	token  string
	caller *account
	bearer *token // what the request was sent with
	post   post
	answer answer
	until  time.Time
}

const keptFor = 24 * time.Hour

// isID tells whether an id can exist.
var isID = regexp.MustCompile(`^[1-9][0-9]{0,18}$`)

// known is the refusal for an id that can't exist, which is found out before anything else.
func known(id string) *refusal {
	exists := isID.MatchString(id) && (len(id) < 19 || id <= "9223372036854775807")
	return when(!exists, http.StatusNotFound, "not_found")
}

// drawOnce draws the Idempotency-Token of a POST: mostly none, or one of a few.
func (w *world) drawOnce(p *post) *post {
	switch kind := w.uniform(20, "Idempotency-Token"); {
	case kind < 10:
	case kind < 19:
		w.tokensMade++
		tokens := []string{"once " + number(w.tokensMade), "a", "b", strings.Repeat("t", 255)}
		p.tokens = []string{draw(w, "which Idempotency-Token", tokens...)}
	default:
		bad := [][]string{{""}, {" "}, {strings.Repeat("t", 256)}, {"é"}, {"a\tb"}, {"a", "a"}, {"", "a"}}
		p.tokens = draw(w, "bad Idempotency-Token", bad...)
	}
	return p
}

func tokenFaults(tokens []string) []string {
	fault := func(reason string) []string { return []string{"Idempotency-Token " + reason} }
	switch {
	case len(tokens) == 0:
		return nil
	case len(tokens) > 1:
		return fault("repeated")
	case strings.TrimSpace(tokens[0]) == "":
		return fault("blank")
	case len(tokens[0]) > 255:
		return fault("too_long")
	case strings.ContainsFunc(tokens[0], func(r rune) bool { return r < ' ' || r > '~' }):
		return fault("invalid_characters")
	}
	return nil
}

// perform sends a POST, and does it in the model.
func (w *world) perform(c caller, p *post) {
	w.t.Helper()
	got := w.send(c, request{method: "POST", path: p.path, body: p.body, ifMatch: p.match.header, once: p.tokens})
	want := w.gate(c, p.tool)
	kept := w.keptFor(c, p)
	if want != nil {
		if w.isOwn(c, p, kept, want) {
			w.isReplay(got, kept)
			return
		}
		w.isRefused(got, want)
		return
	}
	want = p.wrong
	if bad := tokenFaults(p.tokens); len(bad) > 0 {
		faults := bad
		if want != nil && want.status == http.StatusUnprocessableEntity {
			faults = slices.Concat(bad, want.faults)
		}
		want = refuse(http.StatusUnprocessableEntity, faults...)
	}
	if want == nil && kept != nil {
		if kept.isFor(c, p) {
			w.isReplay(got, kept)
			return
		}
		want = refuse(http.StatusUnprocessableEntity, "Idempotency-Token idempotency_mismatch")
	}
	var done func(answer)
	if want == nil {
		want, done = p.do(c, p)
	}
	if w.isRefused(got, want) {
		return
	}
	done(got)
	w.keep(c, p, got)
}

// keptFor returns what is kept under the caller's Idempotency-Token.
func (w *world) keptFor(c caller, p *post) *once {
	if len(p.tokens) != 1 || c.token == nil {
		return nil
	}
	for _, o := range w.onces {
		if o.caller == c.account() && o.token == p.tokens[0] && w.now.Before(o.until) {
			return o
		}
	}
	return nil
}

func (o *once) isFor(c caller, p *post) bool {
	return o.caller.company == c.company && o.post.path == p.path && text(o.post.body) == text(p.body)
}

// isOwn reports whether the request is one that took from its own token what it needs to be sent again: a reset of the
// caller's own secret, or the revocation of its own tokens. The very token with which it was made gets the answer again,
// though it has ended or lost its rights since; nothing else does.
func (w *world) isOwn(c caller, p *post, kept *once, want *refusal) bool {
	if kept == nil || !kept.isFor(c, p) || kept.bearer != c.token || want.status != http.StatusUnauthorized && want.status != http.StatusForbidden {
		return false
	}
	a, k := c.account(), c.token
	if p.path != accountPath(number(a.id))+"/actions/reset_secret" && p.path != accountPath(number(a.id))+"/actions/revoke_tokens" {
		return false
	}
	return !k.revoked && !a.deleted && w.status(a) == "active" && w.now.Before(k.expiresAt) && (c.claims == "" || c.claims == number(c.company.id))
}

// keep remembers the answer to a POST that was carried out.
func (w *world) keep(c caller, p *post, got answer) {
	if got.header.Get("Idempotency-Replayed") != "" {
		w.t.Fatalf("%s: is marked as replayed, but was carried out", got.what)
	}
	if len(p.tokens) == 0 {
		return
	}
	w.onces = slices.DeleteFunc(w.onces, func(o *once) bool { return o.caller == c.account() && o.token == p.tokens[0] })
	w.onces = append(w.onces, &once{p.tokens[0], c.account(), c.token, *p, got, w.now.Add(keptFor)})
}

// isReplay wants the kept answer again, to the byte.
func (w *world) isReplay(got answer, kept *once) {
	w.t.Helper()
	if got.header.Get("Idempotency-Replayed") != "true" || got.status != kept.answer.status || !bytes.Equal(got.body, kept.answer.body) {
		w.t.Fatalf("%s: want the kept answer %d %s: %d %v %s", got.what, kept.answer.status, kept.answer.body, got.status, got.header, got.body)
	}
	for _, name := range []string{"ETag", "Location", "Content-Type"} {
		if got.header.Get(name) != kept.answer.header.Get(name) {
			w.t.Fatalf("%s: %s is %q, was %q", got.what, name, got.header.Get(name), kept.answer.header.Get(name))
		}
	}
}

// replay sends a POST again: the same, or nearly the same.
func (w *world) replay() {
	if len(w.onces) == 0 {
		w.createProject()
		return
	}
	o := draw(w, "what is sent again", w.onces...)
	c := caller{token: o.bearer, company: o.caller.company}
	again := o.post
	again.match = condition{draw(w, "If-Match of a replay", "", `"stale"`), false}
	again.match.holds = again.match.header == ""
	switch w.uniform(12, "how it differs") {
	case 0, 1, 2: // not at all
	case 3, 4, 5:
		c = w.signedIn(o.caller)
	case 6:
		c = w.signedIn(draw(w, "who else sends it", w.accounts...))
	case 7:
		c = w.administrator(c.company)
	case 8: // another request, which is good in itself
		again = post{tool: "directory", path: "projects", body: object{"name": "Another tower"}, tokens: o.post.tokens, do: w.makeProject}
	case 9:
		again.tokens = []string{o.token + "!"}
	case 10:
		again.tokens = nil
	case 11:
		c.claims = number(w.beta.id)
	}
	if again.match.header != "" && !strings.Contains(again.path, "/actions/") {
		again.match = condition{"", true} // there is nothing to match
	}
	w.perform(c, &again)
}
