package view

import (
	"fmt"
	"strconv"
	"time"

	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/top/figures"
	"github.com/helium-rpc/helium/rpcserver"
)

// Column is one column of the table.
type Column struct {
	Title string
	// Order is the name in figures.Orders by which its values are sorted; "" if they
	// aren't.
	Order string
	// Number is whether it holds numbers, which stand to the right.
	Number bool
	// Cell returns what a row shows in it.
	Cell func(figures.Row) string

	// drop says which columns a narrow terminal goes without: the highest first. Names have
	// 0 and never go; calls/s has 0 and goes last, if rows are sorted by another number.
	drop int
}

// sortedBy reports whether it is the column that an order sorts by.
func (c Column) sortedBy(order string) bool { return c.Order != "" && c.Order == order }

// Columns returns the columns of a grouping, from left to right.
func Columns(by figures.Grouping) []Column {
	columns := []Column{{Title: "service", Order: "name", Cell: func(r figures.Row) string { return r.Service }}}
	if by == figures.ByMethod || by == figures.ByAll {
		columns = append(columns, Column{Title: "method", Cell: func(r figures.Row) string { return r.Method }})
	}
	if by == figures.ByInstance || by == figures.ByAll {
		columns = append(columns, Column{Title: "instance", Cell: func(r figures.Row) string { return r.Instance }})
	} else {
		columns = append(columns, Column{Title: "instances", Number: true, drop: 6, Cell: func(r figures.Row) string { return strconv.Itoa(r.Instances) }})
	}
	columns = append(columns,
		Column{Title: "calls/s", Order: "calls", Number: true, Cell: func(r figures.Row) string { return amount.Rate(r.Calls) }},
		Column{Title: "p50", Order: "p50", Number: true, drop: 4, Cell: func(r figures.Row) string { return latency(r, r.P50) }},
		Column{Title: "p99", Order: "p99", Number: true, drop: 1, Cell: func(r figures.Row) string { return latency(r, r.P99) }},
		Column{Title: "errors/s", Order: "errors", Number: true, drop: 2, Cell: func(r figures.Row) string { return amount.Rate(r.Errors) }},
		Column{Title: "refused/s", Number: true, drop: 8, Cell: func(r figures.Row) string { return amount.Rate(r.Refused) }},
		Column{Title: "direct/s", Number: true, drop: 8, Cell: func(r figures.Row) string { return amount.Rate(r.Direct) }},
		Column{Title: "in flight", Order: "inflight", Number: true, drop: 3, Cell: func(r figures.Row) string { return strconv.FormatUint(r.InFlight, 10) }},
		Column{Title: "streams", Number: true, drop: 8, Cell: func(r figures.Row) string { return strconv.FormatUint(r.Streams, 10) }},
		Column{Title: "items/s", Number: true, drop: 8, Cell: func(r figures.Row) string { return amount.Rate(r.ItemsSent + r.ItemsReceived) }},
		Column{Title: "large/s", Number: true, drop: 8, Cell: func(r figures.Row) string { return amount.Rate(r.Large) }},
	)
	if by == figures.ByInstance {
		columns = append(columns,
			Column{Title: "running", Number: true, drop: 9, Cell: load(func(l *rpcserver.Load) string { return fmt.Sprintf("%d/%d", l.Running, l.MayRun) })},
			Column{Title: "waiting", Number: true, drop: 10, Cell: load(func(l *rpcserver.Load) string { return strconv.Itoa(l.Waiting) })},
			Column{Title: "scheduler", Number: true, drop: 11, Cell: load(func(l *rpcserver.Load) string { return amount.Time(l.SchedulerLatency) })},
		)
	}
	return append(columns,
		Column{Title: "calls", Number: true, drop: 7, Cell: func(r figures.Row) string { return strconv.FormatUint(r.TotalCalls, 10) }},
		Column{Title: "errors", Number: true, drop: 5, Cell: func(r figures.Row) string { return strconv.FormatUint(r.TotalErrors, 10) }},
	)
}

// latency writes a time of a row for people, and "-" where there is none.
func latency(r figures.Row, d time.Duration) string {
	if !r.HasLatency {
		return "-"
	}
	return amount.Time(d)
}

// load returns what a column shows of an instance's load, and "-" where that isn't told.
func load(cell func(*rpcserver.Load) string) func(figures.Row) string {
	return func(r figures.Row) string {
		if r.Load == nil {
			return "-"
		}
		return cell(r.Load)
	}
}
