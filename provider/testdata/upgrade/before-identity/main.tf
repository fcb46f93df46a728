provider "procore" {
  database = "procore.db"
}

variable "own_secret" {
  type      = string
  sensitive = true
  ephemeral = true
}

# An account with a secret from the server, reset once, with access that is granted again after each reset.
resource "procore_service_account" "exporter" {
  name        = "CI exporter"
  description = "Exports daily logs every night"
}

resource "procore_service_account_secret_reset" "exporter" {
  service_account_id  = procore_service_account.exporter.id
  previous_secret_ttl = "36h"
  triggers            = { rotated = "2026-07" }
}

resource "procore_service_account_permissions" "exporter" {
  service_account_id = procore_service_account.exporter.id
  company            = { documents = "readonly", reports = "standard" }
  secret_version     = procore_service_account_secret_reset.exporter.secret_version
}

resource "procore_project" "bridge" {
  name           = "Harbor bridge"
  project_number = "2026-014"
}

resource "procore_project_membership" "exporter" {
  service_account_id = procore_service_account.exporter.id
  project_id         = procore_project.bridge.id
  permissions        = { daily_log = "standard" }
  secret_version     = procore_service_account_secret_reset.exporter.secret_version
}

# An account whose secret never enters the state.
resource "procore_service_account" "own" {
  name                     = "Brings its own secret"
  app_type                 = "marketplace"
  marketplace_app          = "Site diary"
  client_secret_wo         = var.own_secret
  client_secret_wo_version = 1
}

# An account and all that belongs to it, imported: no secret of it is known.
resource "procore_service_account" "imported" {
  name                = "Imported"
  add_to_new_projects = true
}

resource "procore_service_account_secret_reset" "imported" {
  service_account_id = procore_service_account.imported.id
}

resource "procore_service_account_permissions" "imported" {
  service_account_id = procore_service_account.imported.id
  company            = { schedule = "none" }
}

# The same object more than once.
resource "procore_project" "each" {
  for_each = toset(["north", "south"])
  name     = "Tower ${each.key}"
  active   = each.key == "north"
}

data "procore_service_account" "exporter" {
  id = procore_service_account.exporter.id
}

data "procore_service_accounts" "all" {
  depends_on = [procore_service_account.exporter, procore_service_account.own, procore_service_account.imported]
}

data "procore_company" "this" {}

data "procore_project" "bridge" {
  id = procore_project.bridge.id
}

data "procore_projects" "all" {
  depends_on = [procore_project.bridge, procore_project.each]
}

data "procore_tools" "all" {}
