terraform {
  required_providers {
    procore = {
      source = "procore/procore"
    }
  }
}

# The management API of the company, and the service account that Terraform works as.
# Better kept in the environment: PROCORE_BASE_URL, PROCORE_CLIENT_ID, PROCORE_CLIENT_SECRET.
provider "procore" {
  base_url      = "https://procore-admin.example.com"
  client_id     = var.procore_client_id
  client_secret = var.procore_client_secret
  company_id    = "1"
}

# Without a server: the same API inside the provider, on a file beside the configuration.
provider "procore" {
  alias    = "local"
  database = "procore.db"
}

variable "procore_client_id" {
  type = string
}

variable "procore_client_secret" {
  type      = string
  sensitive = true
}
