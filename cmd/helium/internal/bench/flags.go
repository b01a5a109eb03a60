package bench

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/pflag"

	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/bench/load"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

// flags are those of "helium bench".
type flags struct {
	plan   load.Plan
	data   string
	at     string
	html   string
	assert string
}

func (given *flags) register(set *pflag.FlagSet) {
	set.IntVarP(&given.plan.InFlight, "concurrency", "c", 0, "calls in flight at most (default 1, and 1024 with --rate)")
	set.DurationVarP(&given.plan.Duration, "duration", "z", 0, "how long calls are started (default 10s, or until -n is reached)")
	set.IntVarP(&given.plan.Calls, "requests", "n", 0, "`calls` to make at most (default as many as fit -z)")
	set.Float64Var(&given.plan.Rate, "rate", 0, "start so many `calls` a second (default as fast as answers come)")
	set.DurationVar(&given.plan.Warmup, "warmup", 500*time.Millisecond, "how long to call before it counts")
	set.StringVar(&given.assert, "assert", "", "`goals` that the result must reach, such as 'p99<2ms,err<0.1%'")
	set.StringVar(&given.html, "html", "", "write a report with charts to a `file`")
	set.StringVarP(&given.data, "data", "d", "", "arguments as a JSON array or object: the `text` itself, @file, or - for stdin")
	set.StringVar(&given.at, "at", "", "call one `instance`, by its name in the registry")
}

// checkPlan refuses a load that can't be, before anything is called. Zero is the default
// of a flag that isn't given, and can't be meant by one that is.
func (given *flags) checkPlan(set *pflag.FlagSet) error {
	refuse := func(flag string, value any, want string) error {
		return cli.Fail(cli.ExitUsage, "helium bench --help", fmt.Errorf("%s %v can't be; ask for %s", flag, value, want))
	}
	p := given.plan
	isTime := func(d time.Duration) bool { return d > 0 && d <= load.MaxTime }
	switch {
	case set.Changed("concurrency") && (p.InFlight < 1 || p.InFlight > load.MaxInFlight):
		return refuse("-c", p.InFlight, fmt.Sprintf("1 to %d calls in flight", load.MaxInFlight))
	case set.Changed("requests") && p.Calls < 1:
		return refuse("-n", p.Calls, "at least 1 call")
	case set.Changed("duration") && !isTime(p.Duration):
		return refuse("-z", p.Duration, fmt.Sprintf("a time above zero and up to %s, such as 10s", amount.Exact(load.MaxTime)))
	case set.Changed("rate") && !(p.Rate >= load.MinRate && p.Rate <= load.MaxRate): // nor NaN
		return refuse("--rate", p.Rate, fmt.Sprintf("%v to %d calls a second", load.MinRate, load.MaxRate))
	case p.Warmup < 0 || p.Warmup > load.MaxTime:
		return refuse("--warmup", p.Warmup, fmt.Sprintf("a time up to %s, such as 500ms, or 0s for none", amount.Exact(load.MaxTime)))
	}
	return nil
}

func (given *flags) goals() ([]load.Goal, error) {
	if given.assert == "" {
		return nil, nil
	}
	goals, err := load.ParseGoals(given.assert)
	if err != nil {
		return nil, cli.Fail(cli.ExitUsage, "helium bench --help", fmt.Errorf("--assert: %w", err))
	}
	return goals, nil
}

// openPage makes the report's file before the measurement, so that a wrong path is told
// at once. An earlier report stays in it until there is a new one. Without --html it is nil, which Close takes.
func (given *flags) openPage() (*os.File, error) {
	if given.html == "" {
		return nil, nil
	}
	file, err := os.OpenFile(given.html, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return nil, cli.Fail(cli.ExitUsage, "helium bench --help", fmt.Errorf("--html: %w", err))
	}
	return file, nil
}
