terraform {
  required_providers {
    procore = {
      source = "procore/procore"
    }
  }
}

# Configured by the environment: PROCORE_BASE_URL, PROCORE_CLIENT_ID, PROCORE_CLIENT_SECRET and PROCORE_COMPANY_ID.
provider "procore" {}

# Forty accounts to try an import with. Terraform is to forget them: delete terraform.tfstate afterwards.
resource "procore_service_account" "existing" {
  count = 40

  name        = format("integration %02d", count.index + 1)
  description = "Made by hand, long ago"
}
