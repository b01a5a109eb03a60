package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// grid is a table: a title, a remark, and cells as text.
type grid struct {
	title  string
	remark string
	head   []string
	rows   [][]string
}

// Text writes all tables for a terminal.
func (r *Report) Text(w io.Writer) error {
	for _, g := range r.grids() {
		if err := g.text(w); err != nil {
			return err
		}
	}
	return nil
}

func (g grid) text(w io.Writer) error {
	fmt.Fprintf(w, "\n%s\n%s\n\n", g.title, g.remark)
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range append([][]string{g.head}, g.rows...) {
		fmt.Fprintln(columns, strings.Join(row, "\t")+"\t")
	}
	return columns.Flush() // an earlier error of w is met again here
}

func (g grid) markdown(w io.Writer) {
	fmt.Fprintf(w, "## %s\n\n%s\n\n", g.title, g.remark)
	fmt.Fprintf(w, "| %s |\n", strings.Join(g.head, " | "))
	fmt.Fprintf(w, "|%s\n", strings.Repeat(" ---: |", len(g.head)))
	for _, row := range g.rows {
		fmt.Fprintf(w, "| %s |\n", markdownRow(row))
	}
	fmt.Fprintln(w)
}

// grids returns the tables that have rows, in the order in which people read them.
func (r *Report) grids() (grids []grid) {
	for _, t := range []struct {
		table         Table
		title, remark string
	}{
		{Calls, "Calls of two floats, separate processes", "Broker, server and client are a process each, on loopback. Closed loop."},
		{Payloads, "What calls carry, separate processes", "There and back: 1, 16, 256 KiB of bytes, a nested struct of some 600 bytes. Closed loop."},
		{Streams, "Streams from a server, separate processes", "Items a second, and CPU, bytes and allocations of an item: 10,000 floats a stream, or 64 values of 64 KiB; so many streams at once, each read to its end. Latencies are those of whole streams."},
		{Process, "Calls of two floats, one process", "In-process connections for NATS, buffers in memory for the others. Closed loop. Allocations include the broker's."},
		{Ways, "Ways of calling Helium, separate processes", "Two floats, closed loop. Generated code on both sides, or a Go value that was registered as it is and what a program has without generated code. \"Of generated\" is how many calls are made for one by generated code with the same link and kind of context."},
		{Encrypted, "Calls by TLS, separate processes", "Two floats, TLS 1.3 with Ed25519 keys on loopback, nobody vouched for. Closed loop."},
		{Clients, "Calls of 64 clients, separate processes", "Two floats, 64 clients in one process, each with a connection of its own, which call in turn: four calls in flight each, of 256. Closed loop."},
		{Uneven, "Eight instances of which one is slow, separate processes", "An addition takes 4 ms at seven instances and 40 ms at one, all in one process, without using the processor. gRPC calls them in turn (round_robin), NATS at random. Closed loop, one client."},
		{OwnPeak, "Latency below each peer's own peak", "Open loop, separate processes, two floats: timed from when each call was meant to start."},
		{SameRate, "Latency at the same rate for all", "The same at parts of Helium's peak. What can't keep up is marked; its latencies are those of calls that did start."},
	} {
		g := r.loadGrid(t.table)
		if t.table == Ways {
			g = r.wayGrid()
		}
		if len(g.rows) > 0 {
			g.title, g.remark = t.title, t.remark
			grids = append(grids, g)
		}
	}
	if g := r.goneGrid(); len(g.rows) > 0 {
		grids = append(grids, g)
	}
	if r.compares() {
		grids = append(grids, r.lossGrid())
	}
	for i := range r.Curves {
		grids = append(grids, r.Curves[i].grid())
	}
	return grids
}

// compares reports whether the report has anything of Helium beside others.
func (r *Report) compares() bool {
	return len(r.Gone) > 0 || slices.ContainsFunc(r.Rows, func(row Row) bool {
		return row.Table != Ways && row.Table != Encrypted && row.Table != Clients && row.Table != Uneven
	})
}

// loadGrid shows the rows of a table, those of one load together.
func (r *Report) loadGrid(table Table) grid {
	g := grid{head: []string{"peer", "load", "calls/s", "rounds", "p50", "p99", "p99.9", "CPU µs/call", "broker's part", "bytes/call", "allocs/call", "calls/message", ""}}
	for _, l := range r.loads(table) {
		for _, row := range l.rows {
			g.rows = append(g.rows, []string{
				row.Peer, l.name,
				number(row.PerSecond.Median), spread(row.PerSecond),
				micros(row.P50.Median), micros(row.P99.Median), micros(row.P999.Median),
				orDash(row.CPU), orDash(row.Broker), orDash(row.Bytes), orDash(row.Allocs), orDash(row.PerMessage), row.remark(),
			})
		}
	}
	return g
}

// remark says what was wrong with a row.
func (r *Row) remark() string {
	switch {
	case r.Failed > 0:
		return fmt.Sprintf("%d failed: %.60s", r.Failed, r.Error)
	case r.Overloaded():
		return "can't keep up"
	}
	return ""
}

func (r *Report) goneGrid() grid {
	g := grid{
		title:  "Time to an error when nobody serves",
		remark: "A fresh client while there is no server, dialling included; the first call after the server was killed, median and longest of three kills; later calls. A call that takes 3 s is given up: it was sent before anybody knew that the server was gone.",
		head:   []string{"peer", "fresh client", "first after kill", "longest", "later", "error"},
	}
	for _, row := range r.Gone {
		text := row.Error
		if text == "" {
			text = "none"
		}
		g.rows = append(g.rows, []string{row.Peer, duration(row.Fresh), duration(row.First), duration(row.Worst), duration(row.Later), fmt.Sprintf("%.60s", firstLine(text))})
	}
	return g
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func (c *Curve) grid() grid {
	g := grid{title: c.Title, remark: c.Notes, head: []string{c.X}}
	if c.X == "" {
		g.head[0] = "case"
	}
	for _, column := range c.Columns {
		name := column.Name
		if column.Unit != "" {
			name += ", " + column.Unit
		}
		g.head = append(g.head, name)
	}
	for _, p := range c.Points {
		row := []string{p.Label}
		if p.Label == "" {
			row[0] = thousands(int64(p.X))
		}
		for _, v := range p.Values {
			row = append(row, number(v))
		}
		g.rows = append(g.rows, row)
	}
	return g
}

// markdownRow joins the cells of a row, whatever they hold.
func markdownRow(cells []string) string {
	escaped := make([]string, len(cells))
	for i, cell := range cells {
		escaped[i] = strings.ReplaceAll(cell, "|", "\\|")
	}
	return strings.Join(escaped, " | ")
}
