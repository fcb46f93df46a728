terraform {
  required_providers {
    procore = {
      source = "procore/procore"
    }
  }
}

# Configured by the environment: PROCORE_BASE_URL, PROCORE_CLIENT_ID, PROCORE_CLIENT_SECRET and PROCORE_COMPANY_ID.
provider "procore" {}

locals {
  # Account ID → its arguments, as the configuration in list/ prints them. From now on this file is what you edit.
  accounts = jsondecode(file("${path.module}/accounts.json"))
}

import {
  for_each = local.accounts
  to       = procore_service_account.this[each.key]
  id       = each.key
}

resource "procore_service_account" "this" {
  for_each = local.accounts

  name                = each.value.name
  description         = each.value.description
  app_type            = each.value.app_type
  marketplace_app     = each.value.marketplace_app
  deletion_protection = each.value.deletion_protection
  add_to_new_projects = each.value.add_to_new_projects
}
