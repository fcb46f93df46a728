package provider

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/procore/terraform-provider-procore/provider/client"
)

// exportConfiguration is an inventory as Terraform reads it. It is written as a person would: only what differs from a default,
// and references instead of IDs. Names and descriptions come from whoever could write them, so that they are in strings only, which
// hclwrite escapes, and never in a comment.
type exportConfiguration struct {
	companyID string
	objects   int
	source    exportSource
	parts     map[string]*hclwrite.File
	projects  map[string]string // labels by ID
}

// newExportConfiguration writes the configuration of an inventory that was read there.
func newExportConfiguration(found inventory, source exportSource) *exportConfiguration {
	c := &exportConfiguration{
		companyID: found.companyID, objects: found.objects(), source: source,
		parts: map[string]*hclwrite.File{}, projects: map[string]string{},
	}
	projects, accounts, memberships := newLabels("project"), newLabels("account"), newLabels("membership")
	for _, project := range found.projects {
		c.projects[project.ID] = projects.next(project.Name, project.ID)
		c.project(project)
	}
	named := make([]string, len(found.accounts))
	for i, account := range found.accounts {
		named[i] = accounts.next(account.Name, account.ID)
		c.account(named[i], account.ServiceAccount)
	}
	// The import blocks of each type stand together.
	for i, account := range found.accounts {
		if len(account.permissions) > 0 {
			c.permissions(named[i], account)
		}
	}
	for i, account := range found.accounts {
		for _, membership := range account.memberships {
			name := named[i] + "_" + c.projects[membership.ProjectID]
			c.membership(memberships.next(name, account.ID+"/"+membership.ProjectID), named[i], membership)
		}
	}
	return c
}

func (c *exportConfiguration) project(project client.Project) {
	body := c.resource(projectsFile, "procore_project", c.projects[project.ID], project.ID, "")
	setText(body, "name", project.Name)
	if project.ProjectNumber != nil {
		setText(body, "project_number", *project.ProjectNumber)
	}
	if !project.Active {
		body.SetAttributeValue("active", cty.False)
	}
}

// What stands above the account that Terraform itself is likely to sign in as, and above what that may do.
const (
	ownAccountWarning     = "# export signed in as this account. If Terraform does, too, destroying it or resetting its secret locks Terraform out.\n"
	ownPermissionsWarning = "# export signed in as this account. If Terraform does, too, taking admin away from it locks Terraform out.\n"
)

// warning is the text, where the account is the one that it is about.
func (c *exportConfiguration) warning(account client.ServiceAccount, text string) string {
	if account.ClientID != c.source.clientID {
		return ""
	}
	return text
}

func (c *exportConfiguration) account(label string, account client.ServiceAccount) {
	body := c.resource(accountsFile, "procore_service_account", label, account.ID, c.warning(account, ownAccountWarning))
	setText(body, "name", account.Name)
	if account.AppType != appTypeCustom {
		setText(body, "app_type", account.AppType)
	}
	if account.MarketplaceApp != nil {
		setText(body, "marketplace_app", *account.MarketplaceApp)
	}
	if account.Description != "" {
		setText(body, "description", account.Description)
	}
	if account.DeletionProtection {
		body.SetAttributeValue("deletion_protection", cty.True)
	}
	if account.AddToNewProjects {
		body.SetAttributeValue("add_to_new_projects", cty.True)
	}
}

func (c *exportConfiguration) permissions(label string, account accountInventory) {
	body := c.resource(permissionsFile, "procore_service_account_permissions", label, account.ID, c.warning(account.ServiceAccount, ownPermissionsWarning))
	setReference(body, "service_account_id", "procore_service_account", label)
	setLevels(body, "company", account.permissions)
}

func (c *exportConfiguration) membership(label, accountLabel string, membership client.ProjectAssignment) {
	body := c.resource(membershipsFile, "procore_project_membership", label, membership.ServiceAccountID+"/"+membership.ProjectID, "")
	setReference(body, "service_account_id", "procore_service_account", accountLabel)
	setReference(body, "project_id", "procore_project", c.projects[membership.ProjectID])
	setLevels(body, "permissions", membership.Permissions)
}

