// Package gen is "helium gen": Go stubs from an interface (go.go), and TypeScript and OpenRPC
// from what the registry says of live services (registry.go).
package gen

import (
	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

// New returns "helium gen" with what it can generate.
func New(env *cli.Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "gen",
		Short: "Generate clients and documents",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		newGo(env),
		newTS(env),
		newOpenRPC(env),
	)
	return cmd
}
