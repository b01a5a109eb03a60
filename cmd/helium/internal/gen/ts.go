package gen

import (
	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/schema"
)

func newTS(env *cli.Env) *cobra.Command {
	g := &registryGenerator{name: "ts", makes: "TypeScript", render: schema.TypeScript}
	return g.command(env, &cobra.Command{
		Use:   "ts [service...]",
		Short: "Write TypeScript types and clients of live services",
		Long: `Write TypeScript types and a client class for each service, from the registry: of
the services that are named, or of all.

A client needs a connection of @nats-io/transport-node, or of any package like it. The
file itself imports nothing.`,
		Example: `  helium gen ts math
  helium gen ts math --out math.ts
  helium gen ts math --out math.ts --check    exit code 1 if the file is stale`,
	})
}
