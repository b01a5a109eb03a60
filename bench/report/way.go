package report

import (
	"github.com/helium-rpc/helium/bench/peers"
)

// wayGrid shows Helium's ways of calling: those with one load, link and kind of context together, and
// beside each how many calls it makes for one by generated code.
func (r *Report) wayGrid() grid {
	g := grid{head: []string{"call", "context", "link", "load", "calls/s", "rounds", "of generated", "p50", "p99", "CPU µs/call", "allocs/call", ""}}
	for _, l := range r.loads(Ways) {
		for _, way := range peers.Ways() {
			row := l.row(way.Peer)
			if row == nil {
				continue
			}
			g.rows = append(g.rows, []string{
				way.Stub, contextOf(way), linkOf(way), l.name,
				number(row.PerSecond.Median), spread(row.PerSecond), ofGenerated(row, way, l),
				micros(row.P50.Median), micros(row.P99.Median), orDash(row.CPU), orDash(row.Allocs), row.remark(),
			})
		}
	}
	return g
}

// row returns that of a peer; nil if it has none.
func (l *load) row(peer string) *Row {
	for _, row := range l.rows {
		if row.Peer == peer {
			return row
		}
	}
	return nil
}

// ofGenerated says how many calls a way makes for one by generated code with the same load, link and
// kind of context.
func ofGenerated(row *Row, way peers.Way, l load) string {
	for _, other := range peers.Ways() {
		if other.Stub != peers.StubGenerated || other.Timeouts != way.Timeouts || other.Direct != way.Direct {
			continue
		}
		if generated := l.row(other.Peer); generated != nil && generated.PerSecond.Median > 0 {
			return number(row.PerSecond.Median / generated.PerSecond.Median)
		}
	}
	return "–"
}

func contextOf(way peers.Way) string {
	if way.Timeouts {
		return "WithTimeout"
	}
	return "without a deadline"
}

func linkOf(way peers.Way) string {
	if way.Direct {
		return "direct"
	}
	return "bus"
}
