# "3" for a project of the provider's company, "1/3" to name the company.
import {
  to = procore_project.bridge
  id = "1/3"
}
