package rpcserver

import "time"

const (
	// fewestMisses is how many heartbeats in a row must find nobody before their caller is taken
	// for gone, and missedFor how long ago the first of them was at least: while the servers of a
	// cluster lose and find one another, a caller seems gone for a moment.
	fewestMisses = 3
	missedFor    = 2 * time.Second
)

// absence is what heartbeats tell of a caller who may be gone: NATS says of each that nobody was
// there to take it. Its zero value is a caller who is there.
type absence struct {
	misses int       // heartbeats in a row that found nobody
	since  time.Time // when the first of them did
	missed bool      // the last one has found nobody
	gone   bool      // so many did, for so long, that the caller is taken for gone
}

// beats takes note that another heartbeat leaves: if nobody said that the one before it found
// nobody, somebody was there.
func (a *absence) beats() {
	if !a.missed {
		*a = absence{gone: a.gone}
	}
	a.missed = false
}

// calls takes note that a call has come in its name. If it was taken for gone it may be back, which
// heartbeats are to find out; but it proves nothing, as others can call in its name, and its own
// may have waited.
func (a *absence) calls() {
	if a.gone {
		*a = absence{}
	}
}

// miss takes note that the last heartbeat found nobody. It reports whether the caller is taken for
// gone by that, which is the case once.
func (a *absence) miss(now time.Time) (gone bool) {
	if a.misses++; a.misses == 1 {
		a.since = now
	}
	a.missed = true
	if a.gone || a.misses < fewestMisses || now.Sub(a.since) < missedFor {
		return false
	}
	a.gone = true
	return true
}
