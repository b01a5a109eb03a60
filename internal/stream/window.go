package stream

import "time"

const (
	// Window is how many bytes of items may be under way to a reader, or wait there, and
	// WindowItems how many items, to begin with and while more wouldn't help.
	Window      = 256 << 10
	WindowItems = 16 << 10
	// MaxWindow is what a stream's window grows to at most, in bytes, where the pool has as much.
	MaxWindow = 4 << 20

	// lostShare is the part of a round that a reader has to lose for want of credit, for the window to
	// grow: who does something else most of the time would gain nothing, and have more memory filled.
	lostShare = 4
)

// window is how much a stream may have under way. In each round, which is from one credit to the next, a
// reader that finds nothing loses time. If that was because the writer had used up its credit, the window
// is smaller than what the way carries in a round trip, and twice as much is given in the next. A reader
// that loses no time, and that all has come to that may come, is slower than the writer, and gets less again.
type window struct {
	bytes int           // its size
	began time.Time     // of the round
	dry   time.Time     // since when the reader has waited; zero: it doesn't
	idle  bool          // it has waited in this round
	lost  time.Duration // in this round, for want of credit
}

// open begins the first round.
func (w *window) open(now time.Time) { w.bytes, w.began = Window, now }

// waits takes in that the reader has nothing to read.
func (w *window) waits(now time.Time) { w.dry, w.idle = now, true }

// comes takes in that items come for which the reader has waited. Held says that the writer had no credit
// for them before.
func (w *window) comes(now time.Time, held bool) {
	if held {
		w.lost += now.Sub(w.dry)
	}
	w.dry = time.Time{}
}

// next ends a round, at whose end all had come that might come, or not.
func (w *window) next(now time.Time, full bool) {
	switch {
	case w.lost > 0 && w.lost*lostShare >= now.Sub(w.began):
		w.bytes = min(2*w.bytes, MaxWindow)
	case full && !w.idle:
		w.bytes = max(w.bytes/4*3, Window)
	}
	w.began, w.idle, w.lost = now, !w.dry.IsZero(), 0
}

// items returns how many items the window has.
func (w *window) items() uint64 { return uint64(w.bytes / (Window / WindowItems)) }
