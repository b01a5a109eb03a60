package heartbeat

import "time"

const (
	// FewestMisses is how many heartbeats in a row must find nobody before their caller is taken
	// for gone, and MissedFor how long ago the first of them was at least: while the servers of a
	// cluster lose and find one another, a caller seems gone for a moment.
	FewestMisses = 3
	MissedFor    = 2 * time.Second
	// missedForStreams is how long ago it was for the caller's streams to end. NATS servers whose
	// route breaks make it again after 1 to 1.1 s, and a stream is less likely than a call to be of
	// use after that: items that found nobody are lost to it.
	missedForStreams = 1250 * time.Millisecond
)

// Absence is what heartbeats tell of a caller who may be gone: NATS says of each that nobody was
// there to take it. Its zero value is a caller who is there.
type Absence struct {
	misses int       // heartbeats in a row that found nobody
	since  time.Time // when the first of them did
	missed bool      // the last one has found nobody
	gone   bool      // so many did, for so long, that the caller is taken for gone
}

// Beats takes note that another heartbeat leaves: if nobody said that the one before it found
// nobody, somebody was there.
func (a *Absence) Beats() {
	if !a.missed {
		*a = Absence{gone: a.gone}
	}
	a.missed = false
}

// Calls takes note that a call has come in its name. If it was taken for gone it may be back, which
// heartbeats are to find out; but it proves nothing, as others can call in its name, and its own
// may have waited.
func (a *Absence) Calls() {
	if a.gone {
		*a = Absence{}
	}
}

// Miss takes note that the last heartbeat found nobody. It reports whether the caller's streams end by
// that, and whether it is taken for gone altogether, which is the case once.
func (a *Absence) Miss(now time.Time) (streams, gone bool) {
	if a.misses++; a.misses == 1 {
		a.since = now
	}
	a.missed = true
	if a.gone || a.misses < FewestMisses {
		return false, false
	}
	a.gone = now.Sub(a.since) >= MissedFor
	return now.Sub(a.since) >= missedForStreams, a.gone
}

// Decisive returns from when on a heartbeat that finds nobody ends the caller's streams; zero: the last ones
// found somebody.
func (a *Absence) Decisive() time.Time {
	if a.misses == 0 || a.gone {
		return time.Time{}
	}
	return a.since.Add(missedForStreams)
}

// Leave takes note that the caller is gone for certain.
func (a *Absence) Leave() { a.gone = true }

// IsGone reports whether the caller is taken for gone.
func (a *Absence) IsGone() bool { return a.gone }
