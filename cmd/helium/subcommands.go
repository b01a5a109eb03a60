package main

import (
	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium/cmd/helium/internal/bench"
	"github.com/helium-rpc/helium/cmd/helium/internal/call"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/describe"
	"github.com/helium-rpc/helium/cmd/helium/internal/diagnose"
	"github.com/helium-rpc/helium/cmd/helium/internal/gen"
	"github.com/helium-rpc/helium/cmd/helium/internal/top"
)

// subcommands are all there are, by the groups in which --help shows them; those in none
// stand last. A new subcommand is one new file here, or a package under internal if it is
// more than a file, and one line in this list.
var subcommands = []struct {
	group string
	new   func(*cli.Env) *cobra.Command
}{
	{"Run", newDevCommand},
	{"Run", newBrokerCommand},
	{"Run", newBinderCommand},
	{"Run", newServeCommand},
	{"Look and call", newLsCommand},
	{"Look and call", describe.New},
	{"Look and call", call.New},
	{"Look and call", newPingCommand},
	{"Look and call", top.New},
	{"Find out", diagnose.NewWhy},
	{"Find out", diagnose.NewDoctor},
	{"Find out", bench.New},
	{"Write code", gen.New},
	{"", newCompletionCommand},
	{"", newVersionCommand},
}

// newRoot returns the command with all its subcommands.
func newRoot(env *cli.Env) *cobra.Command {
	root := &cobra.Command{
		Use:   "helium",
		Short: "RPC over NATS: see what is on the bus, and call it",
		Long: `RPC over NATS: see what is on the bus, and call it.

To try it: "helium dev" in one terminal, "helium ls" in another.`,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors:     true, // what runs them reports them, with what helps next
		SilenceUsage:      true,
		DisableAutoGenTag: true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	for _, s := range subcommands {
		cmd := s.new(env)
		if cmd.GroupID = s.group; s.group != "" && !root.ContainsGroup(s.group) {
			root.AddGroup(&cobra.Group{ID: s.group, Title: s.group + ":"})
		}
		root.AddCommand(cmd)
	}
	root.SetHelpCommand(newHelpCommand(env))
	root.InitDefaultHelpCmd()
	return root
}
