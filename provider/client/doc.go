// Package client is the management API seen from outside: the service accounts, their permissions and
// project memberships, and the projects of a Procore company as Go values, over HTTP with OAuth 2.0
// client credentials.
//
// It knows nothing of Terraform. Every call goes through [Client.do], which escapes paths, names the
// company in a header, retries what may be retried and turns every failure into an [*Error]. A token is
// put on each request by a transport (auth.go), so that no call can forget it.
//
// No secret ever leaves this package in an error or a log field: bodies and headers are never printed,
// and whatever a server says is searched for secrets before it is repeated (error.go).
package client