// resource begins a resource in a file, and adds the block that imports it.
func (c *exportConfiguration) resource(file, kind, label, id, comment string) *hclwrite.Body {
	block := c.next(importsFile, "").AppendNewBlock("import", nil).Body()
	block.SetAttributeTraversal("to", hcl.Traversal{hcl.TraverseRoot{Name: kind}, hcl.TraverseAttr{Name: label}})
	setText(block, "id", c.companyID+"/"+id)
	return c.next(file, comment).AppendNewBlock("resource", []string{kind, label}).Body()
}

// next is the body of a file, ready for its next block.
func (c *exportConfiguration) next(file, comment string) *hclwrite.Body {
	part := c.parts[file]
	if part == nil {
		part = hclwrite.NewEmptyFile()
		c.parts[file] = part
	} else {
		part.Body().AppendNewline()
	}
	if comment != "" {
		part.Body().AppendUnstructuredTokens(hclwrite.Tokens{{Type: hclsyntax.TokenComment, Bytes: []byte(comment)}})
	}
	return part.Body()
}

func setText(body *hclwrite.Body, name, value string) {
	body.SetAttributeValue(name, cty.StringVal(value))
}

func setReference(body *hclwrite.Body, name, kind, label string) {
	body.SetAttributeTraversal(name, hcl.Traversal{hcl.TraverseRoot{Name: kind}, hcl.TraverseAttr{Name: label}, hcl.TraverseAttr{Name: "id"}})
}

// setLevels writes a map from tools to levels, if there is one, with an empty line before it, as maps are written.
func setLevels(body *hclwrite.Body, name string, levels map[string]string) {
	values := map[string]cty.Value{}
	for tool, level := range levels {
		if level != levelNone {
			values[tool] = cty.StringVal(level)
		}
	}
	if len(values) == 0 {
		return
	}
	body.AppendNewline()
	body.SetAttributeValue(name, cty.MapVal(values))
}

// files is the configuration for a folder of its own.
func (c *exportConfiguration) files() ([]exportFile, error) {
	settings, err := c.versions()
	if err != nil {
		return nil, err
	}
	files := []exportFile{{versionsFile, settings}}
	for _, name := range exportFileNames {
		if part := c.parts[name]; part != nil {
			text := hclwrite.Format(part.Bytes())
			if name == importsFile {
				text = append([]byte(importsNote), text...)
			}
			files = append(files, exportFile{name, text})
		}
	}
	return files, nil
}

// versions is the file that makes a folder one that Terraform can work in. The provider's settings for a server are in the
// environment, where the secret has to be anyway; the company is in the file, because it says whose configuration it is. A
// database has its whole path: the folder is another one than export ran in.
func (c *exportConfiguration) versions() ([]byte, error) {
	file := hclwrite.NewEmptyFile()
	block := file.Body().AppendNewBlock("provider", []string{"procore"}).Body()
	note := "# PROCORE_BASE_URL, PROCORE_CLIENT_ID and PROCORE_CLIENT_SECRET, in the environment, say the rest.\n"
	if c.source.database != "" {
		path, err := filepath.Abs(c.source.database)
		if err != nil {
			return nil, fmt.Errorf("find the database: %w", err)
		}
		setText(block, "database", path)
		note = ""
	}
	setText(block, "company_id", c.companyID)
	return slices.Concat([]byte(versions), []byte(note), hclwrite.Format(file.Bytes())), nil
}

const versions = `terraform {
  required_version = ">= 1.11"

  required_providers {
    procore = {
      source = "procore/procore"
    }
  }
}

`

const importsNote = "# Once terraform apply has imported these, this file can be deleted.\n\n"

// printed is the configuration for a person to put where it belongs.
func (c *exportConfiguration) printed() []byte {
	var text bytes.Buffer
	fmt.Fprintf(&text, `# What company %s has, as terraform-provider-procore export found it. For a configuration that has the provider procore/procore.
# terraform plan must say: %d to import, 0 to add, 0 to change, 0 to destroy. Once terraform apply has imported everything, the import blocks
# can be deleted. No secret is in here: client_secret of an imported account is null.
`, c.companyID, c.objects)
	for _, name := range exportFileNames {
		if part := c.parts[name]; part != nil {
			text.WriteString("\n" + strings.TrimPrefix(string(hclwrite.Format(part.Bytes())), "\n"))
		}
	}
	return text.Bytes()
}
