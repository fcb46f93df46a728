// Command schema prints the schema of everything that the provider has, as JSON: what `terraform providers schema -json` prints, but
// asked of the provider itself. Terraform leaves out what it doesn't know (lists and actions before 1.14, identities before 1.12),
// and the reference pages must not depend on which one is at hand.
//
// The format is documented at https://developer.hashicorp.com/terraform/cli/commands/providers/schema.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/procore/terraform-provider-procore/provider"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "schema:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	server, err := providerserver.NewProtocol6WithError(provider.New("docs", nil)())()
	if err != nil {
		return err
	}
	schemas, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return err
	}
	identities, err := server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		return err
	}
	for _, found := range append(schemas.Diagnostics, identities.Diagnostics...) {
		if found.Severity == tfprotov6.DiagnosticSeverityError {
			return errors.New(found.Summary + ": " + found.Detail)
		}
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(map[string]any{
		"format_version": "1.0",
		// tfplugindocs looks the provider up under its short name, or under HashiCorp's namespace, and nowhere else.
		"provider_schemas": map[string]any{"procore": newProviderSchema(schemas, identities)},
	})
}

func newProviderSchema(schemas *tfprotov6.GetProviderSchemaResponse, identities *tfprotov6.GetResourceIdentitySchemasResponse) map[string]any {
	return map[string]any{
		"provider":                   newSchema(schemas.Provider),
		"resource_schemas":           each(schemas.ResourceSchemas, newSchema),
		"data_source_schemas":        each(schemas.DataSourceSchemas, newSchema),
		"ephemeral_resource_schemas": each(schemas.EphemeralResourceSchemas, newSchema),
		"list_resource_schemas":      each(schemas.ListResourceSchemas, newSchema),
		"action_schemas":             each(schemas.ActionSchemas, newActionSchema),
		"functions":                  each(schemas.Functions, newFunction),
		"resource_identity_schemas":  each(identities.IdentitySchemas, newIdentity),
	}
}

func each[From, To any](all map[string]From, convert func(From) To) map[string]To {
	made := make(map[string]To, len(all))
	for name, one := range all {
		made[name] = convert(one)
	}
	return made
}

type schema struct {
	Version int64 `json:"version"`
	Block   block `json:"block"`
}

// actionSchema has no version: nothing of an action is stored.
type actionSchema struct {
	Block block `json:"block"`
}

type block struct {
	Attributes      map[string]attribute   `json:"attributes,omitempty"`
	NestedBlocks    map[string]nestedBlock `json:"block_types,omitempty"`
	Description     string                 `json:"description,omitempty"`
	DescriptionKind string                 `json:"description_kind,omitempty"`
	Deprecated      bool                   `json:"deprecated,omitempty"`
}

type nestedBlock struct {
	NestingMode string `json:"nesting_mode"`
	Block       block  `json:"block"`
	MinItems    int64  `json:"min_items,omitempty"`
	MaxItems    int64  `json:"max_items,omitempty"`
}

type attribute struct {
	Type            tftypes.Type     `json:"type,omitempty"`
	NestedType      *nestedAttribute `json:"nested_type,omitempty"`
	Description     string           `json:"description,omitempty"`
	DescriptionKind string           `json:"description_kind,omitempty"`
	Deprecated      bool             `json:"deprecated,omitempty"`
	Required        bool             `json:"required,omitempty"`
	Optional        bool             `json:"optional,omitempty"`
	Computed        bool             `json:"computed,omitempty"`
	Sensitive       bool             `json:"sensitive,omitempty"`
	WriteOnly       bool             `json:"write_only,omitempty"`
}

type nestedAttribute struct {
	Attributes  map[string]attribute `json:"attributes"`
	NestingMode string               `json:"nesting_mode"`
}

type identityAttribute struct {
	Type              tftypes.Type `json:"type"`
	Description       string       `json:"description,omitempty"`
	RequiredForImport bool         `json:"required_for_import,omitempty"`
	OptionalForImport bool         `json:"optional_for_import,omitempty"`
}

type identity struct {
	Version    int64                        `json:"version"`
	Attributes map[string]identityAttribute `json:"attributes"`
}

