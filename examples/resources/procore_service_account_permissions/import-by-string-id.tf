# The ID of the account: "17" in the provider's company, "1/17" to name the company.
import {
  to = procore_service_account_permissions.exporter
  id = "1/17"
}
