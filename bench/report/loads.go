package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/helium-rpc/helium/bench/peers"
)

// load is all peers under one load of a table.
type load struct {
	name string
	rows []*Row
}

type loadKey struct {
	payload  peers.Payload
	inFlight int
	part     float64
}

func (r *Row) load() loadKey { return loadKey{r.Payload, r.InFlight, r.Part} }

func (k loadKey) String() string {
	if k.part > 0 {
		return fmt.Sprintf("%.0f %% of peak", 100*k.part)
	}
	if k.payload == peers.Add {
		return fmt.Sprintf("%d in flight", k.inFlight)
	}
	return fmt.Sprintf("%s, %d in flight", k.payload, k.inFlight)
}

// loads returns a table's rows by load, in the order in which they were measured, the
// fastest peer of each load first.
func (r *Report) loads(table Table) (loads []load) {
	at := make(map[loadKey]int)
	for i := range r.Rows {
		row := &r.Rows[i]
		if row.Table != table {
			continue
		}
		n, known := at[row.load()]
		if !known {
			n = len(loads)
			at[row.load()] = n
			loads = append(loads, load{name: row.load().String()})
		}
		loads[n].rows = append(loads[n].rows, row)
	}
	for _, l := range loads {
		slices.SortStableFunc(l.rows, func(a, b *Row) int {
			if a.Part > 0 { // an open loop: the rate was given
				return cmp.Or(overloadedLast(a, b), cmp.Compare(a.P99.Median, b.P99.Median))
			}
			return cmp.Compare(b.PerSecond.Median, a.PerSecond.Median)
		})
	}
	return loads
}

func overloadedLast(a, b *Row) int {
	switch {
	case a.Overloaded() == b.Overloaded():
		return 0
	case a.Overloaded():
		return 1
	}
	return -1
}
