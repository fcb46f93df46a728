# Needs Terraform 1.12 or OpenTofu 1.12. Without company_id it is a membership in the provider's company.
import {
  to = procore_project_membership.bridge
  identity = {
    company_id         = "1"
    service_account_id = "17"
    project_id         = "3"
  }
}
