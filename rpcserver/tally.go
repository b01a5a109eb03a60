package rpcserver

import (
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium"
)

// tally counts the calls of one method, without a lock: it is on the way of every call.
//
//	admitted = run + not run + in flight
//
// The receiver writes one part and the workers the other, so they are kept on cache lines
// apart from each other, and from what stands before a tally and is only read.
type tally struct {
	_        [64]byte
	admitted atomic.Uint64 // by the receiver alone
	_        [56]byte

	latency   histogram     // of the calls that were run, so it counts them too
	nanos     atomic.Uint64 // that they took together
	slow      atomic.Int64  // see slowest
	notRun    atomic.Uint64 // calls that were answered without running the handler
	errors    atomic.Uint64 // of all, those that ended with an error
	lastError atomic.Pointer[helium.Error]
}

// done counts a call that ends now. ran says whether the handler was reached; a refusal
// takes no time, and would make the times of the others look better than they are.
func (t *tally) done(err *helium.Error, took time.Duration, ran bool) {
	if ran {
		t.latency.observe(took)
		t.nanos.Add(uint64(took))
		t.remember(took)
	} else {
		t.notRun.Add(1)
	}
	if err != nil {
		t.lastError.Store(err)
		t.errors.Add(1)
	}
}

// slowest returns how long the slowest of the latest calls took. That fades, by a 64th
// with each call that is quicker. It is 0 if none was run yet.
func (t *tally) slowest() time.Duration { return time.Duration(t.slow.Load()) }

// remember takes in the time of one more call. Of two that come at the same moment one may
// be forgotten.
func (t *tally) remember(took time.Duration) {
	before := t.slow.Load()
	t.slow.Store(max(int64(took), before-(before-int64(took))/64, 1))
}

// counts are a tally at one moment. While calls run, its figures may be a call apart.
type counts struct {
	requests  uint64 // calls answered, or done if no answer was wanted
	errors    uint64 // of them, with an error
	inFlight  uint64 // admitted and not answered yet
	took      time.Duration
	latency   Latency
	lastError *helium.Error // nil: none yet
}

func (t *tally) read() counts {
	// A call counts as admitted, then as a request, then as an error. Read the other
	// way round, no figure is less than one that it includes.
	c := counts{lastError: t.lastError.Load(), errors: t.errors.Load()}
	c.took = time.Duration(t.nanos.Load())
	c.requests = t.notRun.Load()
	c.latency = t.latency.snapshot()
	c.requests += c.latency.Count()
	c.inFlight = t.admitted.Load() - c.requests
	return c
}
