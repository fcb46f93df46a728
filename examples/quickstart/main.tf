# A service account for an integration, with a secret that Terraform renews whenever var.rotation changes.

terraform {
  required_version = ">= 1.11"

  required_providers {
    procore = {
      source = "procore/procore"
    }
  }
}

# PROCORE_BASE_URL, PROCORE_COMPANY_ID, PROCORE_CLIENT_ID and PROCORE_CLIENT_SECRET, in the environment, say which API to manage
# and as whom. `terraform-provider-procore init` prints them.
provider "procore" {}

variable "rotation" {
  description = "Any text. A new value resets the account's secret."
  type        = string
  default     = "1"
}

resource "procore_service_account" "exporter" {
  name        = "CI exporter"
  description = "Exports daily logs every night"
}

# The reset makes the account's first secret obsolete at once, and is from then on the one place that holds the live secret.
resource "procore_service_account_secret_reset" "exporter" {
  service_account_id = procore_service_account.exporter.id

  # Without this a reset takes away all permissions and project memberships of the account, as in Procore.
  keep_access = true

  triggers = {
    rotation = var.rotation
  }
}

output "client_id" {
  value = procore_service_account.exporter.client_id
}

# From the reset, never from the account: the account only knows the secret that it was created with.
output "client_secret" {
  value     = procore_service_account_secret_reset.exporter.client_secret
  sensitive = true
}

output "secret_version" {
  value = procore_service_account_secret_reset.exporter.secret_version
}

output "secret_fingerprint" {
  value = procore_service_account_secret_reset.exporter.secret_fingerprint
}
