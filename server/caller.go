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
func withCaller(ctx context.Context) context.Context {
	return context.WithValue(ctx, callerKey{}, &caller{})
}

// callerOf returns who the request of this context has turned out to come from: nobody, as long as that isn't known.
func callerOf(ctx context.Context) caller {
	if c, ok := ctx.Value(callerKey{}).(*caller); ok {
		return *c
	}
	return caller{}
}

// noteCaller tells who a request comes from.
func noteCaller(ctx context.Context, account store.ServiceAccount) {
	if c, ok := ctx.Value(callerKey{}).(*caller); ok && account.ID != 0 {
		*c = caller{serviceAccountID: account.ID, companyID: account.CompanyID, clientID: account.ClientID}
	}
}
