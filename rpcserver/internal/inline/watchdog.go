package inline

import (
	"sync"
	"time"
)

// Pause is how often a watchdog looks: work is stuck if the same piece of it has been
// under way for that long.
const Pause = 5 * time.Millisecond

// Watchdog finds out that a piece of work doesn't end. Its timer runs only while there is
// work, and is set once for all that begins within a pause.
type Watchdog struct {
	Stuck func() // called on a goroutine of its own, once for a piece of work at most

	mu       sync.Mutex
	working  bool        // guarded by mu
	begun    uint64      // guarded by mu; how many pieces of work
	seen     uint64      // guarded by mu; of them, when it looked last
	timer    *time.Timer // guarded by mu; nil until needed
	watching bool        // guarded by mu; the timer is set
}

// Begin says that a piece of work begins.
func (w *Watchdog) Begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.working = true
	w.begun++
	if w.watching {
		return
	}
	w.watching = true
	if w.timer == nil {
		w.timer = time.AfterFunc(Pause, w.look)
	} else {
		w.timer.Reset(Pause)
	}
}

// End says that it has ended.
func (w *Watchdog) End() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.working = false
}

// look looks whether the work is still the one of the last look.
func (w *Watchdog) look() {
	w.mu.Lock()
	news := w.begun != w.seen
	w.seen = w.begun
	w.watching = news
	if news {
		w.timer.Reset(Pause)
	}
	stuck := w.working && !news
	w.mu.Unlock()
	if stuck {
		w.Stuck()
	}
}
