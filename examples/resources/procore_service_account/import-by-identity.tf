# Needs Terraform 1.12 or OpenTofu 1.12. Without company_id it is an account of the provider's company. The secret of an
# imported account is not known: client_secret is null.
import {
  to = procore_service_account.exporter
  identity = {
    company_id = "1"
    id         = "17"
  }
}
