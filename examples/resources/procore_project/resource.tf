resource "procore_project" "bridge" {
  name           = "Harbor bridge"
  project_number = "2026-014"
}

# A project that has ended, and is kept.
resource "procore_project" "pier" {
  name   = "East pier"
  active = false
}
