terraform {
  required_providers {
    procore = {
      source = "procore/procore"
    }
  }
}

# Configured by the environment: PROCORE_BASE_URL, PROCORE_CLIENT_ID, PROCORE_CLIENT_SECRET and PROCORE_COMPANY_ID.
provider "procore" {}

data "procore_service_accounts" "all" {
  search = "integration" # leave it out to get every account of the company
}

# Account ID → what a procore_service_account needs to say to change nothing.
output "accounts" {
  value = {
    for account in data.procore_service_accounts.all.service_accounts : account.id => {
      name                = account.name
      description         = account.description
      app_type            = account.app_type
      marketplace_app     = account.marketplace_app
      deletion_protection = account.deletion_protection
      add_to_new_projects = account.add_to_new_projects
    }
  }
}
