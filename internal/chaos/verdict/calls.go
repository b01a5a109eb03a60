package verdict

import (
	"cmp"
	"slices"

	"github.com/helium-rpc/helium/internal/chaos/ledger"
)

// call is all that the ledgers have of one call.
type call struct {
	made  ledger.Entry // Kind is "" if nobody wrote that it was made
	ended *ledger.Entry
	runs  []ledger.Entry // by time
	done  int            // of runs, how many have ended
}

// callsOf puts entries together, in the order in which calls were meant to start.
func callsOf(entries []ledger.Entry) []*call {
	byID := make(map[int64]*call)
	for i := range entries {
		e := &entries[i]
		c := byID[e.ID]
		if c == nil {
			c = new(call)
			byID[e.ID] = c
		}
		switch e.Kind {
		case ledger.Called:
			c.made = *e
		case ledger.Ended:
			c.ended = e
		case ledger.Began:
			c.runs = append(c.runs, *e)
		case ledger.Done:
			c.done++
		}
	}
	calls := make([]*call, 0, len(byID))
	for _, c := range byID {
		slices.SortFunc(c.runs, func(a, b ledger.Entry) int { return cmp.Compare(a.At, b.At) })
		calls = append(calls, c)
	}
	slices.SortFunc(calls, func(a, b *call) int {
		return cmp.Or(cmp.Compare(a.made.Meant, b.made.Meant), cmp.Compare(a.made.ID, b.made.ID))
	})
	return calls
}

// ok reports whether the call ended well.
func (c *call) ok() bool { return c.ended != nil && c.ended.Code == ledger.OK && !c.ended.Wrong }
