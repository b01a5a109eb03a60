package rpcserver

import (
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/chunks"
)

// methodStats count the calls of one method, without a lock: every call passes them.
//
//	admitted = run + not run + probed + in flight
//
// The receiver writes one part and the workers the other, so they are kept on cache lines
// apart from each other, and from what stands before them and is only read.
type methodStats struct {
	_        [64]byte
	admitted atomic.Uint64 // by receivers alone
	direct   atomic.Uint64 // of them, by direct links
	_        [48]byte

	latency   histogram     // of the calls that were run, so it counts them too
	nanos     atomic.Uint64 // that they took together
	slow      atomic.Int64  // see slowest
	notRun    atomic.Uint64 // calls that were answered without running the handler
	refused   atomic.Uint64 // of them, for load
	probed    atomic.Uint64 // calls without any time that were answered, and count for nothing else
	errors    atomic.Uint64 // of all, those that ended with an error
	lastError atomic.Pointer[helium.Error]

	streams                                atomic.Int64 // that run now
	streamsBegun, itemsSent, itemsReceived atomic.Uint64

	largeSent, largeReceived chunks.Tally // results and arguments in chunks
}

// done counts a call that ends now. ran says whether the handler was reached; a refusal
// takes no time, and would make the times of the others look better than they are.
func (s *methodStats) done(err *helium.Error, took time.Duration, ran bool) {
	if ran {
		s.latency.observe(took)
		s.nanos.Add(uint64(took))
		s.remember(took)
	} else {
		s.notRun.Add(1)
	}
	if err != nil {
		s.lastError.Store(err)
		s.errors.Add(1)
	}
}

// slowest returns how long the slowest of the latest calls took. That fades, by a 64th
// with each call that is quicker. It is 0 if none was run yet.
func (s *methodStats) slowest() time.Duration { return time.Duration(s.slow.Load()) }

// remember takes in the time of one more call. Of two that come at the same moment one may
// be forgotten.
func (s *methodStats) remember(took time.Duration) {
	before := s.slow.Load()
	s.slow.Store(max(int64(took), before-(before-int64(took))/64, 1))
}

// methodFigures are a method's counts at one moment. While calls run, they may be a call apart.
type methodFigures struct {
	requests  uint64 // calls answered, or done if no answer was wanted
	errors    uint64 // of them, with an error
	refused   uint64 // of them, for load
	inFlight  uint64 // admitted and not answered yet
	direct    uint64 // that came by direct links, those in flight too
	took      time.Duration
	latency   Latency
	lastError *helium.Error // nil: none yet

	streams                                uint64 // that run now
	streamsBegun, itemsSent, itemsReceived uint64

	largeSent, largeBytesSent, largeReceived, largeBytesReceived uint64
}

func (s *methodStats) read() methodFigures {
	// A call counts as admitted, then as a request, then as an error. Read the other
	// way round, no figure is less than one that it includes.
	f := methodFigures{lastError: s.lastError.Load(), errors: s.errors.Load(), refused: s.refused.Load()}
	f.took = time.Duration(s.nanos.Load())
	f.requests = s.notRun.Load()
	f.latency = s.latency.snapshot()
	f.requests += f.latency.Count()
	answered := f.requests + s.probed.Load()
	f.direct = s.direct.Load()
	f.inFlight = s.admitted.Load() - answered
	f.streams = uint64(max(0, s.streams.Load()))
	f.largeSent, f.largeBytesSent = s.largeSent.Read()
	f.largeReceived, f.largeBytesReceived = s.largeReceived.Read()
	f.streamsBegun, f.itemsSent, f.itemsReceived = s.streamsBegun.Load(), s.itemsSent.Load(), s.itemsReceived.Load()
	return f
}
