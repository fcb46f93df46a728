# Adopts the secret that the account has. Neither the import nor the first triggers reset it.
import {
  to = procore_service_account_secret_reset.exporter
  id = "1/17"
}
