package modeltest

import (
	"net/http"
)

var resetFields = map[string]string{"keep_access": isBool, "previous_secret_ttl": isInteger, "client_secret": isString + isNull}

const maxPreviousTTL = 30 * 24 * 3600

func (w *world) resetSecret() {
	c := w.drawCaller()
	target := w.drawAccount(c.company)
	if c.token != nil && w.oneIn(8, "its own secret") && !c.account().deleted && c.account().company == c.company {
		target = ref[account]{id: number(c.account().id), object: c.account()}
	}
	target = w.spared(target)
	var body any = w.drawReset()
	if len(body.(object)) == 0 && w.oneIn(2, "no body") {
		body = nil
	}
	match := w.accountCondition(target)
	sent, _ := body.(object)
	w.perform(c, w.drawOnce(&post{
		tool: "admin", path: accountPath(target.id) + "/actions/reset_secret", body: body, match: match,
		wrong: first(invalid(resetFaults(sent)), known(target.id)),
		do:    func(c caller, p *post) (*refusal, func(answer)) { return w.doReset(c, p, target.id) },
	}))
}

func (w *world) drawReset() object {
	body := object{}
	if w.oneIn(2, "keep_access") {
		body["keep_access"] = draw[any](w, "keep", true, true, true, false, "true", nil)
	}
	if w.oneIn(2, "previous_secret_ttl") {
		body["previous_secret_ttl"] = draw[any](w, "seconds", 60, 3600, 1, 0, 7200, 3e3, maxPreviousTTL, maxPreviousTTL+1, -1, 0.5, "60", nil, 1e300)
	}
	if secret := w.drawSecret(); secret != nil {
		body["client_secret"] = secret
	}
	return w.spoil(body)
}

func resetFaults(body object) []string {
	faults := bodyFaults(body, resetFields)
	if ttl := body["previous_secret_ttl"]; kindOf(ttl) == isInteger && (seconds(ttl) < 0 || seconds(ttl) > maxPreviousTTL) {
		faults = append(faults, "previous_secret_ttl out_of_range")
	}
	return faults
}

// seconds returns a whole number in whichever type it is.
func seconds(value any) float64 {
	switch value := value.(type) {
	case int:
		return float64(value)
	case float64:
		return value
	}
	return 0
}

func (w *world) doReset(c caller, p *post, id string) (*refusal, func(answer)) {
	body, _ := p.body.(object)
	a := w.account(c.company, id)
	want := first(when(a == nil, http.StatusNotFound, "not_found"), p.match.refusal())
	if want != nil {
		return want, nil
	}
	keep, brought := boolOf(body["keep_access"], false), textOf(body["client_secret"], "")
	want = first(when(brought == a.secret, http.StatusUnprocessableEntity, "client_secret unchanged"),
		when(!keep && w.isLastAdmin(a), http.StatusConflict, "last_admin"))
	return want, func(got answer) {
		var shown struct {
			ClientSecret string `json:"client_secret"`
		}
		w.decode(got, &shown)
		if !wellFormed(shown.ClientSecret) || brought != "" && brought != shown.ClientSecret || shown.ClientSecret == a.secret {
			w.t.Fatalf("%s: the new secret is not what it should be", got.what)
		}
		before := a.secretFacts()
		held := a.accessFacts()
		cleared, projects := w.reset(a, shown.ClientSecret, keep, int(seconds(body["previous_secret_ttl"])))
		after := a.secretFacts()
		if !keep {
			before, after = with(before, held), with(after, object{"permissions": levels{}, "project_assignments": []any{}})
		}
		w.record(&event{
			company: a.company, account: a.id, action: "service_account.secret_reset", actor: c.account(),
			requestID: got.header.Get("X-Request-Id"), before: before, after: after,
		})
		ids := []string{}
		for _, p := range projects {
			ids = append(ids, number(p.id))
		}
		w.showsAccount(got, http.StatusOK, a, object{
			"client_secret": a.secret, "cleared": object{"permissions": cleared, "project_ids": ids},
		})
	}
}

func (w *world) revokeTokens() {
	c := w.drawCaller()
	target := w.drawAccount(c.company)
	match := w.accountCondition(target)
	var body any
	if w.oneIn(3, "body") {
		body = draw[any](w, "of an action", object{}, object{"x": 1}, object{"id": nil})
	}
	sent, _ := body.(object)
	w.perform(c, w.drawOnce(&post{
		tool: "admin", path: accountPath(target.id) + "/actions/revoke_tokens", body: body, match: match,
		wrong: first(invalid(typeFaults(sent, nil)), known(target.id)),
		do:    func(c caller, p *post) (*refusal, func(answer)) { return w.doRevoke(c, p, target.id) },
	}))
}

func (w *world) doRevoke(c caller, p *post, id string) (*refusal, func(answer)) {
	a := w.account(c.company, id)
	return first(when(a == nil, http.StatusNotFound, "not_found"), p.match.refusal()), func(got answer) {
		w.isEmpty(got)
		a.epoch++
		a.updatedAt = w.now
		w.record(&event{
			company: a.company, account: a.id, action: "service_account.tokens_revoked", actor: c.account(),
			requestID: got.header.Get("X-Request-Id"),
		})
	}
}
