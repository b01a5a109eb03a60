package pool

import "time"

// tally are calls that came and calls that had their turn, of which those of long ago count little.
type tally struct {
	memory    time.Duration // how long they count, about
	came, ran float64
}

func (t *tally) add(came, ran int, passed time.Duration) {
	kept := float64(t.memory) / float64(t.memory+passed)
	t.came, t.ran = kept*t.came+float64(came), kept*t.ran+float64(ran)
}

// isNoChance reports whether so many more came than had their turn that it isn't by chance: the
// number of calls that come at random varies by its root, and rarely by some times that.
func (t *tally) isNoChance(times float64) bool {
	excess := t.came - t.ran
	return excess > 0 && excess*excess > times*times*t.came
}
