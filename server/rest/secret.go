package rest

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/procore/terraform-provider-procore/server/store"
)

// SecretReset is the body that resets a client secret. An empty body resets as Procore does: access is cleared and the
// old secret ends at once.
type SecretReset struct {
	KeepAccess        bool    `json:"keep_access,omitempty" doc:"Leave permissions and project memberships as they are"`
	PreviousSecretTTL Seconds `json:"previous_secret_ttl,omitempty" doc:"Keep the old secret and its tokens good for that many seconds; 0 to 2592000, which is 30 days"`
	ClientSecret      *string `json:"client_secret,omitempty" nullable:"true" doc:"A well-formed secret of your own; generated when absent or null"`
}

// Seconds is a whole number of seconds, in any spelling that JSON has for it.
type Seconds int64

// maxSeconds is more than any duration of this API may have, and little enough to be a time.Duration.
const maxSeconds = 1 << 32

// UnmarshalJSON reads the number: 1e3 is as whole as 1000.
func (s *Seconds) UnmarshalJSON(data []byte) error {
	var number float64
	if err := json.Unmarshal(data, &number); err != nil {
		return err
	}
	*s = Seconds(max(-maxSeconds, min(number, maxSeconds)))
	return nil
}

// Schema is an integer's (huma.SchemaProvider).
func (Seconds) Schema(huma.Registry) *huma.Schema { return &huma.Schema{Type: huma.TypeInteger} }

type resetInput struct {
	ChangeParams
	OnceParams
	Body *Object[SecretReset]
}

// Resolve adds what the store's rules find to what the schema finds (huma.Resolver).
func (i *resetInput) Resolve(ctx huma.Context) []error {
	if i.Body == nil {
		i.Body = &Object[SecretReset]{}
	}
	return slices.Concat(i.ChangeParams.Resolve(ctx), i.OnceParams.Resolve(ctx), i.Body.faults("client_secret"),
		faultErrors(i.reset(store.Secret{}).Validate()), secretFaults(i.Body.Value.ClientSecret))
}

func (i *resetInput) reset(secret store.Secret) store.SecretReset {
	return store.SecretReset{
		SecretDigest: secret.Digest(), KeepAccess: i.Body.Value.KeepAccess,
		PreviousSecretTTL: time.Duration(i.Body.Value.PreviousSecretTTL) * time.Second,
	}
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
	OnceHeaders
	ETag         string `header:"ETag"`
	CacheControl string `header:"Cache-Control"`
	Body         Data[ServiceAccountReset]
}

func (a *accounts) resetSecret(ctx context.Context, input *resetInput) (*resetOutput, error) {
	id, err := input.account()
	if err != nil {
		return nil, err
	}
	secret := secretOf(input.Body.Value.ClientSecret)
	answer := func(result store.SecretResetResult) *resetOutput {
		shown := ServiceAccountWithSecret{newServiceAccount(result.Account), secret.Reveal()}
		body := ServiceAccountReset{shown, newCleared(result.Cleared)}
		return &resetOutput{ETag: accountETag(result.Account), CacheControl: noStore, Body: Data[ServiceAccountReset]{body}}
	}
	return doOnce(input.onceRequest(ctx, input.Body.sent()), answer, func(once *store.Once[store.SecretResetResult]) (result store.SecretResetResult, err error) {
		result.Account, result.Cleared, err = a.ServiceAccounts.ResetSecret(ctx, input.company(), id, input.reset(secret), input.precondition(), once)
		if err == nil {
			a.SecretReset()
		}
		return result, err
	})
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
