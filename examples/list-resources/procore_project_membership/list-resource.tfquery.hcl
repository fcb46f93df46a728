# The service accounts in one project, and what they may do there.
list "procore_project_membership" "members" {
  provider         = procore
  include_resource = true

  config {
    project_id = "1"
  }
}

# The projects that one account is in.
list "procore_project_membership" "projects" {
  provider = procore

  config {
    service_account_id = "1"
  }
}

# All memberships of the company: a request for each account.
list "procore_project_membership" "all" {
  provider = procore
  limit    = 10000
}
