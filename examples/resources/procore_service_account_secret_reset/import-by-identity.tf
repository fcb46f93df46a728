# Needs Terraform 1.12 or OpenTofu 1.12. Adopts the secret that the account has. Neither the import nor the first triggers
# reset it.
import {
  to = procore_service_account_secret_reset.exporter
  identity = {
    company_id = "1"
    id         = "17" # of the account
  }
}
