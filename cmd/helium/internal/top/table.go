package top

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/top/figures"
	"github.com/helium-rpc/helium/cmd/helium/internal/top/view"
	"github.com/helium-rpc/helium/rpcserver"
)

// monitor is the table of "helium top": what two looks at the instances make.
type monitor struct {
	env      *cli.Env
	nc       *nats.Conn
	services []string // those to show, none: all
	by       figures.Grouping
	order    func(a, b figures.Row) int

	// timeout bounds waiting for the first answer to a look.
	timeout time.Duration

	before, after *figures.Look
	due           time.Time // of the next look

	told []figures.Instance // that are silent
}

// livePatience is how long a table that goes on waits for the first answer to a look.
const livePatience = time.Second

// look looks again, when it is time to.
func (t *monitor) look(ctx context.Context, interval time.Duration) error {
	select {
	case <-time.After(time.Until(t.due)):
	case <-ctx.Done():
		return ctx.Err()
	}
	t.due = time.Now().Add(interval)
	next, err := t.ask(ctx)
	if err != nil {
		return err
	}
	t.before, t.after = t.after, next
	return nil
}

// ask looks once.
func (t *monitor) ask(ctx context.Context) (*figures.Look, error) {
	registered := make(chan []figures.Instance, 1)
	go func() { registered <- t.registered(ctx) }()
	look, err := figures.Ask(ctx, t.nc, t.timeout)
	switch {
	case err == figures.ErrDenied:
		return nil, cli.Fail(cli.ExitNoBus, "allow the user to publish to $SRV.STATS", err)
	case err != nil:
		return nil, cli.Fail(cli.ExitNoBus, "helium doctor", err)
	}
	look.Expect(<-registered)
	return look, nil
}

// registered returns the instances that should answer, as far as a binder tells at once.
func (t *monitor) registered(ctx context.Context) []figures.Instance {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	registry, err := binder.NewClient(t.nc, t.env.Connection.Prefix)
	if err != nil {
		return nil
	}
	return figures.Registered(ctx, registry)
}

// rows are those to show, in their order.
func (t *monitor) rows() []row {
	if t.after == nil {
		return nil
	}
	shown := figures.Of(figures.Rows(t.before, t.after, t.by), t.services)
	figures.Sort(shown, t.order)
	rows := make([]row, len(shown))
	for i, r := range shown {
		rows[i] = row{
			At: t.after.At.UTC(), Service: r.Service, Method: r.Method, Instance: r.Instance, Instances: r.Instances,
			Calls: r.Calls, Errors: r.Errors, Refused: r.Refused, Direct: r.Direct, InFlight: r.InFlight,
			Streams: r.Streams, ItemsSent: r.ItemsSent, ItemsReceived: r.ItemsReceived, TotalItemsSent: r.TotalItemsSent, TotalItemsReceived: r.TotalItemsReceived,
			Large: r.Large, LargeBytes: r.LargeBytes, TotalLarge: r.TotalLarge, TotalLargeBytes: r.TotalLargeBytes,
			TotalCalls: r.TotalCalls, TotalErrors: r.TotalErrors, TotalRefused: r.TotalRefused, TotalDirect: r.TotalDirect, LastError: r.LastError, Load: r.Load, figures: r,
		}
		if r.HasLatency {
			p50, p99 := amount.InMS(r.P50), amount.InMS(r.P99)
			rows[i].P50MS, rows[i].P99MS = &p50, &p99
		}
	}
	return rows
}

// row is a row as "helium top -o json" writes it.
type row struct {
	At        time.Time `json:"at"`
	Service   string    `json:"service"`
	Method    string    `json:"method,omitempty"`   // missing where a row is of all methods
	Instance  string    `json:"instance,omitempty"` // missing where a row is of all instances
	Instances int       `json:"instances"`          // how many it is of

	Calls    float64  `json:"calls_per_second"`
	Errors   float64  `json:"errors_per_second"`
	Refused  float64  `json:"refused_per_second"` // for load; they are errors, too
	Direct   float64  `json:"direct_per_second"`  // that came by direct links; the others came by NATS
	P50MS    *float64 `json:"p50_ms,omitempty"`   // missing if no call was run, or if it isn't told
	P99MS    *float64 `json:"p99_ms,omitempty"`
	InFlight uint64   `json:"in_flight"`

	Streams       uint64  `json:"streams"` // of those in flight
	ItemsSent     float64 `json:"items_sent_per_second"`
	ItemsReceived float64 `json:"items_received_per_second"`

	Large      float64 `json:"large_per_second"` // values in chunks, both ways
	LargeBytes float64 `json:"large_bytes_per_second"`

	TotalCalls   uint64 `json:"total_calls"` // since the instances began
	TotalErrors  uint64 `json:"total_errors"`
	TotalRefused uint64 `json:"total_refused"`
	TotalDirect  uint64 `json:"total_direct"`

	TotalItemsSent     uint64 `json:"total_items_sent"`
	TotalItemsReceived uint64 `json:"total_items_received"`
	TotalLarge         uint64 `json:"total_large"`
	TotalLargeBytes    uint64 `json:"total_large_bytes"`

	LastError string `json:"last_error,omitempty"`

	Load *rpcserver.Load `json:"load,omitempty"` // of the instance, in a row of one; missing if it isn't told

	figures figures.Row // what it was made of
}

// name returns what a row is of, for people.
func (r *row) name() string {
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
func (t *monitor) show(rows []row) error {
	silent := figures.Silent(t.before, t.after, t.services)
	switch {
	case len(silent) > 0 && !slices.Equal(silent, t.told):
		key := "silent"
		if t.timeout < cli.TimeToTell {
			key = "unheard"
		}
		t.env.Warn(t.saidOf(silent), key, silent)
	case len(silent) == 0 && len(rows) == 0:
		t.env.Say("No service answers. To serve an example: helium serve math")
	}
	t.told = silent
	return cli.ShowList(t.env.Output, rows, func(r row) string { return fmt.Sprintf("%s %.0f", r.name(), r.Calls) },
		func(w table.Writer) { t.fill(w, rows) })
}

// saidOf is what is said of instances that answered neither look, "" of none: that they are silent, if they had the time
// to answer.
func (t *monitor) saidOf(silent []figures.Instance) string {
	if len(silent) > 0 && t.timeout < cli.TimeToTell {
		return fmt.Sprintf("%v: %s had no time to answer; give a longer --timeout", cli.ErrTooShort, amount.Of(len(silent), "instance"))
	}
	return figures.Told(silent)
}

// fill puts rows into a table for people, with the columns that the grouping has.
func (t *monitor) fill(w table.Writer, rows []row) {
	columns := view.Columns(t.by)
	var head table.Row
	var configs []table.ColumnConfig
	for i, c := range columns {
		head = append(head, c.Title)
		if c.Number {
			configs = append(configs, table.ColumnConfig{Number: i + 1, Align: text.AlignRight, AlignHeader: text.AlignRight})
		}
	}
	w.AppendHeader(head)
	w.SetColumnConfigs(configs)
	for _, r := range rows {
		var row table.Row
		for _, c := range columns {
			row = append(row, c.Cell(r.figures))
		}
		w.AppendRow(row)
	}
}
