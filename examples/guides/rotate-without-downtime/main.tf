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

  keep_access         = true  # the permissions and memberships stay as they are
  previous_secret_ttl = "36h" # the old secret goes on working until the integration has the new one

  triggers = {
    rotated = var.rotated
  }
}

resource "procore_service_account_permissions" "exporter" {
  service_account_id = procore_service_account.exporter.id

  company = {
    documents = "readonly"
  }
}

resource "procore_project" "bridge" {
  name = "Harbor bridge"
}

resource "procore_project_membership" "bridge" {
  service_account_id = procore_service_account.exporter.id
  project_id         = procore_project.bridge.id

  permissions = {
    daily_log = "standard"
  }
}

# The reset's secret, and not the account's: only the reset's is the live one.
output "client_secret" {
  value     = procore_service_account_secret_reset.exporter.client_secret
  sensitive = true
}
