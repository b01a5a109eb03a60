package main

import (
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/load"
)

// checkPlan refuses a load that can't be, before anything is called. Zero is the default
// of a flag that isn't given, and can't be meant by one that is.
func (f *benchFlags) checkPlan(given *pflag.FlagSet) error {
	refuse := func(flag string, value any, want string) error {
		return cli.Fail(cli.ExitUsage, "helium bench --help", fmt.Errorf("%s %v can't be; ask for %s", flag, value, want))
	}
	p := f.plan
	isTime := func(d time.Duration) bool { return d > 0 && d <= load.MaxTime }
	switch {
	case given.Changed("concurrency") && (p.InFlight < 1 || p.InFlight > load.MaxInFlight):
		return refuse("-c", p.InFlight, fmt.Sprintf("1 to %d calls in flight", load.MaxInFlight))
	case given.Changed("requests") && p.Calls < 1:
		return refuse("-n", p.Calls, "at least 1 call")
	case given.Changed("duration") && !isTime(p.Duration):
		return refuse("-z", p.Duration, fmt.Sprintf("a time above zero and up to %s, such as 10s", amount.Exact(load.MaxTime)))
	case given.Changed("rate") && !(p.Rate >= load.MinRate && p.Rate <= load.MaxRate): // nor NaN
		return refuse("--rate", p.Rate, fmt.Sprintf("%v to %d calls a second", load.MinRate, load.MaxRate))
	case p.Warmup < 0 || p.Warmup > load.MaxTime:
		return refuse("--warmup", p.Warmup, fmt.Sprintf("a time up to %s, such as 500ms, or 0s for none", amount.Exact(load.MaxTime)))
	}
	return nil
}
