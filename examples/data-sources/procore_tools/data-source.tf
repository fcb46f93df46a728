data "procore_tools" "all" {}

# Company tool → the levels that it takes.
output "company_tools" {
  value = { for tool in data.procore_tools.all.company : tool.name => tool.levels }
}
