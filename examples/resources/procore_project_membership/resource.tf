resource "procore_service_account" "exporter" {
  name = "ci exporter"
}

resource "procore_project" "bridge" {
  name = "Harbor bridge"
}

# What the account may do in one project. A tool that is left out is at "none".
resource "procore_project_membership" "bridge" {
  service_account_id = procore_service_account.exporter.id
  project_id         = procore_project.bridge.id

  permissions = {
    daily_log = "standard"
    documents = "readonly"
  }

  # With a procore_service_account_secret_reset of the account, which ends its memberships:
  # secret_version = procore_service_account_secret_reset.exporter.secret_version
}
