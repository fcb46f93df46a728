resource "procore_service_account" "exporter" {
  name = "ci exporter"
}

resource "procore_service_account_secret_reset" "exporter" {
  service_account_id = procore_service_account.exporter.id

  triggers = {
    rotated = "2026-07"
  }
}

# All that the account may do in the company. A tool that is left out is at "none".
resource "procore_service_account_permissions" "exporter" {
  service_account_id = procore_service_account.exporter.id

  company = {
    documents = "readonly"
    schedule  = "standard"
  }

  # A reset clears the permissions. This grants them again in the same apply.
  secret_version = procore_service_account_secret_reset.exporter.secret_version
}
