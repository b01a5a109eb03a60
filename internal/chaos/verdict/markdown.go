package verdict

import (
	"fmt"
	"io"
	"strings"
)

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
