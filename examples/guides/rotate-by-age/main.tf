terraform {
  required_providers {
    procore = {
      source = "procore/procore"
    }
  }
}

# Configured by the environment: PROCORE_BASE_URL, PROCORE_CLIENT_ID, PROCORE_CLIENT_SECRET and PROCORE_COMPANY_ID.
provider "procore" {}

resource "procore_service_account" "exporter" {
  name = "CI exporter"
}

resource "procore_service_account_secret_reset" "exporter" {
  service_account_id = procore_service_account.exporter.id

  max_age     = "90d" # the first plan that finds the secret that old resets it
  warn_before = "14d" # and those of the two weeks before say so

  keep_access         = true  # the permissions and memberships stay as they are
  previous_secret_ttl = "36h" # the old secret goes on working until the integration has the new one
}

resource "procore_service_account_permissions" "exporter" {
  service_account_id = procore_service_account.exporter.id

  company = {
    documents = "readonly"
  }
}

# The reset's secret, and not the account's: only the reset's is the live one.
output "client_secret" {
  value     = procore_service_account_secret_reset.exporter.client_secret
  sensitive = true
}
