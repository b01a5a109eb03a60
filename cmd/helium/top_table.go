package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/cmd/helium/internal/figures"
	"github.com/helium-rpc/helium/cmd/helium/internal/load"
)

// topTable is the table of "helium top": what two looks at the instances make.
type topTable struct {
	app      *app
	nc       *nats.Conn
	services []string // those to show, none: all
	by       figures.Grouping
	order    func(a, b figures.Row) int

	// patience bounds waiting for the first answer to a look.
	patience time.Duration

	before, after *figures.Look
	due           time.Time // of the next look
}

// livePatience is how long a table that goes on waits for the first answer to a look.
const livePatience = time.Second

// look looks again, when it is time to.
func (t *topTable) look(ctx context.Context, interval time.Duration) error {
	select {
	case <-time.After(time.Until(t.due)):
	case <-ctx.Done():
		return ctx.Err()
	}
	t.due = time.Now().Add(interval)
	next, err := figures.Ask(ctx, t.nc, t.patience)
	if err == figures.ErrDenied {
		return fail(exitNoBus, "allow the user to publish to $SRV.STATS", err)
	}
	if err != nil {
		return fail(exitNoBus, "helium doctor", err)
	}
	t.before, t.after = t.after, next
	return nil
}

// rows are those to show, in their order.
func (t *topTable) rows() []topRow {
	if t.after == nil {
		return nil
	}
	shown := []figures.Row{}
	for _, r := range figures.Rows(t.before, t.after, t.by) {
		if len(t.services) == 0 || contains(t.services, r.Service) {
			shown = append(shown, r)
		}
	}
	figures.Sort(shown, t.order)
	rows := make([]topRow, len(shown))
	for i, r := range shown {
		rows[i] = topRow{
			At: t.after.At.UTC(), Service: r.Service, Method: r.Method, Instance: r.Instance, Instances: r.Instances,
			Calls: r.Calls, Errors: r.Errors, InFlight: r.InFlight,
			TotalCalls: r.TotalCalls, TotalErrors: r.TotalErrors, LastError: r.LastError,
		}
		if r.HasLatency {
			p50, p99 := inMS(r.P50), inMS(r.P99)
			rows[i].P50MS, rows[i].P99MS = &p50, &p99
		}
	}
	return rows
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

// topRow is a row as "helium top -o json" writes it.
type topRow struct {
	At        time.Time `json:"at"`
	Service   string    `json:"service"`
	Method    string    `json:"method,omitempty"`   // missing where a row is of all methods
	Instance  string    `json:"instance,omitempty"` // missing where a row is of all instances
	Instances int       `json:"instances"`          // how many it is of

	Calls    float64  `json:"calls_per_second"`
	Errors   float64  `json:"errors_per_second"`
	P50MS    *float64 `json:"p50_ms,omitempty"` // missing if no call was run, or if it isn't told
	P99MS    *float64 `json:"p99_ms,omitempty"`
	InFlight uint64   `json:"in_flight"`

	TotalCalls  uint64 `json:"total_calls"` // since the instances began
	TotalErrors uint64 `json:"total_errors"`
	LastError   string `json:"last_error,omitempty"`
}

// name returns what a row is of, for people.
func (r *topRow) name() string {
	name := r.Service
	if r.Method != "" {
		name += "." + r.Method
	}
	if r.Instance != "" {
		name += " " + r.Instance
	}
	return name
}

// show prints the table once.
func (t *topTable) show() error {
	rows := t.rows()
	if len(rows) == 0 {
		t.app.say("No service answers. To serve an example: helium serve math")
	}
	return showList(t.app, rows, func(r topRow) string { return fmt.Sprintf("%s %.0f", r.name(), r.Calls) },
		func(w table.Writer) { t.fill(w, rows) })
}

// fill puts rows into a table for people, with the columns that the grouping has.
func (t *topTable) fill(w table.Writer, rows []topRow) {
	head := table.Row{"service"}
	if t.by == figures.ByMethod || t.by == figures.ByAll {
		head = append(head, "method")
	}
	if t.by == figures.ByInstance || t.by == figures.ByAll {
		head = append(head, "instance")
	} else {
		head = append(head, "instances")
	}
	numbers := len(head) + 1
	w.AppendHeader(append(head, "calls/s", "p50", "p99", "errors/s", "in flight", "calls", "errors"))
	for _, r := range rows {
		row := table.Row{r.Service}
		if t.by == figures.ByMethod || t.by == figures.ByAll {
			row = append(row, r.Method)
		}
		if t.by == figures.ByInstance || t.by == figures.ByAll {
			row = append(row, r.Instance)
		} else {
			row = append(row, r.Instances)
		}
		w.AppendRow(append(row, rate(r.Calls), latency(r.P50MS), latency(r.P99MS), rate(r.Errors), r.InFlight, r.TotalCalls, r.TotalErrors))
	}
	var columns []table.ColumnConfig
	for i := numbers; i < numbers+7; i++ {
		columns = append(columns, table.ColumnConfig{Number: i, Align: alignRight, AlignHeader: alignRight})
	}
	w.SetColumnConfigs(columns)
}

// rate writes a number a second for people.
func rate(perSecond float64) string {
	if perSecond > 0 && perSecond < 10 {
		return fmt.Sprintf("%.1f", perSecond)
	}
	return fmt.Sprintf("%.0f", perSecond)
}

// latency writes a time for people, and "-" for none.
func latency(ms *float64) string {
	if ms == nil {
		return "-"
	}
	return load.Round(time.Duration(*ms * 1e6)).String()
}

// lines are what a live table shows, after a look that may have failed.
func (t *topTable) lines(problem error, now time.Time) []string {
	rows := t.rows()
	calls, inFlight := 0.0, uint64(0)
	for _, r := range rows {
		calls += r.Calls
		inFlight += r.InFlight
	}
	lines := []string{
		fmt.Sprintf("helium top   %s   %s   %s calls/s, %d in flight   Ctrl-C ends", t.nc.ConnectedUrlRedacted(), now.Format(time.TimeOnly), rate(calls), inFlight),
		"",
	}
	switch {
	case problem != nil:
		lines = append(lines, "No figures now: "+problem.Error(), "")
	case t.before == nil:
		return append(lines, "Looking…")
	case len(rows) == 0:
		return append(lines, "No service answers. To serve an example: helium serve math")
	}
	w := t.app.newTable()
	t.fill(w, rows)
	return append(lines, strings.Split(w.Render(), "\n")...)
}
