package inline

import "time"

const (
	// Calls that turn out not to be quick may stall a receiver for one part in stallShare
	// of the time, and for stallBurst at once.
	stallShare = 20
	stallBurst = 10 * time.Millisecond
)

// Budget bounds for how long calls that were taken for quick stall a receiver. Each
// moment of a stall is paid off by stallShare moments that pass; what passes while nothing is
// owed is saved, up to what pays for stallBurst. It belongs to the receiver.
type Budget struct {
	paidOff time.Time // when all stalls so far will be paid for
}

// Spend takes in a stall that is just over.
func (b *Budget) Spend(now time.Time, took time.Duration) {
	if earliest := now.Add(-stallShare * stallBurst); b.paidOff.Before(earliest) {
		b.paidOff = earliest
	}
	b.paidOff = b.paidOff.Add(stallShare * took)
}

// Spent reports whether there were so many stalls that the receiver should rather leave all
// calls to the workers.
func (b *Budget) Spent(now time.Time) bool { return b.paidOff.After(now) }
