// Package provider is the Terraform provider "procore": what Terraform talks to.
//
// provider.go names what there is; config.go finds out which API to talk to; base.go is what all resources, data sources and actions
// have in common, and list.go what all lists have; diagnostics.go is how a failure reaches a person. After that there is one file for
// each noun: NOUN_resource.go, NOUN_data_source.go, NOUN_list.go, NOUN_ephemeral_resource.go or NAME_action.go is the way between
// Terraform and the API, NAME_function.go a function that asks nobody, NOUN_model.go the pure functions between their values,
// NOUN_schema.go the manual.
//
// The rule of the secret reset, when one happens and when none does, is secret_reset_decision.go, with the part of a secret's age in
// secret_age.go. What a reset and the grants that come after it know of each other in a plan is planned_access.go. The ways to say
// that a tool is out of reach are told apart, and made one, in levels.go. A plan that somebody else's change has overtaken is
// lost_update.go, and an ID that is somebody else's by now stranger.go.
//
// What Terraform keeps of an object: identity.go is what names it, private_state.go what the provider notes beside it, upgrade.go
// reads the state of an earlier version, move.go that of another source address. What isn't known yet waits in deferral.go. An access
// token that Terraform doesn't close when a run fails is in open_tokens.go.
//
// The subcommand export is here, too, because it sees the API from outside: export.go is its flags and its way, export_read.go asks,
// export_configuration.go and export_label.go write, export_files.go into a folder. It and the lists read side by side with in_order.go.
//
// The package reaches the API through package client only and never imports the server: main hands in
// the embedded one as an [Embedded].
package provider
