resource "procore_service_account" "exporter" {
  name = "CI exporter"
}

ephemeral "procore_access_token" "exporter" {
  client_id       = procore_service_account.exporter.client_id
  client_secret   = procore_service_account.exporter.client_secret
  revoke_on_close = true
}

# For the configuration of another provider, which may be ephemeral.
locals {
  authorization = "Bearer ${ephemeral.procore_access_token.exporter.access_token}"
}
