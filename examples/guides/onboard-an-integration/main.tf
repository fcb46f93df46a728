terraform {
  required_providers {
    procore = {
      source = "procore/procore"
    }
  }
}

# Configured by the environment: PROCORE_BASE_URL, PROCORE_CLIENT_ID, PROCORE_CLIENT_SECRET and PROCORE_COMPANY_ID.
provider "procore" {}

locals {
  # The projects that the integration works in, and what it may do in each.
  projects = {
    "Harbor bridge" = { daily_log = "standard", documents = "readonly" }
    "North tower"   = { daily_log = "standard", documents = "readonly" }
    "East pier"     = { daily_log = "readonly" }
  }
}

resource "procore_service_account" "exporter" {
  name        = "CI exporter"
  description = "Exports daily logs every night. Owner: data platform."
}

# What it may do in the company.
resource "procore_service_account_permissions" "exporter" {
  service_account_id = procore_service_account.exporter.id

  company = {
    documents = "readonly"
    reports   = "readonly"
  }
}

# The projects. For those that exist already, look them up instead: data "procore_project" with for_each and name.
resource "procore_project" "this" {
  for_each = local.projects

  name = each.key
}

# What it may do in each project.
resource "procore_project_membership" "exporter" {
  for_each = local.projects

  service_account_id = procore_service_account.exporter.id
  project_id         = procore_project.this[each.key].id
  permissions        = each.value
}

output "client_id" {
  value = procore_service_account.exporter.client_id
}

output "client_secret" {
  value     = procore_service_account.exporter.client_secret
  sensitive = true
}
