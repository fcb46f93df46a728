package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"

	"github.com/procore/terraform-provider-procore/server/store"
)

// follow tells what an audit event did to the rows of a list: the key of a row that went, and that of one that came; nil
// for none. known is false where the event doesn't tell.
type follow func(e *change) (gone, come []any, known bool)

// change is an audit event, as far as lists follow it.
type change struct {
	id, account   store.ID
	action        string
	before, after map[string]any
}

// followedEvents is up to how many events are followed. With more of them, to count anew is less work.
const followedEvents = 500

// followed returns the index after the events since its version, and whether they tell what became of the list.
func (i listIndex) followed(ctx context.Context, tx Tx, rows rowSet, version int64) (listIndex, bool, error) {
	events, err := tx.QueryContext(ctx, `SELECT id, service_account_id, action, facts_before, facts_after FROM audit_events
		WHERE company_id = ? AND id > ? AND id <= ? ORDER BY id LIMIT ?`, rows.company, i.version, version, followedEvents+1)
	if err != nil {
		return i, false, err
	}
	changes, err := Collect(events, scanChange)
	if err != nil || len(changes) > followedEvents {
		return i, false, err
	}
	next := listIndex{version: version, total: i.total, marks: slices.Clone(i.marks)}
	for _, change := range changes {
		gone, come, known := rows.follow(change)
		if !known {
			return i, false, nil
		}
		next.move(rows.order, gone, -1)
		next.move(rows.order, come, +1)
	}
	return next, true, nil
}

func scanChange(rows *sql.Rows) (*change, error) {
	var c change
	var before, after sql.NullString
	if err := rows.Scan(&c.id, &c.account, &c.action, &before, &after); err != nil {
		return nil, err
	}
	// What can't be read tells nothing, which is for whoever follows to say.
	_ = json.Unmarshal([]byte(before.String), &c.before)
	_ = json.Unmarshal([]byte(after.String), &c.after)
	return &c, nil
}

// move takes note of a row that came or went, if there is one.
func (i *listIndex) move(order order, key []any, by int) {
	if key == nil {
		return
	}
	i.total += by
	for m := len(i.marks) - 1; m >= 0 && order.comesBefore(key, i.marks[m].key); m-- {
		i.marks[m].before += by
	}
}

// comesBefore compares keys as the database does: numbers as such, texts by their bytes.
func (o order) comesBefore(a, b []any) bool {
	compared := slices.CompareFunc(a, b, func(a, b any) int {
		if text, isText := a.(string); isText {
			other, _ := b.(string)
			return strings.Compare(text, other)
		}
		number, _ := a.(int64)
		other, _ := b.(int64)
		return int(min(max(number-other, -1), 1))
	})
	if o.descending {
		return compared > 0
	}
	return compared < 0
}

// followNouns follows a list that has a row for each object of a noun. The key of an object is made of its id and its facts.
func followNouns(created, updated, deleted string, id func(e *change) store.ID, key func(id store.ID, facts map[string]any) ([]any, bool)) follow {
	return func(e *change) (gone, come []any, known bool) {
		known = true
		if e.action == deleted || e.action == updated {
			gone, known = key(id(e), e.before)
		}
		if known && (e.action == created || e.action == updated) {
			come, known = key(id(e), e.after)
		}
		return gone, come, known
	}
}

// followOrder follows a list of a noun in one of its orders, where the order is one that events tell of.
func followOrder(sort store.Sort, created, updated, deleted string, id func(e *change) store.ID) follow {
	switch sort {
	case store.SortByID:
		return followNouns(created, "", deleted, id, keyByID)
	case store.SortByName, store.SortByNameDesc:
		return followNouns(created, updated, deleted, id, keyByName)
	default:
		return nil // an event has a time of its own
	}
}

func keyByID(id store.ID, _ map[string]any) ([]any, bool) { return []any{int64(id)}, id != 0 }

// keyByName can't tell the key of a name that a secret was masked in.
func keyByName(id store.ID, facts map[string]any) ([]any, bool) {
	name, found := facts["name"].(string)
	return []any{store.FoldCase(name), int64(id)}, id != 0 && found && !store.HasMaskedSecret(name)
}

func changedAccount(e *change) store.ID { return e.account }

// changedProject is read from the facts, as audit_events.project_id is.
func changedProject(e *change) store.ID {
	facts := e.after
	if facts == nil {
		facts = e.before
	}
	text, _ := facts["project_id"].(string)
	id, _ := store.ParseID(text)
	return id
}
