// Command terraform-provider-procore is two things in one binary: the Terraform provider for Procore service accounts
// when Terraform starts it, and the management API behind that provider, with its tools, when a person does.
package main

import (
	"context"
	"log"
	"os"

	"github.com/procore/terraform-provider-procore/provider"
	"github.com/procore/terraform-provider-procore/server"
)

// Set by the linker.
var (
	version = "dev"
	commit  = ""
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:]))
}

// pluginCookie is what Terraform and OpenTofu set when they start a provider (go-plugin's handshake for Terraform).
const pluginCookie = "TF_PLUGIN_MAGIC_COOKIE"

func run(ctx context.Context, args []string) int {
	debug := len(args) == 1 && (args[0] == "-debug" || args[0] == "--debug")
	if !debug && (len(args) > 0 || os.Getenv(pluginCookie) == "") {
		return server.Main(ctx, args, os.Stdout, os.Stderr, server.Build{Version: version, Commit: commit}, server.Subcommand{
			Name: "export", Help: provider.ExportHelp, Command: provider.NewExport(version, server.Embed, os.Stdout, os.Stderr),
		})
	}
	if err := provider.Serve(ctx, version, server.Embed, debug); err != nil {
		log.Print(err) // Terraform reads a provider's stderr as its log
		return 1
	}
	return 0
}
