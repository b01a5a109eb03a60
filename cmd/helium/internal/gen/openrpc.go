package gen

import (
	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/schema"
)

func newOpenRPC(env *cli.Env) *cobra.Command {
	g := &registryGenerator{name: "openrpc", makes: "OpenRPC", render: schema.OpenRPC}
	cmd := g.command(env, &cobra.Command{
		Use:   "openrpc [service...]",
		Short: "Write an OpenRPC document of live services",
		Long: `Write an OpenRPC ` + schema.OpenRPCVersion + ` document, from the registry: of the services that are named, or
of all.`,
		Example: `  helium gen openrpc math
  helium gen openrpc --title "Everything" --out openrpc.json
  helium gen openrpc math --out math.json --check    exit code 1 if the file is stale`,
	})
	cmd.Flags().StringVar(&g.title, "title", "", "`title` of the document (default the names of the services)")
	return cmd
}
