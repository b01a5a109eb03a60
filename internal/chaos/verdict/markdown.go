package verdict

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// writeLoads writes what became of each load: how much went well each second, how long that took, and how long it was
// from a fault until nothing failed of it any more.
func writeLoads(out io.Writer, v *Verdict) {
	fmt.Fprint(out, "\n| load | calls | went well | a second | for each second of the server's processor | p50 | p99 | noticed after | recovered after |\n")
	fmt.Fprint(out, "|---|---|---|---|---|---|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(v.Loads)) {
		n := v.Loads[name]
		fmt.Fprintf(out, "| %s | %d | %d | %s | %s | %s | %s | %s | %s |\n", name, n.Calls, n.OK, number(n.Goodput), number(n.PerCPU),
			took(n.P50), took(n.P99), took(n.Noticed), took(n.Recovered))
	}
}

// writeSizes writes how large each process was before and after.
func writeSizes(out io.Writer, v *Verdict) {
	if len(v.Sizes) == 0 {
		return
	}
	fmt.Fprint(out, "\n| process | goroutines | heap, MB | most memory, MB |\n|---|---|---|---|\n")
	for _, s := range v.Sizes {
		fmt.Fprintf(out, "| %s | %d → %d | %.1f → %.1f | %.0f → %.0f |\n", s.Process, s.Before.Goroutines, s.After.Goroutines,
			float64(s.Before.Heap)/1e6, float64(s.After.Heap)/1e6, float64(s.Before.MaxRSS)/1e6, float64(s.After.MaxRSS)/1e6)
	}
}

// WriteMarkdown writes the verdicts of a whole run as a page: a table of counts, and each
// scenario's bounds with what was found.
func WriteMarkdown(to io.Writer, verdicts []*Verdict) error {
	out := new(strings.Builder)
	out.WriteString("| scenario | verdict | calls | went well | failed | ran twice | ran though not executed | ran late | attempts a call |\n")
	out.WriteString("|---|---|---|---|---|---|---|---|---|\n")
	for _, v := range verdicts {
		if v.Broken != "" {
			fmt.Fprintf(out, "| %s | %s | | | | | | | |\n", v.Scenario, v.word())
			continue
		}
		n := v.All
		fmt.Fprintf(out, "| %s | %s | %d | %s %% | %d | %d | %d | %d | %s |\n", v.Scenario, v.word(), n.Calls,
			number(100*share(n.OK, n.Calls)), n.Failed, n.Twice, n.Forbidden, n.Late, number(v.Attempts))
	}
	for _, v := range verdicts {
		fmt.Fprintf(out, "\n## %s\n\n%s.", v.Scenario, strings.ToUpper(v.Promise[:1])+v.Promise[1:])
		if len(v.Means) > 0 {
			fmt.Fprintf(out, " Done with %s.", strings.Join(v.Means, "; "))
		}
		out.WriteString("\n")
		if v.Broken != "" {
			fmt.Fprintf(out, "\nThe run failed: %s\n", v.Broken)
			continue
		}
		if len(v.Unfit) > 0 {
			fmt.Fprintf(out, "\nThe machine or the clients were too busy, so the run says nothing of Helium: %s.\n", strings.Join(v.Unfit, "; "))
		}
		writeLoads(out, v)
		writeSizes(out, v)
		out.WriteString("\n| bound | found | |\n|---|---|---|\n")
		for _, c := range v.Checks {
			word := "kept"
			if !c.Passed {
				word = "**broken**"
			}
			fmt.Fprintf(out, "| %s | %s | %s |\n", c.Bound, number(c.Got), word)
		}
		if classes := classes(v.All); len(classes) > 0 {
			out.WriteString("\nFailed as")
			for i, class := range classes {
				if i > 0 {
					out.WriteString(";")
				}
				fmt.Fprintf(out, " %s: %d", class, v.All.Failures[class])
			}
			out.WriteString(".\n")
		}
	}
	_, err := io.WriteString(to, out.String())
	return err
}
