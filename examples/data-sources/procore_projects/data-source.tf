# The projects that go on. Further filters are name and search.
data "procore_projects" "active" {
  active = true
}

output "project_ids" {
  value = [for project in data.procore_projects.active.projects : project.id]
}
