// Package bench is "helium bench": it calls a method again and again and tells how long that
// takes. Package load makes the calls and measures, package page draws the report of --html.
package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium/cmd/helium/internal/bench/load"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/lookup"
	"github.com/helium-rpc/helium/cmd/helium/internal/remote"
	"github.com/helium-rpc/helium/internal/shell"
)

// New returns "helium bench".
func New(env *cli.Env) *cobra.Command {
	var given flags
	cmd := &cobra.Command{
		Use:   "bench service.method [value | name=value | name:=json]...",
		Short: "Call a method again and again, and tell how long it takes",
		Long: `Call a method again and again, and tell how long it takes.

Without --rate each caller calls again as soon as it is answered: that tells how much
the service can do. With --rate calls start at a steady pace, whatever became of
those before, and are timed from when they were meant to start: that tells how long
people wait at that pace, and no stall is hidden because nobody called meanwhile.

The handler runs each time. Latencies are those of calls that succeeded.

Goals of --assert are separated by commas; one that is missed makes exit code 9:

  p99<2ms      p50 to p99.999, min, mean or max, and a time with its unit
  err<0.1%     the share of calls that failed or, at a rate, never started
  rate>5000    calls a second that succeeded; also errors and calls, as numbers`,
		Example: `  helium bench math.add 2 3 -c 32 -z 10s
  helium bench math.add 2 3 --rate 5000 --assert 'p99<2ms,err<0.1%'
  helium bench math.add 2 3 -n 10000 --html report.html`,
		Args:              cli.Words(1, -1),
		ValidArgsFunction: lookup.CompleteCall(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := given.checkPlan(cmd.Flags()); err != nil {
				return err
			}
			dash := cmd.ArgsLenAtDash()
			if dash > 0 {
				dash--
			}
			return run(cmd.Context(), env, args[0], args[1:], dash, given)
		},
	}
	given.register(cmd.Flags())
	env.Connection.RegisterBusOnly(cmd.Flags())
	_ = cmd.RegisterFlagCompletionFunc("at", lookup.CompleteInstances(env))
	return cmd
}

func run(ctx context.Context, env *cli.Env, name string, words []string, dash int, given flags) error {
	goals, err := given.goals()
	if err != nil {
		return err
	}
	if len(words) > 0 && given.data != "" {
		return cli.Fail(cli.ExitUsage, "helium bench --help", errors.New("arguments stand either on the command line or in --data, not in both"))
	}
	env.Asked = name
	once, cancel := env.Bounded(ctx)
	defer cancel()
	m, done, err := remote.Open(once, env, name, given.at)
	if err != nil {
		return err
	}
	defer done()
	if m.Signature.Streams() {
		return cli.Fail(cli.ExitUsage, shell.Line("helium", "call", m.Name()), fmt.Errorf("%s is a stream, which lasts as long as it likes, and calls are what is measured", m.Name()))
	}
	args, err := m.Arguments(ctx, env, words, dash, given.data)
	if err != nil {
		return err
	}
	page, err := given.openPage()
	if err != nil {
		return err
	}
	defer page.Close() // closing it again does no harm
	call := repeated(m, args)
	// One call tells whether there is anything to measure. A method's own error is
	// counted, like any other call's.
	env.Began = time.Now()
	if given.data != "" { // which may have come late
		once, cancel = env.Bounded(ctx)
		defer cancel()
	}
	if err := call(once); err != nil && ctx.Err() == nil && cli.ExitCodeOf(err) != cli.ExitMethod {
		return err
	}
	var links linkCounts
	given.plan.Begins = func() { links.begin(m) }
	progress := newProgress(env, m.Name(), given.plan)
	given.plan.Progress = progress.point
	result, err := load.Run(ctx, given.plan, call)
	progress.stop()
	if err != nil {
		return cli.Fail(cli.ExitUsage, "helium bench --help", err)
	}
	links.end(m)
	report := newReport(m, result, goals)
	report.Links = links
	if err := show(env, report, result); err != nil {
		return err
	}
	if err := report.writePage(page, result); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := report.missed(); err != nil {
		return err
	}
	return report.nothingWell(m)
}

// repeated returns a call with the same arguments each time. The result is discarded.
func repeated(m *remote.Method, args [][]byte) load.Call {
	return func(ctx context.Context) error {
		call := m.Calls.Begin(len(args))
		for _, arg := range args {
			call.Args.Raw(arg)
		}
		if err := call.Do(ctx); err != nil {
			return err
		}
		return call.End(nil)
	}
}
