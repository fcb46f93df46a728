# All service accounts of the provider's company. Without a limit, Terraform takes the first 100.
list "procore_service_account" "all" {
  provider = procore
  limit    = 1000
}

# Those that no longer work.
list "procore_service_account" "broken" {
  provider = procore

  config {
    status = "nonfunctional"
  }
}

# Custom ones with a text in their name, description or client ID, with all their attributes.
list "procore_service_account" "exporters" {
  provider         = procore
  include_resource = true

  config {
    app_type = "custom"
    search   = "exporter"
  }
}
