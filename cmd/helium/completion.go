package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

func newCompletionCommand(*cli.Env) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Print a script that completes commands, live services, methods and parameters",
		Long: `Print a script that completes commands, live services, methods and parameters.

  bash         source <(helium completion bash)
  zsh          helium completion zsh > "${fpath[1]}/_helium"
  fish         helium completion fish > ~/.config/fish/completions/helium.fish
  powershell   helium completion powershell | Out-String | Invoke-Expression

Bash needs nothing else, and zsh what every completion of it needs: "autoload -Uz compinit;
compinit" in ~/.zshrc.

It looks at the bus for 120 ms at most; HELIUM_COMPLETION_TIME=500ms gives it longer,
for a bus that is far away.`,
		Args:      cli.Words(1, 1),
		ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			root, out := cmd.Root(), cmd.OutOrStdout()
			switch args[0] {
			case "bash":
				return writeBashCompletion(root, out)
			case "zsh":
				return root.GenZshCompletion(out)
			case "fish":
				return root.GenFishCompletion(out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(out)
			}
			return cli.Fail(cli.ExitUsage, "", fmt.Errorf("there is no completion for the shell %q; there is for %s", args[0], strings.Join(shells, ", ")))
		},
	}
}
