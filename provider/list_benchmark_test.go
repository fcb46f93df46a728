package provider_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/procore/terraform-provider-procore/provider"
	"github.com/procore/terraform-provider-procore/provider/client"
	"github.com/procore/terraform-provider-procore/server"
)

// BenchmarkList lists what a company with 1,200 accounts has, over HTTP, as terraform query does to generate configuration. Every
// tenth account has permissions and is in a project.
func BenchmarkList(b *testing.B) {
	const accounts = 1200
	running, credentials := benchmarkServer(b)
	api, err := client.New(client.Config{BaseURL: running.URL, ClientID: credentials.ClientID, ClientSecret: credentials.ClientSecret})
	if err != nil {
		b.Fatal(err)
	}
	project, err := api.CreateProject(b.Context(), credentials.CompanyID, client.NewProject{Name: "Bridge", Active: true})
	if err != nil {
		b.Fatal(err)
	}
	for i := range accounts {
		made, err := api.CreateServiceAccount(b.Context(), credentials.CompanyID, client.NewServiceAccount{Name: fmt.Sprintf("exporter %d", i), AppType: "custom"})
		if err == nil && i%10 == 0 {
			_, err = api.ReplacePermissions(b.Context(), credentials.CompanyID, made.ID, client.Permissions{Company: map[string]string{"documents": "readonly"}})
		}
		if err == nil && i%10 == 0 {
			_, err = api.PutProjectAssignment(b.Context(), credentials.CompanyID, made.ID, project.ID, map[string]string{"rfis": "readonly"})
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	for resource, want := range map[string]int{accountType: accounts + 1, permissionsType: accounts/10 + 1, membershipType: accounts / 10} {
		b.Run(resource, func(b *testing.B) {
			list := benchmarkedList(b, resource, map[string]string{
				"base_url": running.URL, "client_id": credentials.ClientID, "client_secret": credentials.ClientSecret, "company_id": credentials.CompanyID,
			})
			b.ReportAllocs()
			for b.Loop() {
				if got := list(); got != want {
					b.Fatalf("%d results, want %d", got, want)
				}
			}
		})
	}
}

// benchmarkServer is the bare server: no check of its answers, no log.
func benchmarkServer(b *testing.B) (*httptest.Server, server.Credentials) {
	b.Helper()
	database := filepath.Join(b.TempDir(), "procore.db")
	credentials, err := server.Initialize(b.Context(), database, "Acme", "ES256")
	if err != nil {
		b.Fatal(err)
	}
	listener := httptest.NewUnstartedServer(nil)
	api, err := server.New(context.WithoutCancel(b.Context()), server.Config{
		Database: database, BaseURL: "http://" + listener.Listener.Addr().String(), Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	listener.Config.Handler = api.Handler()
	listener.Start()
	b.Cleanup(func() {
		listener.Close()
		if err := api.Close(); err != nil {
			b.Error(err)
		}
	})
	return listener, credentials
}

// benchmarkedList is a list of everything of a type, from a provider with those settings. It returns how many results came.
func benchmarkedList(b *testing.B, resource string, settings map[string]string) func() int {
	b.Helper()
	running, err := providerserver.NewProtocol6WithError(provider.New("test", server.Embed)())()
	if err != nil {
		b.Fatal(err)
	}
	schemas, err := running.GetProviderSchema(b.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		b.Fatal(err)
	}
	configured, err := running.ConfigureProvider(b.Context(), &tfprotov6.ConfigureProviderRequest{Config: packTexts(b, schemas.Provider, settings)})
	if err != nil || len(configured.Diagnostics) > 0 {
		b.Fatal(err, told(configured.Diagnostics))
	}
	lists, ok := running.(tfprotov6.ListResourceServer)
	if !ok {
		b.Fatal("nothing can be listed")
	}
	request := &tfprotov6.ListResourceRequest{
		TypeName: resource, Config: packTexts(b, schemas.ListResourceSchemas[resource], nil), IncludeResource: true,
	}
	return func() (count int) {
		stream, err := lists.ListResource(b.Context(), request)
		if err != nil {
			b.Fatal(err)
		}
		for event := range stream.Results {
			if failed(event.Diagnostics) {
				b.Fatal(told(event.Diagnostics))
			}
			count++
		}
		return count
	}
}

// packTexts is a configuration with those texts, and null for all else.
func packTexts(b *testing.B, schema *tfprotov6.Schema, texts map[string]string) *tfprotov6.DynamicValue {
	b.Helper()
	values := map[string]tftypes.Value{}
	for _, attribute := range schema.Block.Attributes {
		values[attribute.Name] = tftypes.NewValue(attribute.Type, nil)
		if text, given := texts[attribute.Name]; given {
			values[attribute.Name] = tftypes.NewValue(attribute.Type, text)
		}
	}
	packed, err := tfprotov6.NewDynamicValue(schema.ValueType(), tftypes.NewValue(schema.ValueType(), values))
	if err != nil {
		b.Fatal(err)
	}
	return &packed
}
