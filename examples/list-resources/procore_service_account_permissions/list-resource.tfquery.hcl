# What every service account of the provider's company may do there; accounts without any permission are left out.
list "procore_service_account_permissions" "all" {
  provider         = procore
  include_resource = true
  limit            = 1000
}

# What one of them may do.
list "procore_service_account_permissions" "one" {
  provider         = procore
  include_resource = true

  config {
    service_account_id = "1"
  }
}
