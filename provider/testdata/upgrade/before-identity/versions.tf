terraform {
  required_providers {
    procore = {
      source = "procore/procore"
    }
  }
}
