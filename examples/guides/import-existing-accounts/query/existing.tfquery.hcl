# Without a limit, Terraform takes the first 100 of each.
list "procore_service_account" "existing" {
  provider = procore
  limit    = 1000
}

list "procore_service_account_permissions" "existing" {
  provider = procore
  limit    = 1000
}

list "procore_project" "existing" {
  provider = procore
  limit    = 1000
}

list "procore_project_membership" "existing" {
  provider = procore
  limit    = 10000
}
