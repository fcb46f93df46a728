terraform {
  required_providers {
    procore = {
      source = "procore/procore"
    }
    vault = {
      source  = "hashicorp/vault"
      version = ">= 5.0"
    }
  }
}

# Configured by the environment: PROCORE_BASE_URL, PROCORE_CLIENT_ID, PROCORE_CLIENT_SECRET and PROCORE_COMPANY_ID.
provider "procore" {}

# Configured by the environment: VAULT_ADDR and VAULT_TOKEN.
provider "vault" {}

# One more rotates the secret.
variable "rotation" {
  type    = number
  default = 1
}

# Made anew in every plan and every apply, and kept nowhere.
ephemeral "procore_client_secret" "first" {}
ephemeral "procore_client_secret" "exporter" {}

resource "procore_service_account" "exporter" {
  name = "CI exporter"

  client_secret_wo         = ephemeral.procore_client_secret.first.client_secret # until the reset below; nobody gets it
  client_secret_wo_version = 1
}

resource "procore_service_account_secret_reset" "exporter" {
  service_account_id = procore_service_account.exporter.id

  keep_access         = true
  previous_secret_ttl = "36h" # until every reader of the store has the new one

  client_secret_wo         = ephemeral.procore_client_secret.exporter.client_secret
  client_secret_wo_version = var.rotation
}

resource "vault_kv_secret_v2" "exporter" {
  mount        = "secret"
  name         = "procore/ci-exporter"
  disable_read = true # else a refresh may bring into the state what the store has

  data_json_wo = jsonencode({
    client_id     = procore_service_account.exporter.client_id
    client_secret = ephemeral.procore_client_secret.exporter.client_secret
  })
  data_json_wo_version = procore_service_account_secret_reset.exporter.secret_version # written after each reset
}
