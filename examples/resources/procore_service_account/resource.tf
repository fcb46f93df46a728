resource "procore_service_account" "exporter" {
  name        = "ci exporter"
  description = "Exports daily logs every night. Owner: data platform."

  # The server refuses to delete the account until this is false again.
  deletion_protection = true
}

# An app of the Procore Marketplace.
resource "procore_service_account" "marketplace" {
  name                = "scheduling app"
  app_type            = "marketplace"
  marketplace_app     = "Example Scheduling"
  add_to_new_projects = true
}

# What an integration needs for POST /oauth/token.
output "exporter_client_id" {
  value = procore_service_account.exporter.client_id
}

output "exporter_client_secret" {
  value     = procore_service_account.exporter.client_secret
  sensitive = true
}
