package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/internal/visible"
)

// defaultCompletionTime bounds how long a press of the tab key may look for what is on
// the bus, so that with the start of the process it stays within 150 ms.
const defaultCompletionTime = 120 * time.Millisecond

// completionTime is $HELIUM_COMPLETION_TIME, for a bus that is far away, or the default.
func completionTime() time.Duration {
	if d, err := time.ParseDuration(os.Getenv("HELIUM_COMPLETION_TIME")); err == nil && d > 0 {
		return d
	}
	return defaultCompletionTime
}

func newCompletionCommand(*app) *cobra.Command {
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
		Args:      words(1, 1),
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
			return fail(exitUsage, "", fmt.Errorf("there is no completion for the shell %q; there is for %s", args[0], strings.Join(shells, ", ")))
		},
	}
}

// ask runs a question to the registry for a completion. Whatever goes wrong, the answer
// is none, in silence: nobody asked for an error.
func (a *app) ask(cmd *cobra.Command, question func(ctx context.Context, reg *binder.Client)) {
	ctx, cancel := context.WithTimeout(cmd.Context(), completionTime())
	defer cancel()
	cfg := bus.Config{Name: "helium completion"}
	if a.connection.configure(&cfg) != nil {
		return
	}
	cfg.Logger = slog.New(slog.DiscardHandler)
	nc, err := bus.Connect(ctx, cfg)
	if err != nil {
		return
	}
	defer nc.Close()
	if reg, err := binder.NewClient(nc, a.connection.prefix); err == nil {
		question(ctx, reg)
	}
}

// completeServices completes the first word with services.
func (a *app) completeServices(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var found []string
	if len(args) == 0 {
		a.ask(cmd, func(ctx context.Context, reg *binder.Client) {
			records, _ := reg.List(ctx)
			for _, row := range servicesOf(records) {
				found = append(found, described(row.Service, strings.Join(row.Versions, ", ")))
			}
		})
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}

// completeServicesAndMethods completes the first word: services until there is a dot,
// then methods.
func (a *app) completeServicesAndMethods(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if strings.Contains(word, ".") {
		return a.completeMethods(cmd, args, word)
	}
	return a.completeServices(cmd, args, word)
}

// completeMethods completes the first word with methods, such as "math.add".
func (a *app) completeMethods(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var found []string
	if len(args) == 0 {
		a.ask(cmd, func(ctx context.Context, reg *binder.Client) {
			records, _ := reg.List(ctx)
			for _, r := range records {
				for _, m := range r.Methods {
					found = with(found, described(r.Service+"."+m.Name, m.Signature))
				}
			}
		})
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}

// completeCall completes methods, then the names of parameters that aren't given yet.
func (a *app) completeCall(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return a.completeMethods(cmd, args, word)
	}
	var found []string
	a.ask(cmd, func(ctx context.Context, reg *binder.Client) {
		t, err := findMethod(ctx, reg, args[0], "")
		if err != nil {
			return
		}
		for i, p := range t.method.Params {
			if p.Name != "" && !given(args[1:], i, p.Name) {
				found = append(found, described(p.Name+"=", p.Type.String()))
			}
		}
	})
	return found, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// given reports whether words hold a parameter, by its name or in order.
func given(words []string, index int, name string) bool {
	inOrder := 0
	for _, word := range words {
		if parts := byName.FindStringSubmatch(word); parts == nil {
			inOrder++
		} else if parts[1] == name {
			return true
		}
	}
	return index < inOrder
}

// completeInstances completes --at with the instances of the method's service.
func (a *app) completeInstances(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var found []string
	if len(args) > 0 {
		a.ask(cmd, func(ctx context.Context, reg *binder.Client) {
			entry, err := reg.Lookup(ctx, args[0])
			if err != nil {
				return
			}
			for _, r := range entry.Records {
				found = append(found, described(r.Instance, r.Version))
			}
		})
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}

// described is a completion with what shells show beside it.
func described(word, description string) string {
	return fmt.Sprintf("%s\t%s", visible.Line(word), visible.Line(description))
}
