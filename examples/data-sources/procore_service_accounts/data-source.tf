# All service accounts of the company.
data "procore_service_accounts" "all" {}

# Those that don't work any more.
data "procore_service_accounts" "broken" {
  status = "nonfunctional"
}

output "account_ids" {
  value = { for account in data.procore_service_accounts.all.service_accounts : account.name => account.id }
}

output "broken_accounts" {
  value = {
    for account in data.procore_service_accounts.broken.service_accounts : account.name => account.status_reasons
  }
}
