resource "procore_service_account" "exporter" {
  name = "ci exporter"
}

# Resets the secret when it is created, whenever a trigger changes, and with the first plan after it is 90 days old.
resource "procore_service_account_secret_reset" "exporter" {
  service_account_id = procore_service_account.exporter.id

  triggers = {
    rotated = "2026-07"
  }
  max_age     = "90d"
  warn_before = "14d"

  # The gentle way: what the account may do stays, and the old secret goes on working for a day and a half, until the
  # integration has the new one.
  keep_access         = true
  previous_secret_ttl = "36h"
}

# From now on this is the live secret, and not procore_service_account.exporter.client_secret.
output "exporter_client_secret" {
  value     = procore_service_account_secret_reset.exporter.client_secret
  sensitive = true
}
