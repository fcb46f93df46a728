# By name; upper and lower case count as the same. Or by id, which is never ambiguous.
data "procore_project" "bridge" {
  name = "Harbor bridge"
}

output "bridge_id" {
  value = data.procore_project.bridge.id
}
