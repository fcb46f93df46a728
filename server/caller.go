package server

import (
	"context"

	"github.com/procore/terraform-provider-procore/server/store"
)

// caller is who a request speaks for. The layer that finds out tells the log by it, which is further out.
type caller struct {
	serviceAccountID, companyID store.ID
	clientID                    string
}

type callerKey struct{}

// withCaller returns a context that remembers who its request turns out to come from.
func withCaller(ctx context.Context) (context.Context, *caller) {
	c := &caller{}
	return context.WithValue(ctx, callerKey{}, c), c
}

// noteCaller tells who a request comes from.
func noteCaller(ctx context.Context, account store.ServiceAccount) {
	if c, ok := ctx.Value(callerKey{}).(*caller); ok && account.ID != 0 {
		*c = caller{serviceAccountID: account.ID, companyID: account.CompanyID, clientID: account.ClientID}
	}
}
