package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/load"
)

// benchFlags are those of "helium bench".
type benchFlags struct {
	plan   load.Plan
	data   string
	at     string
	html   string
	assert string
}

func newBenchCommand(env *cli.Env) *cobra.Command {
	var flags benchFlags
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
		ValidArgsFunction: completeCall(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := flags.checkPlan(cmd.Flags()); err != nil {
				return err
			}
			dash := cmd.ArgsLenAtDash()
			if dash > 0 {
				dash--
			}
			return bench(env, cmd.Context(), args[0], args[1:], dash, flags)
		},
	}
	f := cmd.Flags()
	f.IntVarP(&flags.plan.InFlight, "concurrency", "c", 0, "calls in flight at most (default 1, and 1024 with --rate)")
	f.DurationVarP(&flags.plan.Duration, "duration", "z", 0, "how long calls are started (default 10s, or until -n is reached)")
	f.IntVarP(&flags.plan.Calls, "requests", "n", 0, "`calls` to make at most (default as many as fit -z)")
	f.Float64Var(&flags.plan.Rate, "rate", 0, "start so many `calls` a second (default as fast as answers come)")
	f.DurationVar(&flags.plan.Warmup, "warmup", 500*time.Millisecond, "how long to call before it counts")
	f.StringVar(&flags.assert, "assert", "", "`goals` that the result must reach, such as 'p99<2ms,err<0.1%'")
	f.StringVar(&flags.html, "html", "", "write a report with charts to a `file`")
	f.StringVarP(&flags.data, "data", "d", "", "arguments as a JSON array or object: the `text` itself, @file, or - for stdin")
	f.StringVar(&flags.at, "at", "", "call one `instance`, by its name in the registry")
	_ = cmd.RegisterFlagCompletionFunc("at", completeInstances(env))
	return cmd
}

func bench(env *cli.Env, ctx context.Context, name string, words []string, dash int, flags benchFlags) error {
	goals, err := flags.goals()
	if err != nil {
		return err
	}
	if len(words) > 0 && flags.data != "" {
		return cli.Fail(cli.ExitUsage, "helium bench --help", errors.New("arguments stand either on the command line or in --data, not in both"))
	}
	once, cancel := env.Bounded(ctx)
	defer cancel()
	m, done, err := openMethod(env, once, name, flags.at)
	if err != nil {
		return err
	}
	defer done()
	args, err := arguments(env, m, words, dash, flags.data)
	if err != nil {
		return err
	}
	page, err := flags.openPage()
	if err != nil {
		return err
	}
	defer page.Close() // closing it again does no harm
	call := m.repeated(args)
	// One call tells whether there is anything to measure. A method's own error is
	// counted, like any other call's.
	env.Began = time.Now()
	if err := call(once); err != nil && ctx.Err() == nil && cli.ExitCodeOf(err) != cli.ExitMethod {
		return err
	}
	progress := newBenchProgress(env, m.name(), flags.plan)
	flags.plan.Progress = progress.point
	result, err := load.Run(ctx, flags.plan, call)
	progress.stop()
	if err != nil {
		return cli.Fail(cli.ExitUsage, "helium bench --help", err)
	}
	report := newBenchReport(m, flags, result, goals)
	if err := showBench(env, report, result); err != nil {
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

func (f *benchFlags) goals() ([]load.Goal, error) {
	if f.assert == "" {
		return nil, nil
	}
	goals, err := load.ParseGoals(f.assert)
	if err != nil {
		return nil, cli.Fail(cli.ExitUsage, "helium bench --help", fmt.Errorf("--assert: %w", err))
	}
	return goals, nil
}

// openPage makes the report's file before the measurement, so that a wrong path is told
// at once. Without --html it is nil, which Close takes.
func (f *benchFlags) openPage() (*os.File, error) {
	if f.html == "" {
		return nil, nil
	}
	file, err := os.Create(f.html)
	if err != nil {
		return nil, cli.Fail(cli.ExitUsage, "helium bench --help", fmt.Errorf("--html: %w", err))
	}
	return file, nil
}

// repeated returns a call with the same arguments each time. The result is discarded.
func (m *remoteMethod) repeated(args [][]byte) load.Call {
	return func(ctx context.Context) error {
		call := m.calls.Begin(len(args))
		for _, arg := range args {
			call.Args.Raw(arg)
		}
		if err := call.Do(ctx); err != nil {
			return err
		}
		return call.End(nil)
	}
}
