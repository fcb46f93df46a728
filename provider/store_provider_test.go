package provider_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	ephemeralschema "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// A secret store, for the guides: as much of the providers "vault" and "aws" as their configurations use, under those providers' own
// names. It is a provider in a process of its own, as theirs are: this test's binary, which Terraform starts by another name. What it
// is given it keeps in a folder that no part of Terraform knows.

// storeFolderVariable names the folder. Its file "broken" makes every write fail.
const storeFolderVariable = "SECRET_STORE_FOLDER"

// storePrefix begins the name by which Terraform starts a store.
const storePrefix = "terraform-provider-"

// serveStore makes this process a store when it was started as one, and reports whether it was.
func serveStore(program string) bool {
	name, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(program), storePrefix), "_")
	if !strings.HasPrefix(filepath.Base(program), storePrefix) || os.Getenv("TF_PLUGIN_MAGIC_COOKIE") == "" {
		return false
	}
	err := providerserver.Serve(context.Background(), func() provider.Provider { return &storeProvider{name} }, providerserver.ServeOpts{
		Address: "registry.terraform.io/hashicorp/" + name, ProtocolVersion: 6,
	})
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return true
}

type storeProvider struct{ name string }

func (p *storeProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = p.name
}
func (*storeProvider) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}
func (*storeProvider) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}
func (*storeProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (p *storeProvider) Resources(context.Context) []func() resource.Resource {
	vault := storeResource{name: "vault_kv_secret_v2", key: "name", secret: "data_json_wo", more: "mount"}
	aws := storeResource{name: "aws_secretsmanager_secret_version", key: "secret_id", secret: "secret_string_wo", replaced: true}
	if p.name == "vault" {
		return []func() resource.Resource{func() resource.Resource { return &vault }}
	}
	return []func() resource.Resource{func() resource.Resource { return &aws }, func() resource.Resource { return &storeSecret{} }}
}

func (p *storeProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	if p.name == "vault" {
		return nil
	}
	return []func() ephemeral.EphemeralResource{func() ephemeral.EphemeralResource { return &storeReader{} }}
}

// storeResource writes what it is given to the store when the version of that changes.
type storeResource struct {
	name, key, secret, more string
	replaced                bool // by another version, rather than updated
}

func (r *storeResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = r.name
}

func (r *storeResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	version := schema.Int64Attribute{Optional: true}
	if r.replaced {
		version.PlanModifiers = []planmodifier.Int64{int64planmodifier.RequiresReplace()}
	}
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		r.key: schema.StringAttribute{Required: true}, r.secret: schema.StringAttribute{Optional: true, Sensitive: true, WriteOnly: true},
		r.secret + "_version": version,
		"version_id":          schema.StringAttribute{Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}},
	}}
	if r.more != "" {
		resp.Schema.Attributes[r.more] = schema.StringAttribute{Required: true}
		resp.Schema.Attributes["disable_read"] = schema.BoolAttribute{Optional: true}
	}
}

// ModifyPlan notes the secret of the plan, which is another one than the apply's: it may be nowhere either.
func (r *storeResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var secret types.String
	if req.Plan.Raw.IsNull() {
		return
	}
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root(r.secret), &secret)...)
	if err := noteSeen(secret.ValueString()); err != nil {
		resp.Diagnostics.AddError("Unable to note a secret", err.Error())
	}
}

func (r *storeResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var key, secret types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root(r.key), &key)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root(r.secret), &secret)...)
	if resp.Diagnostics.HasError() {
		return
	}
	versionID, err := writeStored(key.ValueString(), secret.ValueString())
	if err != nil {
		resp.Diagnostics.AddError("Unable to write the store", err.Error())
		return
	}
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("version_id"), versionID)...)
}

func (*storeResource) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (r *storeResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	created := resource.CreateResponse{State: resp.State}
	r.Create(ctx, resource.CreateRequest{Config: req.Config, Plan: req.Plan}, &created)
	resp.Diagnostics.Append(created.Diagnostics...)
	if !resp.Diagnostics.HasError() {
		resp.State.Raw = req.Plan.Raw
	}
}

