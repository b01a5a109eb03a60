package bench

import (
	"fmt"
	"strings"

	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/bench/load"
	"github.com/helium-rpc/helium/cmd/helium/internal/bench/page"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/terminal"
	"github.com/helium-rpc/helium/internal/visible"
)

// show writes the report; raw is the calls a second alone.
func show(env *cli.Env, b *report, r *load.Result) error {
	return env.Show(b, amount.Number(b.PerSecond), func() { printReport(env, b, r) })
}

func printReport(env *cli.Env, b *report, r *load.Result) {
	fmt.Fprintf(env.Out, "%s   %s\n\n", b.Method, b.loadInWords(r))
	row := func(name, format string, args ...any) {
		fmt.Fprintf(env.Out, "  %-8s"+format+"\n", append([]any{name}, args...)...)
	}
	row("calls", "%d   %s/s", r.OK, amount.Rate(r.PerSecond()))
	row("link", "%s", b.Links)
	if r.Failed > 0 {
		row("failed", "%d   %s", r.Failed, amount.Share(float64(r.Failed)/float64(r.Calls())))
	}
	for _, e := range b.Errors {
		row("", "%d × %s", e.Count, visible.Line(strings.TrimSuffix(strings.TrimSpace(e.Code+" "+e.Reason)+": "+e.Message, ": ")))
	}
	if r.Unstarted > 0 {
		row("late", "%d never started: %s; the latencies are too good", r.Unstarted, allBusy(b.InFlight))
	}
	if r.GivenUp > 0 {
		row("cut", "%d given up when it was interrupted", r.GivenUp)
	}
	if r.OK > 0 {
		fmt.Fprintln(env.Out)
		printLatencies(env, r)
		fmt.Fprintln(env.Out)
		printBars(env, r.Bars(shownBars))
	}
	if b.verdicts != nil {
		fmt.Fprintln(env.Out)
	}
	for _, v := range b.verdicts {
		if v.Met {
			row("met", "%s, measured %s", v.Goal, v.Got)
		} else {
			row("missed", "%s, measured %s: %s", v.Goal, v.Got, v.By)
		}
	}
}

func allBusy(callers int) string {
	if callers == 1 {
		return "the one caller was busy"
	}
	return fmt.Sprintf("all %d callers were busy", callers)
}

func printLatencies(env *cli.Env, r *load.Result) {
	line := func(name string, text string) { fmt.Fprintf(env.Out, "  %-8s%s\n", name, text) }
	line("min", amount.Time(r.Min()))
	line("mean", amount.Time(r.Mean()))
	for _, p := range page.Percentiles {
		if float64(r.OK)*(100-p) < 100 {
			break // not one call in so few is that rare
		}
		line(fmt.Sprintf("p%g", p), amount.Time(r.Percentile(p)))
	}
	line("max", amount.Time(r.Max()))
}

// printBars draws the histogram, a bar a line.
func printBars(env *cli.Env, bars []load.Bar) {
	const longest = 40
	most := 1
	for _, b := range bars {
		most = max(most, b.Count)
	}
	for _, b := range bars {
		bar := strings.Repeat("█", b.Count*longest/most)
		if bar == "" && b.Count > 0 {
			bar = "▏"
		}
		fmt.Fprintf(env.Out, "  %8s  ", amount.Time(b.To))
		env.Out.Styled(terminal.Blue, bar)
		fmt.Fprintf(env.Out, " %d\n", b.Count)
	}
}
