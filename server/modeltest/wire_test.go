package modeltest

import (
	"encoding/json"
	"slices"
)

// object is a JSON object.
type object map[string]any

// accountJSON is the account as the API shows it. last_token_at is left to whoever compares.
func (m *model) accountJSON(a *account) object {
	shown := object{
		"id": number(a.id), "company_id": number(a.company.id), "name": a.name, "app_type": a.appType, "marketplace_app": orNull(a.app),
		"description": a.description, "kind": "traditional", "client_id": a.clientID, "status": m.status(a), "status_reasons": m.reasons(a),
		"secret_version": a.version, "secret_created_at": stamp(a.secretAt), "secret_fingerprint": fingerprint(a.secret),
		"deletion_protection": a.protected, "add_to_new_projects": a.addToNewProjects,
		"contact":   object{"id": number(a.contact.id), "name": a.contact.name, "email_address": a.contact.email},
		"sunset_at": nil, "days_until_sunset": nil, "last_token_at": nil, "created_at": stamp(a.createdAt), "updated_at": stamp(a.updatedAt),
	}
	if !m.sunset.IsZero() {
		shown["sunset_at"], shown["days_until_sunset"] = stamp(m.sunset), m.daysLeft()
	}
	return shown
}

func (m *model) daysLeft() int { return max(0, int(m.sunset.Sub(m.now).Hours())/24) }

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func (k *contact) wire() object {
	return object{
		"id": number(k.id), "name": k.name, "email_address": k.email, "generated_email_address": k.assigned,
		"home_company_id": number(k.account.company.id), "service_account_id": number(k.account.id), "active": !k.account.deleted,
		"created_at": stamp(k.createdAt), "updated_at": stamp(k.updatedAt),
	}
}

func (p *project) wire() object {
	return object{
		"id": number(p.id), "company_id": number(p.company.id), "name": p.name, "project_number": orNull(p.number), "active": p.active,
		"created_at": stamp(p.createdAt), "updated_at": stamp(p.updatedAt),
	}
}

func (a *account) placeJSON(p *project) object {
	at := a.places[p]
	return object{
		"service_account_id": number(a.id), "project_id": number(p.id), "permissions": at.levels,
		"created_at": stamp(at.createdAt), "updated_at": stamp(at.updatedAt),
	}
}

func (c *company) wire() object {
	return object{"id": number(c.id), "name": c.name, "created_at": stamp(c.createdAt), "updated_at": stamp(c.createdAt)}
}

// What audit events say.

func (a *account) facts() object {
	return object{
		"name": a.name, "app_type": a.appType, "description": a.description, "client_id": a.clientID,
		"deletion_protection": a.protected, "add_to_new_projects": a.addToNewProjects, "marketplace_app": orNull(a.app),
	}
}

func (a *account) secretFacts() object {
	facts := object{"secret_version": a.version, "secret_fingerprint": fingerprint(a.secret), "previous_secret_expires_at": nil}
	if !a.previousUntil.IsZero() {
		facts["previous_secret_expires_at"] = stamp(a.previousUntil)
	}
	return facts
}

func (p *project) facts() object {
	return object{"project_id": number(p.id), "name": p.name, "project_number": orNull(p.number), "active": p.active}
}

func (a *account) accessFacts() object {
	places := []object{}
	for _, p := range a.projects() {
		places = append(places, placeFacts(p, a.places[p].levels))
	}
	return object{"permissions": a.levels, "project_assignments": places}
}

func placeFacts(p *project, held levels) object {
	return object{"project_id": number(p.id), "permissions": held}
}

func (k *contact) facts() object {
	return object{"contact_id": number(k.id), "email_address": k.email}
}

func with(objects ...object) object {
	all := object{}
	for _, o := range objects {
		for name, value := range o {
			all[name] = value
		}
	}
	return all
}

func (e *event) wire(seenID string) object {
	shown := object{"id": seenID, "action": e.action, "created_at": stamp(e.at)}
	if e.account != 0 {
		shown["service_account_id"] = number(e.account)
	}
	if e.project != "" {
		shown["project_id"] = e.project
	}
	if e.actor != nil {
		shown["actor"] = object{"service_account_id": number(e.actor.id), "client_id": e.actor.clientID}
	}
	if e.before != nil {
		shown["before"] = e.before
	}
	if e.after != nil {
		shown["after"] = e.after
	}
	if e.requestID != "" {
		shown["request_id"] = e.requestID
	}
	return shown
}

// text is a value as JSON, its objects' members in the order of their names.
func text(value any) string {
	raw, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	var plain any
	_ = json.Unmarshal(raw, &plain)
	raw, _ = json.Marshal(plain)
	return string(raw)
}

// differences names the members of two objects that differ, so that a failure is read at one sight.
func differences(got, want object) (names []string) {
	for name := range with(got, want) {
		if text(got[name]) != text(want[name]) {
			names = append(names, name+": "+text(got[name])+", want "+text(want[name]))
		}
	}
	slices.Sort(names)
	return names
}
