package proxy

import (
	"sync"
	"time"
)

// Conditions are what is wrong with a network. The zero value is a sound one.
type Conditions struct {
	Refused bool // new connections are closed at once
	Held    bool // nothing gets through, in either direction, and nobody is told
	// Delay is how much later each byte arrives.
	Delay time.Duration
	// Loss is how likely a packet is lost. TCP sends it again, and what comes behind it waits
	// meanwhile: that is what is done here, for RetransmitAfter.
	Loss float64
	// Rate is how many bytes a second get through to whoever connected, 0 for all.
	Rate float64
	// CutIn and CutOut are how many bytes get through on a connection, from whoever connected and
	// to them, before it breaks; 0: all.
	CutIn, CutOut int
	// Behind is by how much less than it is the clock of whoever connected is said to show, by a
	// [Rewriter] that heeds it.
	Behind time.Duration
}

// RetransmitAfter is the least time after which Linux sends a lost packet again.
const RetransmitAfter = 200 * time.Millisecond

// packet is about how much travels in one packet of an Ethernet.
const packet = 1460

// weather is the conditions as they change.
type weather struct {
	mu      sync.Mutex
	now     Conditions    // guarded by mu
	changed chan struct{} // guarded by mu; closed when they change
}

func newWeather() *weather { return &weather{changed: make(chan struct{})} }

// get returns the conditions, and a channel that is closed when they are others.
func (w *weather) get() (Conditions, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now, w.changed
}

func (w *weather) set(c Conditions) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = c
	close(w.changed)
	w.changed = make(chan struct{})
}
