terraform {
  required_providers {
    procore = {
      source = "procore/procore"
    }
  }
}

# Configured by the environment: PROCORE_BASE_URL, PROCORE_CLIENT_ID, PROCORE_CLIENT_SECRET and PROCORE_COMPANY_ID.
provider "procore" {}

# Another value rotates the secret.
variable "rotated" {
  type    = string
  default = "2026-07"
}

resource "procore_service_account" "exporter" {
  name = "CI exporter"
}

resource "procore_service_account_secret_reset" "exporter" {
  service_account_id = procore_service_account.exporter.id

  triggers = {
    rotated = var.rotated
  }
}

resource "procore_service_account_permissions" "exporter" {
  service_account_id = procore_service_account.exporter.id
  secret_version     = procore_service_account_secret_reset.exporter.secret_version # grants again after each reset

  company = {
    documents = "readonly"
  }
}

resource "procore_project" "this" {
  for_each = toset(["Harbor bridge", "North tower", "East pier"])

  name = each.key
}

resource "procore_project_membership" "exporter" {
  for_each = procore_project.this

  service_account_id = procore_service_account.exporter.id
  project_id         = each.value.id
  secret_version     = procore_service_account_secret_reset.exporter.secret_version # grants again after each reset

  permissions = {
    daily_log = "standard"
  }
}

# Tells after each apply whether the last reset cleared something that this configuration doesn't grant.
check "everything_is_granted_again" {
  assert {
    condition = length(setsubtract(
      keys(coalesce(procore_service_account_secret_reset.exporter.cleared_permissions, {})),
      keys(procore_service_account_permissions.exporter.company),
    )) == 0
    error_message = "The last reset cleared company permissions that are not in this configuration."
  }

  assert {
    condition = length(setsubtract(
      coalesce(procore_service_account_secret_reset.exporter.cleared_project_ids, []),
      [for membership in procore_project_membership.exporter : membership.project_id],
    )) == 0
    error_message = "The last reset ended project memberships that are not in this configuration."
  }
}

# The reset's secret, and not the account's: only the reset's is the live one.
output "client_secret" {
  value     = procore_service_account_secret_reset.exporter.client_secret
  sensitive = true
}
