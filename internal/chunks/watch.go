package chunks

import "time"

const (
	// Headway is how many bytes have to move in the time of a stall, of a value or of an item of a stream:
	// who sends one now and then would keep memory, and a turn, for as long as it likes.
	Headway = 64 << 10
	// patience is for how long signs of life count while nothing moves: there may be no turn.
	patience = 6 * Stall
)

// Watch sees when the other end stands still. It is for one goroutine.
type Watch struct {
	stalled *time.Timer
	moved   int       // how many bytes had when it was set last
	since   time.Time // when that was
}

// NewWatch begins to watch.
func NewWatch() *Watch { return &Watch{stalled: time.NewTimer(Stall), since: time.Now()} }

// Stalled tells once that nothing has moved for too long.
func (w *Watch) Stalled() <-chan time.Time { return w.stalled.C }

// Moved takes in how many bytes have moved in all.
func (w *Watch) Moved(bytes int) {
	if bytes-w.moved >= Headway {
		w.moved, w.since = bytes, time.Now()
		w.stalled.Reset(Stall)
	}
}

// Lives takes in a sign of life.
func (w *Watch) Lives() {
	if time.Since(w.since) < patience {
		w.stalled.Reset(Stall)
	}
}

// Stop ends the watch.
func (w *Watch) Stop() { w.stalled.Stop() }
