terraform {
  required_providers {
    procore = {
      source = "procore/procore"
    }
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0"
    }
  }
}

# Configured by the environment: PROCORE_BASE_URL, PROCORE_CLIENT_ID, PROCORE_CLIENT_SECRET and PROCORE_COMPANY_ID.
provider "procore" {}

# Configured by the environment: AWS_REGION and AWS_PROFILE, or as you are used to.
provider "aws" {}

# One more rotates the secret.
variable "rotation" {
  type    = number
  default = 1
}

# Made anew in every plan and every apply, and kept nowhere.
ephemeral "procore_client_secret" "first" {}
ephemeral "procore_client_secret" "next" {}

resource "procore_service_account" "exporter" {
  name = "CI exporter"

  client_secret_wo         = ephemeral.procore_client_secret.first.client_secret # until the reset below; nobody gets it
  client_secret_wo_version = 1
}

resource "aws_secretsmanager_secret" "exporter" {
  name = "procore/ci-exporter"
}

resource "aws_secretsmanager_secret_version" "exporter" {
  secret_id = aws_secretsmanager_secret.exporter.id

  secret_string_wo         = ephemeral.procore_client_secret.next.client_secret
  secret_string_wo_version = var.rotation
}

# What the store has now, whichever apply wrote it.
ephemeral "aws_secretsmanager_secret_version" "exporter" {
  secret_id  = aws_secretsmanager_secret.exporter.id
  version_id = aws_secretsmanager_secret_version.exporter.version_id
}

resource "procore_service_account_secret_reset" "exporter" {
  service_account_id = procore_service_account.exporter.id

  keep_access         = true
  previous_secret_ttl = "36h" # until every reader of the store has the new one

  client_secret_wo = ephemeral.aws_secretsmanager_secret_version.exporter.secret_string

  triggers = {
    stored = aws_secretsmanager_secret_version.exporter.version_id # resets after each write
  }
}
