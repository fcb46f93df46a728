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
  secret_version     = procore_service_account_secret_reset.exporter.secret_version

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
  secret_version     = procore_service_account_secret_reset.exporter.secret_version

  permissions = {
    daily_log = "standard"
  }
}

output "service_account_id" {
  value = procore_service_account.exporter.id
}

output "project_id" {
  value = procore_project.bridge.id
}
