# What company 1 has, as terraform-provider-procore export found it. For a configuration that has the provider procore/procore.
# terraform plan must say: 8 to import, 0 to add, 0 to change, 0 to destroy. Once terraform apply has imported everything, the import blocks
# can be deleted. No secret is in here: client_secret of an imported account is null.

import {
  to = procore_project.harbor_bridge
  id = "1/1"
}

import {
  to = procore_project.old_dam
  id = "1/2"
}

import {
  to = procore_service_account.administrator
  id = "1/1"
}

import {
  to = procore_service_account.ci_exporter
  id = "1/2"
}

import {
  to = procore_service_account.ci_exporter_3
  id = "1/3"
}

import {
  to = procore_service_account_permissions.administrator
  id = "1/1"
}

import {
  to = procore_service_account_permissions.ci_exporter
  id = "1/2"
}

import {
  to = procore_project_membership.ci_exporter_harbor_bridge
  id = "1/2/1"
}

resource "procore_project" "harbor_bridge" {
  name = "Harbor bridge"
}

resource "procore_project" "old_dam" {
  name           = "Old dam"
  project_number = "2026-014"
  active         = false
}

# export signed in as this account. If Terraform does, too, destroying it or resetting its secret locks Terraform out.
resource "procore_service_account" "administrator" {
  name        = "Administrator"
  description = "Administers this company's service accounts."
}

resource "procore_service_account" "ci_exporter" {
  name                = "CI exporter"
  description         = "Exports daily logs.\nEvery night: $${date}."
  deletion_protection = true
}

resource "procore_service_account" "ci_exporter_3" {
  name                = "ci-exporter"
  app_type            = "marketplace"
  marketplace_app     = "Field Reporter"
  add_to_new_projects = true
}

# export signed in as this account. If Terraform does, too, taking admin away from it locks Terraform out.
resource "procore_service_account_permissions" "administrator" {
  service_account_id = procore_service_account.administrator.id

  company = {
    admin     = "admin"
    directory = "admin"
  }
}

resource "procore_service_account_permissions" "ci_exporter" {
  service_account_id = procore_service_account.ci_exporter.id

  company = {
    documents = "standard"
    reports   = "readonly"
  }
}

resource "procore_project_membership" "ci_exporter_harbor_bridge" {
  service_account_id = procore_service_account.ci_exporter.id
  project_id         = procore_project.harbor_bridge.id

  permissions = {
    daily_log = "standard"
  }
}
