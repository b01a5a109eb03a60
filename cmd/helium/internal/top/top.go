// Package top is "helium top": the figures that instances count, as a table that is printed
// (table.go) or live on a terminal (package view). Package figures asks for them.
package top

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/lookup"
	"github.com/helium-rpc/helium/cmd/helium/internal/top/figures"
	"github.com/helium-rpc/helium/cmd/helium/internal/top/view"
	"github.com/helium-rpc/helium/internal/shell"
	"github.com/helium-rpc/helium/internal/visible"
)

// flags are those of "helium top".
type flags struct {
	by, sort string
	interval time.Duration
	once     bool
}

// New returns "helium top".
func New(env *cli.Env) *cobra.Command {
	var given flags
	cmd := &cobra.Command{
		Use:   "top [service]...",
		Short: "Watch calls, latencies and errors of all services",
		Long: `Watch calls, latencies and errors of all services, or of those named.

Figures are what the instances themselves count, between two looks an --interval apart;
latencies are of the handlers. On a terminal the table is live: q ends it, c e 5 9 i n
sort it, tab groups it, arrows and pages scroll, space pauses, ? shows all keys. Otherwise,
and with --once, one is printed, and the command ends with 4 if a service that is named isn't
registered, and with 7 if none of its instances answers; with -o ndjson rows go on, a line each.`,
		Example: `  helium top
  helium top math --by instance --sort p99
  helium top --once -o json`,
		ValidArgsFunction: lookup.CompleteServices(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			return run(cmd.Context(), env, args, given)
		},
	}
	f := cmd.Flags()
	f.StringVar(&given.by, "by", "method", "what has a `row`: service, method, instance or all (a method of an instance)")
	f.StringVar(&given.sort, "sort", "calls", "what comes first: most calls, errors, p50, p99 or inflight; or the first name")
	f.DurationVar(&given.interval, "interval", time.Second, "time between two looks, at least 100ms")
	f.BoolVar(&given.once, "once", false, "print one table, after one interval")
	_ = cmd.RegisterFlagCompletionFunc("by", cobra.FixedCompletions(slices.Sorted(maps.Keys(figures.Groupings)), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("sort", cobra.FixedCompletions(slices.Sorted(maps.Keys(figures.Orders)), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// check says what can't be meant, and returns what is.
func (given *flags) check() (figures.Grouping, func(a, b figures.Row) int, error) {
	by, ok := figures.Groupings[given.by]
	if !ok {
		return by, nil, cli.Fail(cli.ExitUsage, "helium top --help", fmt.Errorf("--by %q can't be; use %s", given.by, strings.Join(slices.Sorted(maps.Keys(figures.Groupings)), ", ")))
	}
	order, ok := figures.Orders[given.sort]
	if !ok {
		return by, nil, cli.Fail(cli.ExitUsage, "helium top --help", fmt.Errorf("--sort %q can't be; use %s", given.sort, strings.Join(slices.Sorted(maps.Keys(figures.Orders)), ", ")))
	}
	if given.interval < 100*time.Millisecond {
		return by, nil, cli.Fail(cli.ExitUsage, "helium top --help", fmt.Errorf("--interval %v is too short; give at least 100ms", given.interval))
	}
	return by, order, nil
}

func run(ctx context.Context, env *cli.Env, services []string, given flags) error {
	by, order, err := given.check()
	if err != nil {
		return err
	}
	nc, err := env.Dial(ctx)
	if err != nil {
		return err
	}
	defer nc.Close()
	// What isn't permitted is told by the look that needed it.
	nc.SetErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})
	t := &monitor{env: env, nc: nc, services: services, by: by, order: order, timeout: min(livePatience, env.Connection.Timeout)}
	switch {
	case env.Form == "table" && env.Out.Terminal() && os.Getenv("TERM") != "dumb" && !given.once:
		if err := t.live(ctx, given); err != nil || ctx.Err() == nil {
			return err
		}
		return context.Cause(ctx)
	case env.Form == "ndjson" && !given.once:
		return t.stream(ctx, given.interval)
	}
	t.timeout = env.Connection.Timeout // there is no next look that could do better
	return t.once(ctx, given.interval)
}

// once shows what happened between two looks. Its error is that of a named service of which nobody
// answered, as there is no later look in which somebody could.
func (t *monitor) once(ctx context.Context, interval time.Duration) error {
	for range 2 {
		if err := t.look(ctx, interval); err != nil {
			return err
		}
	}
	rows := t.rows()
	for _, service := range t.services {
		if slices.ContainsFunc(rows, func(r row) bool { return r.Service == service }) {
			continue
		}
		if len(rows) > 0 {
			if err := t.show(rows); err != nil {
				return err
			}
		}
		return t.unanswered(ctx, service)
	}
	return t.show(rows)
}

// unanswered says why a service has no row, as the other subcommands do: it isn't registered, or
// those who are don't answer.
func (t *monitor) unanswered(ctx context.Context, service string) error {
	t.env.Asked = service
	ctx, cancel := t.env.Bounded(ctx)
	defer cancel()
	registry, err := binder.NewClient(t.nc, t.env.Connection.Prefix)
	if err != nil {
		return cli.ClientFailure(err)
	}
	entry, err := lookup.FindService(ctx, registry, service)
	if err != nil {
		return err
	}
	if t.timeout < cli.TimeToTell {
		return cli.Fail(cli.ExitDeadline, shell.Line("helium", "top", "--timeout", "10s", service), fmt.Errorf("%w: %s is registered (%s), and none has answered within %v; give a longer --timeout", cli.ErrTooShort, service, amount.Of(len(entry.Records), "instance"), t.timeout))
	}
	return cli.Fail(cli.ExitNoInstance, shell.Line("helium", "why", service), fmt.Errorf("%s is registered (%s), and none answers", service, amount.Of(len(entry.Records), "instance")))
}

// stream goes on showing, until ctx ends.
func (t *monitor) stream(ctx context.Context, interval time.Duration) error {
	for {
		if err := t.look(ctx, interval); err != nil {
			return err
		}
		if t.before == nil {
			continue // rates need two looks
		}
		if err := t.show(t.rows()); err != nil {
			return err
		}
	}
}

// live shows a table on the whole terminal until a key or the end of ctx ends it.
func (t *monitor) live(ctx context.Context, given flags) error {
	return view.Run(ctx, view.Config{
		Look:     t.ask,
		Where:    t.nc.ConnectedUrlRedacted,
		Services: t.services,
		SaidOf:   t.saidOf,
		By:       given.by,
		Sort:     given.sort,
		Interval: given.interval,
		Plain:    !t.env.Out.Colourful(),
		Clean:    visible.Line,
	}, t.env.In, t.env.Out.File())
}
