# "17" for an account of the provider's company, "1/17" to name the company. The secret of an imported account is not
# known: client_secret is null.
import {
  to = procore_service_account.exporter
  id = "1/17"
}
