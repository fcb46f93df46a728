# By name; upper and lower case count as the same. Or by id, or by client_id.
data "procore_service_account" "exporter" {
  name = "ci exporter"
}

output "exporter_status" {
  value = data.procore_service_account.exporter.status
}
