package main

import "github.com/spf13/cobra"

func newGenCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "gen",
		Short: "Generate clients and documents",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		newGenGoCommand(a),
		newGenTSCommand(a),
		newGenOpenRPCCommand(a),
	)
	return cmd
}
