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

  keep_access         = true
  previous_secret_ttl = "1h" # until every reader of the store has the new one

  triggers = {
    rotated = var.rotated
  }
}

# Stands in for the resource of a secret store, such as vault_kv_secret_v2 or aws_secretsmanager_secret_version. It takes
# the credentials from the reset, so that each rotation puts the new secret there in the same apply. A store's own resource
# knows that it holds a secret; terraform_data doesn't, and a plan shows what it held before. Don't keep a real one in it.
resource "terraform_data" "secret_store" {
  input = {
    client_id     = procore_service_account.exporter.client_id
    client_secret = procore_service_account_secret_reset.exporter.client_secret
  }
}

output "stored" {
  value     = terraform_data.secret_store.output
  sensitive = true
}
