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
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
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

// ask runs a question to the registry for a completion. Whatever goes wrong, the answer
// is none, in silence: nobody asked for an error.
func ask(cmd *cobra.Command, env *cli.Env, question func(ctx context.Context, reg *binder.Client)) {
	ctx, cancel := context.WithTimeout(cmd.Context(), completionTime())
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

// completeServices completes the first word with services.
func completeServices(env *cli.Env) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return completeAnyServices(env)(cmd, args, "")
	}
}

// completeAnyServices completes each word with services.
func completeAnyServices(env *cli.Env) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) (found []string, _ cobra.ShellCompDirective) {
		ask(cmd, env, func(ctx context.Context, reg *binder.Client) {
			records, _ := reg.List(ctx)
			for _, row := range servicesOf(records) {
				found = append(found, described(row.Service, strings.Join(row.Versions, ", ")))
			}
		})
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeServicesAndMethods completes the first word: services until there is a dot,
// then methods.
func completeServicesAndMethods(env *cli.Env) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		if strings.Contains(word, ".") {
			return completeMethods(env)(cmd, args, word)
		}
		return completeServices(env)(cmd, args, word)
	}
}

// completeMethods completes the first word with methods, such as "math.add".
func completeMethods(env *cli.Env) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) (found []string, _ cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ask(cmd, env, func(ctx context.Context, reg *binder.Client) {
			records, _ := reg.List(ctx)
			for _, r := range records {
				for _, m := range r.Methods {
					found = with(found, described(r.Service+"."+m.Name, m.Signature))
				}
			}
		})
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeCall completes methods, then the names of parameters that aren't given yet.
func completeCall(env *cli.Env) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, word string) (found []string, _ cobra.ShellCompDirective) {
		if len(args) == 0 {
			return completeMethods(env)(cmd, args, word)
		}
		ask(cmd, env, func(ctx context.Context, reg *binder.Client) {
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

// completeInstances completes a flag with the instances of the method's service.
func completeInstances(env *cli.Env) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) (found []string, _ cobra.ShellCompDirective) {
		if len(args) == 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ask(cmd, env, func(ctx context.Context, reg *binder.Client) {
			entry, err := reg.Lookup(ctx, args[0])
			if err != nil {
				return
			}
			for _, r := range entry.Records {
				found = append(found, described(r.Instance, r.Version))
			}
		})
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}

// described is a completion with what shells show beside it.
func described(word, description string) string {
	return fmt.Sprintf("%s\t%s", visible.Line(word), visible.Line(description))
}
