ephemeral "procore_client_secret" "exporter" {}

# The account gets the secret of the apply that creates it. Neither state nor plan has it, so the same apply must put it
# where the integration reads it, with the write-only attribute of that store's resource.
resource "procore_service_account" "exporter" {
  name = "CI exporter"

  client_secret_wo         = ephemeral.procore_client_secret.exporter.client_secret
  client_secret_wo_version = 1
}
