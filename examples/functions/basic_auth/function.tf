variable "client_id" {
  type    = string
  default = "7ce3c4b2c9d1f0a8"
}

variable "client_secret" {
  type      = string
  default   = "not-a-secret"
  sensitive = true
}

# Sensitive, because the client secret is.
output "authorization" {
  value     = provider::procore::basic_auth(var.client_id, var.client_secret)
  sensitive = true
}
