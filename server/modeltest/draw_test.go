package modeltest

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
)

// uniform draws a number below n. What is drawn depends on the operation's own seed and on what the number is for, not on
// what was drawn before: so an operation stays much the same when others before it are left out.
func (w *world) uniform(n int, what string) int {
	w.draws[what]++
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(what + number(w.draws[what])))
	return rand.New(rand.NewPCG(w.seed, hash.Sum64())).IntN(n)
}

func draw[T any](w *world, what string, choices ...T) T {
	return choices[w.uniform(len(choices), what)]
}

// oneIn reports true once in n times.
func (w *world) oneIn(n int, what string) bool { return w.uniform(n, what) == 0 }

// administrator returns a caller who may do all that any account of the company may.
func (w *world) administrator(c *company) caller {
	var best *account
	for _, a := range w.of(c) {
		if a.broken() || !a.administers("admin") {
			continue
		}
		if best == nil || a.administers("directory") && !best.administers("directory") {
			best = a
		}
	}
	return w.signedIn(best)
}

// signedIn returns a caller for the account, with a token that counts if the account can have one.
func (w *world) signedIn(a *account) caller {
	w.t.Helper()
	var newest *token
	for _, k := range w.tokens {
		if k.account == a {
			newest = k
		}
	}
	if (newest == nil || !w.counts(newest)) && !a.deleted && w.status(a) == "active" {
		newest = w.requestToken(a, a.secret)
	}
	if newest == nil {
		return caller{header: "Bearer none", company: a.company}
	}
	return caller{token: newest, company: a.company}
}

// drawCaller returns an administrator mostly, and sometimes anybody else.
func (w *world) drawCaller() caller {
	w.t.Helper()
	c := w.acme
	if w.oneIn(4, "other company") {
		c = w.beta
	}
	var by caller
	switch w.uniform(16, "caller") {
	default:
		by = w.administrator(c)
	case 11, 12, 13:
		by = w.signedIn(draw(w, "account that calls", w.accounts...))
	case 14:
		k := draw(w, "token", w.tokens...)
		by = caller{token: k, company: k.account.company}
	case 15:
		by = caller{company: c, header: draw(w, "Authorization", "", "Bearer x", "Bearer "+strings.Repeat("a.", 3), "Basic YTpi")}
		if strings.HasPrefix(by.header, "Basic") {
			by.header = "" // which is the same to the model: no bearer token
		}
	}
	if w.oneIn(20, "another company's path") {
		by.company = draw(w, "path's company", w.acme, w.beta)
	}
	if w.oneIn(10, "Procore-Company-Id") {
		by.claims = draw(w, "claims", number(w.acme.id), number(w.beta.id), "x")
	}
	return by
}

// spared is the account, unless it is the last that may do everything in its company: then it is another one mostly, for
// without such an account much can't be tested any more.
func (w *world) spared(target ref[account]) ref[account] {
	a := target.object
	if a == nil || a.broken() || a.levels["directory"] != "admin" || w.oneIn(8, "the last one") {
		return target
	}
	there := w.of(a.company)
	if slices.ContainsFunc(there, func(other *account) bool {
		return other != a && !other.broken() && other.levels["directory"] == "admin"
	}) {
		return target
	}
	other := there[len(there)-1]
	if other == a {
		other = there[0]
	}
	return ref[account]{number(other.id), other}
}

// noSuchIDs name nothing, whoever asks.
var noSuchIDs = []string{"0", "-1", "007", "+1", "1.0", "abc", "999999", "99999999999999999999", "9223372036854775807", "1%20", "%D9%A1", "*"}

// ref is an id in a path, and what the caller's company has under it.
type ref[T any] struct {
	id     string
	object *T // nil where the company has no such thing
}

// noOne is the refusal where there is nothing under an id.
func (r ref[T]) refusal() *refusal { return when(r.object == nil, http.StatusNotFound, "not_found") }

func drawRef[T any](w *world, noun string, all []*T, id func(*T) int, visible func(*T) bool) ref[T] {
	if len(all) == 0 || w.oneIn(25, "impossible "+noun) {
		return ref[T]{id: draw(w, noun+" id", noSuchIDs...)}
	}
	// Mostly one that is there, for the others answer all alike.
	there := slices.DeleteFunc(slices.Clone(all), func(o *T) bool { return !visible(o) })
	chosen := all
	if len(there) > 0 && !w.oneIn(12, "any "+noun) {
		chosen = there
	}
	object := draw(w, noun, chosen...)
	found := ref[T]{id: number(id(object))}
	if visible(object) {
		found.object = object
	}
	return found
}

func (w *world) drawAccount(c *company) ref[account] {
	return drawRef(w, "account", w.accounts, func(a *account) int { return a.id }, func(a *account) bool { return a.company == c && !a.deleted })
}

func (w *world) drawProject(c *company) ref[project] {
	return drawRef(w, "project", w.made, func(p *project) int { return p.id }, func(p *project) bool { return p.company == c && !p.deleted })
}

