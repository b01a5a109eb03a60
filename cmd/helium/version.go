package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

func newVersionCommand(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of this command",
		Args:  cli.Words(0, 0),
		RunE: func(*cobra.Command, []string) error {
			v := cli.ThisVersion()
			return env.Show(v, v.Version, func() {
				fmt.Fprintf(env.Out, "helium %s (%s, %s)\n", v.Version, v.Go, v.Platform)
			})
		},
	}
}
