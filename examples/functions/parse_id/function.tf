locals {
  imported = provider::procore::parse_id("1/17")
}

# "1", or null for parse_id("17").
output "company_id" {
  value = local.imported.company_id
}

# "17"
output "service_account_id" {
  value = local.imported.id
}
