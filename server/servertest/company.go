package servertest

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server"
)

// Credentials are what an administrator's account of a company signs in with.
type Credentials struct {
	CompanyID    string `json:"company_id"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

// AddCompany makes a further company in the server's database, as 'company add' does while a server runs.
func (s *Server) AddCompany(t testing.TB, name string) Credentials {
	t.Helper()
	var stdout, stderr bytes.Buffer
	args := []string{"company", "add", "--database", s.Database, "--name", name, "--output", "json"}
	if status := server.Main(t.Context(), args, &stdout, &stderr, server.Build{}); status != 0 {
		t.Fatalf("%v: exit status %d: %s", args, status, &stderr)
	}
	var made Credentials
	if err := json.Unmarshal(stdout.Bytes(), &made); err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return made
}

// Dates sets when new accounts are refused and when accounts stop working; a zero time means never.
func Dates(creationCutoff, sunset time.Time) Option {
	return func(config *server.Config) {
		config.Policy.CreationCutoff, config.Policy.Sunset = creationCutoff, sunset
	}
}
