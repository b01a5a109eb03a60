package verdict

import (
	"time"

	"github.com/helium-rpc/helium/internal/chaos/ledger"
)

// Items are those of streams, by what whoever took them wrote down.
type Items struct {
	Came int64

	// Of which no error told:
	Lost    int64
	Doubled int64 // came again, or too late
	Foreign int64 // of another stream, or other bytes than were sent
}

func (n *Items) add(e *ledger.Entry) {
	n.Came += e.Items
	n.Lost += e.Lost
	n.Doubled += e.Doubled
	n.Foreign += e.Foreign
}

// silent is how many items are wrong without a word.
func (n *Items) silent() int64 { return n.Lost + n.Doubled + n.Foreign }

// itemRate returns how many items came a second, while streams of those calls ran.
func itemRate(calls []*call, came int64) float64 {
	var first, last int64
	for _, c := range calls {
		if c.ended == nil {
			continue
		}
		if first == 0 || c.made.At < first {
			first = c.made.At
		}
		last = max(last, c.ended.At)
	}
	if lasted := time.Duration(last - first); lasted > 0 {
		return float64(came) / lasted.Seconds()
	}
	return 0
}
