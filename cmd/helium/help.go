package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

// newHelpCommand is "helium help gen go": the same as "helium gen go --help".
func newHelpCommand(*cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "help [subcommand]...",
		Short: "Show the help of a subcommand",
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			of, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var found []string
			for _, sub := range of.Commands() {
				if sub.IsAvailableCommand() {
					found = append(found, cli.Completion(sub.Name(), sub.Short))
				}
			}
			return found, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			of, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return cli.Fail(cli.ExitUsage, of.CommandPath()+" --help", fmt.Errorf("there is no subcommand %s", cli.QuotedWords(args)))
			}
			of.InitDefaultHelpFlag()
			return of.Help()
		},
	}
}
