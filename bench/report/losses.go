package report

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/helium-rpc/helium/bench/peers"
)

// Loss is a measure in which a peer beats Helium.
type Loss struct {
	Table  Table
	Load   string
	What   string
	Peer   string
	Helium float64
	Theirs float64
	// Ratio is how many times better the peer is, above 1.
	Ratio float64
}

// reference is the peer that stands for Helium: generated stubs, which are what the
// peers' own generated code is compared with.
const reference = "helium"

// noticeable is from what ratio a difference counts: latencies are right to 1 %.
const noticeable = 1.01

// metric is a number of a row, and whether more of it is better.
type metric struct {
	name   string
	of     func(*Row) float64
	more   bool
	closed bool // means something in closed loops only
	show   func(float64) string
}

var metrics = []metric{
	{"calls/s", func(r *Row) float64 { return r.PerSecond.Median }, true, true, number},
	{"p50", func(r *Row) float64 { return r.P50.Median }, false, false, micros},
	{"p99", func(r *Row) float64 { return r.P99.Median }, false, false, micros},
	{"CPU/call", func(r *Row) float64 { return r.CPU }, false, true, micros},
	{"bytes/call", func(r *Row) float64 { return r.Bytes }, false, true, number},
	{"allocs/call", func(r *Row) float64 { return r.Allocs }, false, true, number},
}

// Losses returns where another peer beats Helium, the worst first. An open loop at each
// peer's own peak isn't compared: the rates differ.
func (r *Report) Losses() (losses []Loss) {
	for _, table := range []Table{Calls, Payloads, Streams, Process, SameRate} {
		for _, l := range r.loads(table) {
			i := slices.IndexFunc(l.rows, func(row *Row) bool { return row.Peer == reference })
			if i < 0 {
				continue
			}
			losses = append(losses, lossesTo(table, l, l.rows[i])...)
		}
	}
	losses = append(losses, r.goneLosses()...)
	slices.SortStableFunc(losses, func(a, b Loss) int { return cmp.Compare(b.Ratio, a.Ratio) })
	return losses
}

func lossesTo(table Table, l load, helium *Row) (losses []Loss) {
	for _, row := range l.rows {
		if peers.IsHelium(row.Peer) || row.Overloaded() || row.PerSecond.Median == 0 {
			continue
		}
		for _, m := range metrics {
			if m.closed && row.Part > 0 {
				continue
			}
			ours, theirs := m.of(helium), m.of(row)
			if ours == 0 || theirs == 0 {
				continue
			}
			ratio := ours / theirs
			if m.more {
				ratio = theirs / ours
			}
			if ratio > noticeable {
				losses = append(losses, Loss{table, l.name, m.name, row.Peer, ours, theirs, ratio})
			}
		}
	}
	return losses
}

// goneLosses returns where another peer's calls fail sooner.
func (r *Report) goneLosses() (losses []Loss) {
	i := slices.IndexFunc(r.Gone, func(g Gone) bool { return g.Peer == reference })
	if i < 0 {
		return nil
	}
	for _, g := range r.Gone {
		if peers.IsHelium(g.Peer) {
			continue
		}
		for _, m := range []struct {
			what         string
			ours, theirs time.Duration
		}{
			{"fresh client", r.Gone[i].Fresh, g.Fresh},
			{"first after kill", r.Gone[i].First, g.First},
			{"later", r.Gone[i].Later, g.Later},
		} {
			if ratio := float64(m.ours) / float64(m.theirs); m.theirs > 0 && ratio > noticeable {
				ours, theirs := float64(m.ours)/float64(time.Microsecond), float64(m.theirs)/float64(time.Microsecond)
				losses = append(losses, Loss{NoServer, "nobody serves", m.what, g.Peer, ours, theirs, ratio})
			}
		}
	}
	return losses
}

// lossGrid shows a line for each measure that is lost, with the best peer first.
func (r *Report) lossGrid() grid {
	g := grid{
		title:  "Where Helium loses",
		remark: "Every measure in which a peer beats Helium's generated stubs by more than 1 %, the worst first, with all the peers that do.",
		head:   []string{"times", "measure", "load", "table", "Helium", "best", "peer", "others"},
	}
	at := make(map[[3]string]int) // the line of a table, load and measure
	for _, l := range r.Losses() {
		key := [3]string{string(l.Table), l.Load, l.What}
		if n, known := at[key]; known {
			others := &g.rows[n][len(g.head)-1]
			if *others != "" {
				*others += ", "
			}
			*others += fmt.Sprintf("%s %.2f", l.Peer, l.Ratio)
			continue
		}
		at[key] = len(g.rows)
		show := micros // of the table without a server
		if i := slices.IndexFunc(metrics, func(m metric) bool { return m.name == l.What }); i >= 0 {
			show = metrics[i].show
		}
		g.rows = append(g.rows, []string{fmt.Sprintf("%.2f", l.Ratio), l.What, l.Load, string(l.Table), show(l.Helium), show(l.Theirs), l.Peer, ""})
	}
	if len(g.rows) == 0 {
		g.rows = append(g.rows, []string{"–", "nowhere", "", "", "", "", "", ""})
	}
	return g
}
