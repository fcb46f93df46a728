resource "procore_service_account" "exporter" {
  name = "ci exporter"
}

resource "procore_service_account_secret_reset" "exporter" {
  service_account_id = procore_service_account.exporter.id

  # The old secret goes on working until the integration has the new one, and so do the access tokens got with it.
  keep_access         = true
  previous_secret_ttl = "36h"

  triggers = {
    rotated = "2026-07"
  }

  # Each rotation ends those tokens all the same: what holds one has to get another, with either secret.
  lifecycle {
    action_trigger {
      events  = [after_update]
      actions = [action.procore_revoke_tokens.exporter]
    }
  }
}

# When a token got out: terraform apply -invoke=action.procore_revoke_tokens.exporter
action "procore_revoke_tokens" "exporter" {
  config {
    service_account_id = procore_service_account.exporter.id
  }
}
