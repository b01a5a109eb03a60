package stream

import "time"

const (
	// Window is how many bytes of items may be under way to a reader, or wait there, and
	// WindowItems how many items, to begin with and while more wouldn't help.
	Window      = 256 << 10
	WindowItems = 16 << 10
	// MaxWindow is what a stream's window grows to at most, in bytes, where the pool has as much.
	MaxWindow = 4 << 20

	// stretch is in how many rounds it is found out whether a window is large enough, and whether one that
	// was doubled is better.
	stretch = 8
	// lostShare is the part of a stretch that a reader has to lose for want of credit, for the window to
	// grow: who does something else most of the time would gain nothing, and have more memory filled.
	lostShare = 4
	// worthwhile is how many times as much has to be read in a time, for a doubled window to stay. Where
	// processors are what there is too little of, larger windows only fill caches.
	worthwhile = 1.25
	// firstPause is how many stretches pass before a window that wasn't worthwhile is tried again. Each time
	// it is twice as many, up to longestPause.
	firstPause   = 16
	longestPause = 1024
)

// window is how much a stream may have under way. In each round, which is from one credit to the next, a
// reader that finds nothing loses time. If that was because the writer had used up its credit, the window
// is smaller than what the way carries in a round trip, and twice as much is given for a stretch of rounds,
// and for longer if it helps. A reader that loses no time, and that all has come to that may come, is slower
// than the writer, and gets less again.
type window struct {
	bytes int       // its size
	dry   time.Time // since when the reader has waited; zero: it doesn't
	idle  bool      // it has waited in this round

	began  time.Time     // of the stretch
	rounds int           // of it that are over
	read   int           // in these, in bytes
	lost   time.Duration // in these, for want of credit

	before int     // how large it was before it was doubled; 0: it wasn't for this stretch
	rate   float64 // that was read then, in bytes a second
	pause  int     // stretches before it may be doubled
	longer int     // how long the last such pause was; 0: there was none
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

// next ends a round in which so much was read, and at whose end all had come that might come, or not.
func (w *window) next(now time.Time, read int, full bool) {
	idle := w.idle
	w.idle = !w.dry.IsZero()
	w.read += read
	w.rounds++
	switch {
	case full && !idle && w.bytes > Window:
		w.bytes, w.before = max(w.bytes/4*3, Window), 0
	case w.rounds < stretch:
		return
	default:
		w.judge(now.Sub(w.began))
	}
	w.began, w.rounds, w.read, w.lost = now, 0, 0, 0
}

// judge finds out how large the window has to be, by a stretch that has taken so long.
func (w *window) judge(took time.Duration) {
	rate := float64(w.read) / max(took, 1).Seconds()
	tried := w.before
	w.before = 0
	if tried > 0 && rate < worthwhile*w.rate {
		w.longer = min(max(2*w.longer, firstPause), longestPause)
		w.bytes, w.pause = tried, w.longer
		return
	}
	if w.pause > 0 {
		w.pause--
		return
	}
	if w.lost > 0 && w.lost*lostShare >= took && w.bytes < MaxWindow {
		w.before, w.rate = w.bytes, rate
		w.bytes = min(2*w.bytes, MaxWindow)
	}
}

// items returns how many items the window has.
func (w *window) items() uint64 { return uint64(w.bytes / (Window / WindowItems)) }
