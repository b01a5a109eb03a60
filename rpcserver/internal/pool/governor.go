package pool

import "time"

// A processor that has many handlers to run gives each of them a turn, and whatever else
// the program does waits until they all had theirs: reading the socket, answering a ping,
// sending what is done. With 1,024 handlers of 10 ms each that is 10 s. So how many calls run
// adapts to how long goroutines wait for a processor. While they wait for long, fewer calls are
// let in, down to two for each processor; handlers that sleep keep nobody waiting, and as many
// of them run as may.
//
//	pool: more run than need be ─▶ look, every governorPause ─┬▶ they wait long: half as many
//	        ▲                                                 ├▶ they don't, and calls do: twice as many
//	        └──────── until only a few run ───────────────────┘

const (
	// governorPause is how often a governor looks.
	governorPause = 10 * time.Millisecond
	// tooLate is how long goroutines may wait for a processor, and inTime how long they wait
	// where there is room for more.
	tooLate = 5 * time.Millisecond
	inTime  = time.Millisecond
	// A governor decides once enoughWaits were counted, or patientPauses have passed.
	enoughWaits   = 8
	patientPauses = 10
)

// governor decides how many calls may run at the same moment. It belongs to whoever has the
// lock of the pool.
type governor struct {
	least, most int
	limit       int
	waits       waitSource
	pauses      int // since the waits were counted from
}

// waitSource tells how long goroutines waited for a processor.
type waitSource interface {
	// begin counts from now on.
	begin()
	// waited returns how many waits were counted, and what half of them were shorter than.
	waited() (count uint64, median time.Duration)
}

func newGovernor(least, most int, waits waitSource) governor {
	return governor{least: min(least, most), most: most, limit: most, waits: waits}
}

// begin begins to look: there are calls enough for it to matter how many run.
func (g *governor) begin() {
	g.waits.begin()
	g.pauses = 0
}

// look decides anew, once a pause has passed. running and waiting are how many calls are.
func (g *governor) look(running, waiting int) {
	g.pauses++
	count, median := g.waits.waited()
	if count < enoughWaits && g.pauses < patientPauses {
		return
	}
	switch {
	case count > 0 && median > tooLate:
		g.limit = max(g.least, min(g.limit, running)/2)
	case median < inTime && waiting > 0 && running >= g.limit:
		g.limit = min(g.most, 2*g.limit)
	}
	g.begin()
}
