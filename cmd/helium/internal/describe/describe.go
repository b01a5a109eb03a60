// Package describe is "helium describe": what instances register of a service, gathered
// (description.go) and shown to people (show.go, types.go).
package describe

import (
	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/lookup"
)

// New returns "helium describe".
func New(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "describe service|service.method|method",
		Short: "Show a service's methods, or one method, with types, errors and an example",
		Example: `  helium describe math
  helium describe math.div
  helium describe math -o raw     signatures only`,
		Args:              cli.Words(1, 1),
		ValidArgsFunction: lookup.CompleteServicesAndMethods(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			env.Asked = args[0]
			ctx, cancel := env.Bounded(cmd.Context())
			defer cancel()
			reg, _, done, err := env.Registry(ctx)
			if err != nil {
				return err
			}
			defer done()
			entry, err := lookup.Entry(ctx, reg, args[0])
			if err != nil {
				return err
			}
			return show(env, describe(entry))
		},
	}
}
