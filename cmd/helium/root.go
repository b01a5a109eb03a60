package main

import (
	"slices"

	"github.com/spf13/cobra"
)

// newRoot returns the command with all its subcommands, a line each.
func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "helium",
		Short: "RPC over NATS: see what is on the bus, and call it",
		Long: `RPC over NATS: see what is on the bus, and call it.

To try it: "helium dev" in one terminal, "helium ls" in another.`,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors:     true, // run reports them, with what helps next
		SilenceUsage:      true,
		DisableAutoGenTag: true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetFlagErrorFunc(flagError)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	a.connection.register(root.PersistentFlags())
	a.output.register(root.PersistentFlags())

	root.AddCommand(
		newDevCommand(a),
		newBrokerCommand(a),
		newBinderCommand(a),
		newServeCommand(a),
		newLsCommand(a),
		newDescribeCommand(a),
		newCallCommand(a),
		newPingCommand(a),
		newCompletionCommand(a),
		newBenchCommand(a),
		newGenCommand(a),
		newWhyCommand(a),
		newTopCommand(a),
		newDoctorCommand(a),
		newVersionCommand(a),
	)
	root.SetHelpCommand(newHelpCommand(a))
	root.InitDefaultHelpCmd()
	intoGroups(root)
	_ = root.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(outputForms, cobra.ShellCompDirectiveNoFileComp))
	a.watch(root)
	return root
}

// groups are how --help orders the subcommands; those in none stand last.
var groups = []struct {
	title    string
	commands []string
}{
	{"Run", []string{"dev", "broker", "binder", "serve"}},
	{"Look and call", []string{"ls", "describe", "call", "ping", "top"}},
	{"Find out", []string{"why", "doctor", "bench"}},
	{"Write code", []string{"gen"}},
}

func intoGroups(root *cobra.Command) {
	for _, group := range groups {
		root.AddGroup(&cobra.Group{ID: group.title, Title: group.title + ":"})
		for _, cmd := range root.Commands() {
			if slices.Contains(group.commands, cmd.Name()) {
				cmd.GroupID = group.title
			}
		}
	}
}

// watch notes when a subcommand itself begins: what fails before that is wrong usage.
func (a *app) watch(cmd *cobra.Command) {
	if inner := cmd.RunE; inner != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			a.running, a.command = true, cmd.CommandPath()
			if err := a.output.check(); err != nil {
				return err
			}
			if err := noEmptyFlags(cmd.LocalNonPersistentFlags()); err != nil {
				return fail(exitUsage, "", err)
			}
			return inner(cmd, args)
		}
	}
	for _, sub := range cmd.Commands() {
		a.watch(sub)
	}
}