func (*storeResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

// storeSecret is the place in the store that versions are written to.
type storeSecret struct{}

func (*storeSecret) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "aws_secretsmanager_secret"
}

func (*storeSecret) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"name": schema.StringAttribute{Required: true}, "id": schema.StringAttribute{Computed: true},
	}}
}

func (*storeSecret) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var name types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("name"), &name)...)
	resp.State.Raw = req.Plan.Raw
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), "arn of "+name.ValueString())...)
}

func (*storeSecret) Read(context.Context, resource.ReadRequest, *resource.ReadResponse)       {}
func (*storeSecret) Update(context.Context, resource.UpdateRequest, *resource.UpdateResponse) {}
func (*storeSecret) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

// storeReader reads one version of a secret.
type storeReader struct{}

func (*storeReader) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = "aws_secretsmanager_secret_version"
}

func (*storeReader) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = ephemeralschema.Schema{Attributes: map[string]ephemeralschema.Attribute{
		"secret_id": ephemeralschema.StringAttribute{Required: true}, "version_id": ephemeralschema.StringAttribute{Required: true},
		"secret_string": ephemeralschema.StringAttribute{Computed: true, Sensitive: true},
	}}
}

func (*storeReader) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var secretID, versionID types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("secret_id"), &secretID)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("version_id"), &versionID)...)
	stored, err := os.ReadFile(storedFile(versionID.ValueString()))
	if err != nil {
		resp.Diagnostics.AddError("Unable to read the store", err.Error())
		return
	}
	resp.Result.Raw = req.Config.Raw
	resp.Diagnostics.Append(resp.Result.SetAttribute(ctx, path.Root("secret_string"), string(stored))...)
}

func storedFile(name string) string { return filepath.Join(os.Getenv(storeFolderVariable), name) }

// writeStored keeps a secret and returns the name of this version of it. The latest is in the file "current" as well.
func writeStored(key, secret string) (versionID string, err error) {
	if _, err := os.Stat(storedFile("broken")); err == nil {
		return "", errors.New("the store is sealed")
	}
	versionID = fmt.Sprintf("v%d", len(entries(os.Getenv(storeFolderVariable), "v*"))+1)
	text, _ := json.Marshal(map[string]string{"key": key, "secret": secret})
	return versionID, errors.Join(
		os.WriteFile(storedFile(versionID), []byte(secret), 0o600), os.WriteFile(storedFile("current"), text, 0o600), noteSeen(secret))
}

func entries(folder, pattern string) []string {
	found, _ := filepath.Glob(filepath.Join(folder, pattern)) // fails for a bad pattern only
	return found
}

// noteSeen adds a text that holds a secret to all that the store ever saw.
func noteSeen(text string) error {
	file, err := os.OpenFile(storedFile("seen"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(file, text)
	return errors.Join(err, file.Close())
}

// secretStore is a store as a test looks at it.
type secretStore struct {
	t      *testing.T
	folder string
}

func newStore(t *testing.T) secretStore {
	t.Helper()
	return secretStore{t, t.TempDir()}
}

// current returns the latest that was written, and where to.
func (s secretStore) current() (key, secret string) {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.folder, "current"))
	if err != nil {
		s.t.Fatal(err)
	}
	var kept struct{ Key, Secret string }
	if err := json.Unmarshal(text, &kept); err != nil {
		s.t.Fatal(err)
	}
	return kept.Key, kept.Secret
}

// versions returns how often something was written.
func (s secretStore) versions() int { return len(entries(s.folder, "v*")) }

// breaks makes the store fail, or mends it.
func (s secretStore) breaks(broken bool) {
	s.t.Helper()
	file := filepath.Join(s.folder, "broken")
	err := os.WriteFile(file, nil, 0o600)
	if !broken {
		err = os.Remove(file)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// wholeSecret finds a client secret.
var wholeSecret = regexp.MustCompile(`pcs_[0-9A-Za-z]{49}`)

// seen returns every client secret that the store was ever shown, in plans that came to nothing, too.
func (s secretStore) seen() []string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.folder, "seen"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.t.Fatal(err)
	}
	return wholeSecret.FindAllString(string(text), -1)
}
