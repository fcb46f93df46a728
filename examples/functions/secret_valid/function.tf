variable "client_secret" {
  type      = string
  default   = null
  sensitive = true
  ephemeral = true

  validation {
    condition     = var.client_secret == null ? true : provider::procore::secret_valid(var.client_secret)
    error_message = "This is no client secret: it is mistyped, or only a part of one."
  }
}
