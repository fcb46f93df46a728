# Needs Terraform 1.12 or OpenTofu 1.12. Without company_id it is a project of the provider's company.
import {
  to = procore_project.bridge
  identity = {
    company_id = "1"
    id         = "3"
  }
}
