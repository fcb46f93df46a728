package rest

import (
	"context"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/procore/terraform-provider-procore/server/store"
)

// SecretReset is the body that resets a client secret. An empty body resets as Procore does: access is cleared and the
// old secret ends at once.
type SecretReset struct {
	KeepAccess        bool    `json:"keep_access,omitempty" doc:"Leave permissions and project memberships as they are"`
	PreviousSecretTTL int     `json:"previous_secret_ttl,omitempty" minimum:"0" maximum:"2592000" doc:"Keep the old secret and its tokens good for that many seconds; at most 30 days"`
	ClientSecret      *string `json:"client_secret,omitempty" nullable:"true" doc:"A well-formed secret of your own; generated when absent or null"`
}

type resetInput struct {
	ChangeParams
	Body    *SecretReset
	RawBody []byte
}

// Resolve adds what the store's rules find to what the schema finds (huma.Resolver).
func (i *resetInput) Resolve(ctx huma.Context) []error {
	if i.Body == nil {
		i.Body = &SecretReset{}
	}
	return slices.Concat(i.ChangeParams.Resolve(ctx), nullFaults(i.RawBody, "client_secret"), secretFaults(i.Body.ClientSecret))
}

// ServiceAccountReset is the one answer that shows the new secret after a reset.
type ServiceAccountReset struct {
	ServiceAccountWithSecret
	Cleared Cleared `json:"cleared" doc:"What the reset took from the account"`
}

// Cleared is what a reset took from the account.
type Cleared struct {
	Permissions store.Levels `json:"permissions" nullable:"false" doc:"The levels on company tools that the account held"`
	ProjectIDs  []string     `json:"project_ids" nullable:"false" doc:"The projects that the account was a member of"`
}

type resetOutput struct {
	ETag         string `header:"ETag"`
	CacheControl string `header:"Cache-Control"`
	Body         Data[ServiceAccountReset]
}

func (a *accounts) resetSecret(ctx context.Context, input *resetInput) (*resetOutput, error) {
	id, err := input.account()
	if err != nil {
		return nil, err
	}
	secret := secretOf(input.Body.ClientSecret)
	account, cleared, err := a.ServiceAccounts.ResetSecret(ctx, input.company(), id, store.SecretReset{
		SecretDigest: secret.Digest(), KeepAccess: input.Body.KeepAccess,
		PreviousSecretTTL: time.Duration(input.Body.PreviousSecretTTL) * time.Second,
	}, input.precondition())
	if err != nil {
		return nil, err
	}
	a.SecretReset()
	body := ServiceAccountReset{ServiceAccountWithSecret{newServiceAccount(account), secret.Reveal()}, newCleared(cleared)}
	return &resetOutput{ETag: accountETag(account), CacheControl: noStore, Body: Data[ServiceAccountReset]{body}}, nil
}

func newCleared(cleared store.Cleared) Cleared {
	wire := Cleared{Permissions: store.Levels{}, ProjectIDs: make([]string, len(cleared.ProjectIDs))}
	if cleared.Levels != nil {
		wire.Permissions = cleared.Levels
	}
	for i, id := range cleared.ProjectIDs {
		wire.ProjectIDs[i] = id.String()
	}
	return wire
}
