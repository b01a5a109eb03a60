package lookup

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/cmd/helium/internal/arguments"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
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

// ask runs a question to the registry for a completion. Whatever goes wrong, the answer
// is none, in silence: nobody asked for an error.
func ask(ctx context.Context, env *cli.Env, question func(ctx context.Context, reg *binder.Client)) {
	ctx, cancel := context.WithTimeout(ctx, completionTime())
	defer cancel()
	cfg := bus.Config{Name: "helium completion"}
	if env.Connection.Configure(&cfg) != nil {
		return
	}
	cfg.Logger = slog.New(slog.DiscardHandler)
	nc, err := bus.Connect(ctx, cfg)
	if err != nil {
		return
	}
	defer nc.Close()
	if reg, err := binder.NewClient(nc, env.Connection.Prefix); err == nil {
		question(ctx, reg)
	}
}

// CompleteServices completes the first word with services.
func CompleteServices(env *cli.Env) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return CompleteAnyServices(env)(cmd, args, "")
	}
}

// CompleteAnyServices completes each word with services.
func CompleteAnyServices(env *cli.Env) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) (found []string, _ cobra.ShellCompDirective) {
		ask(cmd.Context(), env, func(ctx context.Context, reg *binder.Client) {
			records, _ := reg.List(ctx)
			for _, row := range Services(records) {
				found = append(found, cli.Completion(row.Service, strings.Join(row.Versions, ", ")))
			}
		})
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}

// CompleteServicesAndMethods completes the first word: services until there is a dot,
// then methods.
func CompleteServicesAndMethods(env *cli.Env) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		if strings.Contains(word, ".") {
			return completeMethods(env)(cmd, args, word)
		}
		return CompleteServices(env)(cmd, args, word)
	}
}

// completeMethods completes the first word with methods, such as "math.add".
func completeMethods(env *cli.Env) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) (found []string, _ cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ask(cmd.Context(), env, func(ctx context.Context, reg *binder.Client) {
			records, _ := reg.List(ctx)
			for _, r := range records {
				for _, m := range r.Methods {
					found = with(found, cli.Completion(r.Service+"."+m.Name, m.Signature))
				}
			}
		})
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}

// CompleteCall completes methods, then the names of parameters that aren't given yet.
func CompleteCall(env *cli.Env) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, word string) (found []string, _ cobra.ShellCompDirective) {
		if len(args) == 0 {
			return completeMethods(env)(cmd, args, word)
		}
		ask(cmd.Context(), env, func(ctx context.Context, reg *binder.Client) {
			t, err := FindMethod(ctx, reg, args[0], "")
			if err != nil {
				return
			}
			for i, p := range t.Signature.Params {
				if p.Name != "" && !arguments.Given(t.Signature, args[1:], i) {
					found = append(found, cli.Completion(p.Name+"=", p.Type.String()))
				}
			}
		})
		return found, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

// CompleteInstances completes a flag with the instances of the method's service.
func CompleteInstances(env *cli.Env) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) (found []string, _ cobra.ShellCompDirective) {
		if len(args) == 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ask(cmd.Context(), env, func(ctx context.Context, reg *binder.Client) {
			entry, err := Entry(ctx, reg, args[0])
			if err != nil {
				return
			}
			for _, r := range entry.Records {
				found = append(found, cli.Completion(r.Instance, r.Version))
			}
		})
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}
