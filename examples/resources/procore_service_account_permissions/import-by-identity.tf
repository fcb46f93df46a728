# Needs Terraform 1.12 or OpenTofu 1.12. Without company_id it is an account of the provider's company.
import {
  to = procore_service_account_permissions.exporter
  identity = {
    company_id = "1"
    id         = "17" # of the account
  }
}