type parameter struct {
	Name        string       `json:"name"`
	Description string       `json:"description,omitempty"`
	IsNullable  bool         `json:"is_nullable,omitempty"`
	Type        tftypes.Type `json:"type"`
}

type function struct {
	Description        string       `json:"description,omitempty"`
	Summary            string       `json:"summary,omitempty"`
	DeprecationMessage string       `json:"deprecation_message,omitempty"`
	ReturnType         tftypes.Type `json:"return_type"`
	Parameters         []parameter  `json:"parameters,omitempty"`
	VariadicParameter  *parameter   `json:"variadic_parameter,omitempty"`
}

func newSchema(from *tfprotov6.Schema) schema {
	return schema{Version: from.Version, Block: newBlock(from.Block)}
}

func newActionSchema(from *tfprotov6.ActionSchema) actionSchema {
	return actionSchema{Block: newBlock(from.Schema.Block)}
}

func newBlock(from *tfprotov6.SchemaBlock) block {
	made := block{
		Attributes: newAttributes(from.Attributes), NestedBlocks: map[string]nestedBlock{},
		Description: from.Description, DescriptionKind: kind(from.DescriptionKind), Deprecated: from.Deprecated,
	}
	for _, nested := range from.BlockTypes {
		made.NestedBlocks[nested.TypeName] = nestedBlock{
			NestingMode: nestedBlockModes[nested.Nesting], Block: newBlock(nested.Block), MinItems: nested.MinItems, MaxItems: nested.MaxItems,
		}
	}
	return made
}

func newAttributes(from []*tfprotov6.SchemaAttribute) map[string]attribute {
	made := make(map[string]attribute, len(from))
	for _, one := range from {
		converted := attribute{
			Type: one.Type, Description: one.Description, DescriptionKind: kind(one.DescriptionKind), Deprecated: one.Deprecated,
			Required: one.Required, Optional: one.Optional, Computed: one.Computed, Sensitive: one.Sensitive, WriteOnly: one.WriteOnly,
		}
		if one.NestedType != nil {
			converted.NestedType = &nestedAttribute{newAttributes(one.NestedType.Attributes), nestedAttributeModes[one.NestedType.Nesting]}
		}
		made[one.Name] = converted
	}
	return made
}

func newIdentity(from *tfprotov6.ResourceIdentitySchema) identity {
	made := identity{Version: from.Version, Attributes: map[string]identityAttribute{}}
	for _, one := range from.IdentityAttributes {
		made.Attributes[one.Name] = identityAttribute{one.Type, one.Description, one.RequiredForImport, one.OptionalForImport}
	}
	return made
}

func newFunction(from *tfprotov6.Function) function {
	made := function{
		Description: from.Description, Summary: from.Summary, DeprecationMessage: from.DeprecationMessage, ReturnType: from.Return.Type,
	}
	for _, one := range from.Parameters {
		made.Parameters = append(made.Parameters, newParameter(one))
	}
	if from.VariadicParameter != nil {
		variadic := newParameter(from.VariadicParameter)
		made.VariadicParameter = &variadic
	}
	return made
}

func newParameter(from *tfprotov6.FunctionParameter) parameter {
	return parameter{from.Name, from.Description, from.AllowNullValue, from.Type}
}

func kind(of tfprotov6.StringKind) string {
	if of == tfprotov6.StringKindMarkdown {
		return "markdown"
	}
	return "plain"
}

var nestedBlockModes = map[tfprotov6.SchemaNestedBlockNestingMode]string{
	tfprotov6.SchemaNestedBlockNestingModeSingle: "single", tfprotov6.SchemaNestedBlockNestingModeList: "list",
	tfprotov6.SchemaNestedBlockNestingModeSet: "set", tfprotov6.SchemaNestedBlockNestingModeMap: "map",
	tfprotov6.SchemaNestedBlockNestingModeGroup: "group",
}

var nestedAttributeModes = map[tfprotov6.SchemaObjectNestingMode]string{
	tfprotov6.SchemaObjectNestingModeSingle: "single", tfprotov6.SchemaObjectNestingModeList: "list",
	tfprotov6.SchemaObjectNestingModeSet: "set", tfprotov6.SchemaObjectNestingModeMap: "map",
}
