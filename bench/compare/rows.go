package compare

import (
	"time"

	"github.com/helium-rpc/helium/bench/measure"
	"github.com/helium-rpc/helium/bench/peers"
	"github.com/helium-rpc/helium/bench/report"
)

// rows collects the rounds of each row of a table.
type rows struct {
	table report.Table
	order []report.Row // without what is measured
	found map[report.Row][]measurement
}

func newRows(table report.Table) *rows {
	return &rows{table: table, found: make(map[report.Row][]measurement)}
}

// add adds a round to the row of that peer and load.
func (r *rows) add(row report.Row, m measurement) {
	row.Table = r.table
	if r.found[row] == nil {
		r.order = append(r.order, row)
	}
	r.found[row] = append(r.found[row], m)
}

// done returns the rows, each over all its rounds.
func (r *rows) done() (all []report.Row) {
	for _, row := range r.order {
		all = append(all, summarize(row, r.found[row]))
	}
	return all
}

func summarize(row report.Row, rounds []measurement) report.Row {
	spread := func(of func(*measurement) float64) measure.Spread {
		values := make([]float64, len(rounds))
		for i := range rounds {
			values[i] = of(&rounds[i])
		}
		return measure.SpreadOf(values)
	}
	// perCall is the median of what was used for a call.
	perCall := func(of func(*measure.Usage) float64) float64 {
		return spread(func(m *measurement) float64 { return of(&m.used) / float64(max(m.sample.Calls, 1)*row.Payload.Items()) }).Median
	}
	items := row.Payload.Items()
	row.PerSecond = spread(func(m *measurement) float64 { return m.sample.PerSecond * float64(items) })
	row.P50 = spread(func(m *measurement) float64 { return micros(m.sample.P50) })
	row.P99 = spread(func(m *measurement) float64 { return micros(m.sample.P99) })
	row.P999 = spread(func(m *measurement) float64 { return micros(m.sample.P999) })
	row.CPU = perCall(func(u *measure.Usage) float64 { return micros(u.CPU) })
	row.Broker = perCall(func(u *measure.Usage) float64 { return micros(u.Broker) })
	if peers.CountsTraffic(row.Peer) { // else what is counted is a part, such as the calls that a lost link sent by the bus
		row.Bytes = perCall(func(u *measure.Usage) float64 { return float64(u.BytesIn + u.BytesOut) })
	}
	row.Allocs = perCall(func(u *measure.Usage) float64 { return float64(u.Mallocs) })
	row.PerMessage = spread(func(m *measurement) float64 {
		if m.used.Messages == 0 {
			return 0
		}
		return float64(m.used.Frames) / float64(m.used.Messages)
	}).Median
	row.Late = spread(func(m *measurement) float64 {
		return float64(m.sample.Late) / float64(max(m.sample.Calls+m.sample.Late, 1))
	}).Median
	for _, m := range rounds {
		row.Failed += m.sample.Failed
		if row.Error == "" {
			row.Error = m.sample.Error
		}
	}
	return row
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
