# All projects of the provider's company that go on. Without a limit, Terraform takes the first 100.
list "procore_project" "active" {
  provider = procore
  limit    = 1000

  config {
    active = true
  }
}

# Those with a text in their name or number.
list "procore_project" "harbor" {
  provider = procore

  config {
    search = "harbor"
  }
}
