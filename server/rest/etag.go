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

// matches reports whether an If-Match header lets a change of the object go on (RFC 9110 13.1.1). The comparison is
// strong, so a weak tag never matches.
func matches(ifMatch, current string) bool {
	for tag := range strings.SplitSeq(ifMatch, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || tag == current {
			return true
		}
	}
	return false
}

// ChangeParams are the parameters of every route that changes a service account.
type ChangeParams struct {
	AccountParams
	IfMatch string `header:"If-Match" doc:"The ETag that the account must still have; 412 when it has changed since"`
}

// precondition returns what the If-Match header asks of the account before it is changed, or nil without one.
func (p ChangeParams) precondition() store.Precondition {
	if p.IfMatch == "" {
		return nil
	}
	return func(account store.ServiceAccount) error {
		if matches(p.IfMatch, accountETag(account)) {
			return nil
		}
		return &store.Error{
			Code:    store.CodePreconditionFailed,
			Message: "Service account " + account.ID.String() + " has changed since it was read (If-Match). Read it again, then decide.",
			Faults: []store.Fault{{
				Reason: string(store.CodePreconditionFailed), Source: "If-Match", Message: "is not the account's ETag any more",
			}},
		}
	}
}
