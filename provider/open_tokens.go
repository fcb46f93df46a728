package provider

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/procore/terraform-provider-procore/provider/client"
)

// openTokens are the access tokens that are to be revoked and are not yet. Where a run fails or is interrupted, neither Terraform nor
// OpenTofu closes an ephemeral resource that something else of the run needed: they just end the provider. So it revokes what is
// left when it is told to end. The zero value is ready to use, and nil keeps nothing.
type openTokens struct {
	mu     sync.Mutex
	tokens map[string]ownedToken // by token
}

// ownedToken is an access token, and what it takes to revoke it.
type ownedToken struct {
	api         *client.Client
	credentials client.Credentials
}

func (o *openTokens) add(token string, owned ownedToken) {
	if o == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.tokens == nil {
		o.tokens = map[string]ownedToken{}
	}
	o.tokens[token] = owned
}

func (o *openTokens) remove(token string) {
	if o == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.tokens, token)
}

// lastWords is how long the end of the provider may wait for the server. Terraform kills it after two seconds.
const lastWords = 1500 * time.Millisecond

// revoke revokes all that are left. Nobody hears of a failure but the log: the run is over.
func (o *openTokens) revoke(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lastWords)
	defer cancel()
	o.mu.Lock()
	defer o.mu.Unlock()
	var all sync.WaitGroup
	for token, owned := range o.tokens {
		all.Go(func() {
			err := owned.api.RevokeToken(ctx, owned.credentials, token)
			if err != nil && !endedWithItsSecret(err) {
				slog.WarnContext(ctx, "An access token could not be revoked at the end of the run, and may live until it expires.",
					"client_id", shortened(owned.credentials.ClientID), "reason", withoutSecrets(err.Error()))
			}
		})
	}
	all.Wait()
	clear(o.tokens)
}
