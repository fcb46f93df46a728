package rest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/procore/terraform-provider-procore/server/store"
)

// etag returns the strong entity tag of an object as it goes over the wire (RFC 9110 8.8.3). An object has the same tag
// for as long as nothing in it changes, whichever request shows it.
func etag(object any) string {
	text, _ := json.Marshal(object) // wire types always marshal
	sum := sha256.Sum256(text)
	return `"` + hex.EncodeToString(sum[:12]) + `"`
}

// TaggedList is the envelope of a page of objects, each with its ETag, so that who keeps many of them need not ask for
// each by itself.
type TaggedList[W any] struct {
	Data  []W      `json:"data" nullable:"false"`
	ETags []string `json:"etags" nullable:"false" doc:"The ETag of each item, in their order: the header that a GET of that item has"`
}

// taggedList returns stored objects as they go over the wire, with their tags; neither list is null.
func taggedList[S, W any](stored []S, wire func(S) W, tag func(S) string) TaggedList[W] {
	return TaggedList[W]{wires(stored, wire), wires(stored, tag)}
}

// matches reports whether an If-Match header lets a change of the object go on (RFC 9110 13.1.1). The comparison is
// strong, so a weak tag never matches; and nothing matches an object that isn't there, whose tag is "".
func matches(ifMatch, current string) bool {
	if current == "" {
		return false
	}
	for tag := range strings.SplitSeq(ifMatch, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || tag == current {
			return true
		}
	}
	return false
}

// IfMatch is the header of every route that changes an object.
type IfMatch struct {
	IfMatch string `header:"If-Match" doc:"The ETag that the object must still have; 412 when it has changed since"`
}

// precondition returns what the If-Match header asks of an object before it is changed, or nil without one. The tag
// function gives the ETag of the object as it is stored.
func precondition[T any](header IfMatch, object string, tag func(T) string) store.Precondition[T] {
	if header.IfMatch == "" {
		return nil
	}
	return func(stored T) error {
		if matches(header.IfMatch, tag(stored)) {
			return nil
		}
		return &store.Error{
			Code:    store.CodePreconditionFailed,
			Message: "The " + object + " has changed since it was read (If-Match). Read it again, then decide.",
			Faults: []store.Fault{{
				Reason: string(store.CodePreconditionFailed), Source: "If-Match", Message: "is not the ETag any more",
			}},
		}
	}
}

// ChangeParams are the parameters of every route that changes a service account.
type ChangeParams struct {
	AccountParams
	IfMatch
}

func (p ChangeParams) precondition() store.Precondition[store.ServiceAccount] {
	return precondition(p.IfMatch, "service account", accountETag)
}
