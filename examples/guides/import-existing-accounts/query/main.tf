terraform {
  required_version = ">= 1.14"

  required_providers {
    procore = {
      source = "procore/procore"
    }
  }
}

# Configured by the environment: PROCORE_BASE_URL, PROCORE_CLIENT_ID, PROCORE_CLIENT_SECRET and PROCORE_COMPANY_ID.
provider "procore" {}
