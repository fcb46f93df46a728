# The provider's company; set id for another one.
data "procore_company" "current" {}

output "company_name" {
  value = data.procore_company.current.name
}
