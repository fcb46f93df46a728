# The IDs of the account and of the project: "17/3" in the provider's company, "1/17/3" to name the company.
import {
  to = procore_project_membership.bridge
  id = "1/17/3"
}