func (w *world) drawContact(visible func(*contact) bool) ref[contact] {
	var all []*contact
	for _, a := range w.accounts {
		all = append(all, a.contact)
	}
	return drawRef(w, "contact", all, func(k *contact) int { return k.id }, visible)
}

// condition is an If-Match header, and whether it lets the change go on.
type condition struct {
	header string
	holds  bool
}

func (c condition) refusal() *refusal {
	return when(!c.holds, http.StatusPreconditionFailed, "If-Match precondition_failed")
}

// drawCondition draws an If-Match header for the object that looks like this now; nil is one that isn't there. The path is
// where its tag can be read.
func (w *world) drawCondition(key, path string, c *company, looks object) condition {
	kind := w.uniform(16, "If-Match")
	if kind < 8 {
		return condition{"", true}
	}
	current := ""
	if looks != nil {
		current = w.tags[key][text(looks)]
		if current == "" {
			if read := w.send(w.administrator(c), request{method: "GET", path: path}); read.status == http.StatusOK {
				current = read.header.Get("ETag")
				w.tagged(read, key, looks)
			}
		}
	}
	switch {
	case current == "" && kind < 12:
		return condition{"*", looks != nil}
	case kind < 10:
		return condition{current, true}
	case kind == 10:
		return condition{`"other" , ` + current, true}
	case kind == 11:
		return condition{"*", looks != nil}
	case kind == 12 && current != "":
		return condition{"W/" + current, false}
	case kind == 13 && current != "":
		return condition{strings.Trim(current, `"`), false}
	}
	return condition{w.staleTag(key, current), false}
}

// staleTag is a tag that the object had once, or one of another object.
func (w *world) staleTag(key, current string) string {
	var tags []string
	for _, tag := range w.tags[key] {
		tags = append(tags, tag)
	}
	tags = slices.DeleteFunc(tags, func(tag string) bool { return tag == current })
	slices.Sort(tags)
	return draw(w, "stale tag", append([]string{`"nothing"`}, tags...)...)
}

var (
	longest = strings.Repeat("n", 255)
	names   = []string{
		"ci", "CI", "exporter", " Exporter ", "Straße", "STRASSE", "straße", "\u212A", "k", "K", "Ωmega", "ωMEGA", "été", "ÉTÉ", "x_y", "X-Y", "日本",
		"a\u00a0b", "%", "_", "'; DROP TABLE projects; --", "pcs_exporter", "ci-0", "ci-1", "ci-2", longest, strings.Repeat("é", 255), "🙂",
	}
	badNames = []any{"", " ", "\t", "a\nb", "a\u0000b", "\u0085x\u0085y", longest + "n", 5, true, nil, []string{"x"}, object{}}
)

// drawName returns a name, nearly always a good one.
func (w *world) drawName(what string) any {
	if w.oneIn(20, "bad "+what) {
		return draw(w, "which bad "+what, badNames...)
	}
	if w.oneIn(8, "taken "+what) {
		taken := draw(w, "whose "+what, w.accounts...).name
		return draw(w, "spelling of "+what, taken, strings.ToUpper(taken), strings.ToLower(taken), " "+taken)
	}
	if w.oneIn(3, "numbered "+what) {
		return fmt.Sprintf("ci %d", w.uniform(100, what))
	}
	return draw(w, what, names...)
}

// drawLevels returns what a body grants, nearly always something good.
func (w *world) drawLevels(tools map[string][]string) object {
	sent := object{}
	all := []string{"admin", "directory", "documents", "concierge", "rfis", "schedule", "workflows", "reports", "checklists"}
	for range w.uniform(4, "tools") {
		tool := draw(w, "tool", all...)
		accepted := tools[tool]
		switch {
		case w.oneIn(25, "bad level"):
			sent[tool] = draw[any](w, "level", "owner", "", "Admin", "read_only", 3, nil, "readonly")
		case accepted == nil && !w.oneIn(20, "unknown tool"):
		default:
			sent[tool] = draw(w, "level", allLevels...)
			if accepted != nil && !slices.Contains(accepted, sent[tool].(string)) {
				sent[tool] = accepted[len(accepted)-1]
			}
		}
	}
	return sent
}

// drawSecret returns a client_secret that a body brings: nil for none.
func (w *world) drawSecret() any {
	switch w.uniform(12, "client_secret") {
	default:
		return nil
	case 8, 9:
		return secretOf(fmt.Sprintf("%043d", w.uniform(1<<30, "secret")))
	case 10:
		a := draw(w, "whose secret", w.accounts...)
		return draw(w, "which secret", append([]string{a.secret}, a.older...)...)
	case 11:
		good := secretOf(strings.Repeat("a", 43))
		return draw[any](w, "bad secret", "", "secret", good[:len(good)-1], good+"0", strings.Replace(good, "a", "b", 1), strings.ToUpper(good), "pcs-"+good[4:], 7, true)
	}
}

// spoil adds a field that nobody knows, now and then.
func (w *world) spoil(body object) object {
	if w.oneIn(40, "unknown field") {
		body[draw(w, "unknown", "colour", "Name", "id", "client_id", "secret_version")] = draw[any](w, "its value", "x", nil, 1)
	}
	return body
}
