package report

import (
	"bufio"
	"fmt"
	"io"
	"path"
)

// Markdown writes all tables, and the charts that stand in a folder beside the page.
func (r *Report) Markdown(w io.Writer, charts string, names []string) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "# What calls cost\n\n")
	fmt.Fprintf(out, "%s.", r.Machine)
	if len(r.Rows) > 0 {
		fmt.Fprintf(out, " %d rounds of %v each, peers in turn; medians, and how far the rounds are apart.", r.Settings.Rounds, r.Settings.Duration)
	}
	fmt.Fprintf(out, "\n\nNumbers of one run compare with each other, not with those of other machines.\nSee [README.md](README.md) for how to read them.\n\n")
	for _, name := range names {
		fmt.Fprintf(out, "![%s](%s)\n\n", name, path.Join(charts, name+".svg"))
	}
	for _, g := range r.grids() {
		g.markdown(out)
	}
	return out.Flush()
}
