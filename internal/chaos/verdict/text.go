package verdict

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// word is a verdict in a word.
func (v *Verdict) word() string {
	switch {
	case v.Broken != "":
		return "BROKEN"
	case len(v.Unfit) > 0:
		return "UNFIT"
	case v.Passed:
		return "pass"
	}
	return "FAIL"
}

// WriteText writes a verdict for people.
func (v *Verdict) WriteText(to io.Writer) error {
	out := new(strings.Builder)
	fmt.Fprintf(out, "%s  %s: %s\n", v.word(), v.Scenario, v.Promise)
	if len(v.Means) > 0 {
		fmt.Fprintf(out, "  with %s\n", strings.Join(v.Means, "; "))
	}
	if v.Broken != "" {
		fmt.Fprintf(out, "  the run failed: %s\n", strings.ReplaceAll(v.Broken, "\n", "\n  "))
		_, err := io.WriteString(to, out.String())
		return err
	}
	if len(v.Unfit) > 0 {
		fmt.Fprintf(out, "  the machine or the clients were too busy, so the run says nothing of Helium: %s\n", strings.Join(v.Unfit, "; "))
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "  \tcalls\tok\tfailed\tunanswered\tran\ttwice\tforbidden\tlate\tlate by\tp50\tp99\tok/s\tok/CPU s\tnoticed\trecovered")
	row := func(name string, n *Counts) {
		fmt.Fprintf(w, "  %s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", name, n.Calls, n.OK, n.Failed, n.Unanswered,
			n.Ran, n.Twice, n.Forbidden, n.Late, took(n.LatestBy), took(n.P50), took(n.P99), number(n.Goodput), number(n.PerCPU),
			took(n.Noticed), took(n.Recovered))
	}
	for _, name := range slices.Sorted(maps.Keys(v.Loads)) {
		row(name, v.Loads[name])
	}
	if len(v.Loads) > 1 {
		row("all", v.All)
	}
	_ = w.Flush() // into memory
	for _, class := range classes(v.All) {
		fmt.Fprintf(out, "  failed as %s: %d, such as %q\n", class, v.All.Failures[class], v.All.Examples[class])
	}
	if v.Returned > 0 {
		fmt.Fprintf(out, "  connections were made again %d times, %d times within 100 ms\n", v.Returned, v.Rush)
	}
	if i := v.All.Items; i.Came > 0 {
		fmt.Fprintf(out, "  %d items of streams came, %s a second; in silence %d were lost, %d came again, %d were of others\n", i.Came, number(v.All.ItemRate), i.Lost, i.Doubled, i.Foreign)
	}
	if v.All.ToldAfter > 0 || v.All.OutlivedBy > 0 {
		fmt.Fprintf(out, "  who lost a call to a fault heard so %s later at most; handlers outlived their callers by %s\n", took(v.All.ToldAfter), took(v.All.OutlivedBy))
	}
	fmt.Fprintf(out, "  attempts a call %s; ended at most %s after the deadline; at the end %d handlers run\n",
		number(v.Attempts), took(max(0, v.All.OverranBy)), v.Running)
	for _, s := range v.Sizes {
		fmt.Fprintf(out, "  %s: goroutines %d → %d, heap %.1f → %.1f MB, at most %.0f → %.0f MB of memory\n", s.Process,
			s.Before.Goroutines, s.After.Goroutines, float64(s.Before.Heap)/1e6, float64(s.After.Heap)/1e6, float64(s.Before.MaxRSS)/1e6, float64(s.After.MaxRSS)/1e6)
	}
	for _, c := range v.Checks {
		sign := "✓"
		if !c.Passed {
			sign = "✗"
		}
		fmt.Fprintf(out, "  %s %s: %s\n", sign, c.Bound, number(c.Got))
	}
	_, err := io.WriteString(to, out.String())
	return err
}

// classes returns the kinds of failures, the most frequent first.
func classes(n *Counts) []string {
	return slices.SortedFunc(maps.Keys(n.Failures), func(a, b string) int {
		return cmp.Or(cmp.Compare(n.Failures[b], n.Failures[a]), cmp.Compare(a, b))
	})
}

func took(d time.Duration) string {
	switch {
	case d == Never:
		return "never"
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	}
	return d.Round(100 * time.Microsecond).String()
}
