package rpcclient

import (
	"sync/atomic"

	"github.com/helium-rpc/helium/internal/chunks"
)

// Stats counts what a client did since it was made.
type Stats struct {
	Calls     uint64 // calls that ended, one-way calls included
	Failures  uint64 // of them, with an error, or by a panic of an interceptor, an iterator or a loop's body
	Retries   uint64 // attempts beyond the first
	Fallbacks uint64 // attempts that went on, elsewhere as where they went lacks the method or is gone, or with another clock
	Notifies  uint64 // one-way calls sent
	Hedges    uint64 // second attempts of calls that took unusually long; see Config.Hedge
	HedgesWon uint64 // of them, those that were answered first

	Streams       uint64 // of the attempts, streams
	ItemsSent     uint64 // items of streams that were sent
	ItemsReceived uint64 // items of streams that came

	LargeSent          uint64 // attempts whose arguments have left in chunks, see Config.MaxValue
	LargeReceived      uint64 // results that came in chunks
	LargeBytesSent     uint64 // of the former
	LargeBytesReceived uint64 // of the latter

	FramesSent   uint64 // calls sent, each attempt counted
	MessagesSent uint64 // the messages that they shared

	DirectLinks    int    // direct links to instances now
	DirectFrames   uint64 // of FramesSent, calls that left by direct links
	DirectMessages uint64 // the messages that these shared

	Lookups      uint64 // questions to the binders
	NoResponders uint64 // messages that found nobody listening
	Unmatched    uint64 // answers that came late, twice or unasked
	Twice        uint64 // calls that two instances answered, as NATS delivered them to both
	Malformed    uint64 // answers that broke the protocol

	HeldBack uint64 // attempts that weren't made, as the method's instances refuse most calls for load

	Silent          uint64 // calls that failed as nothing came any more from the instance that had them
	SilentInstances int    // instances that calls keep away from now, as they are silent

	InFlight int // calls that wait for their answer now
}

// counters are those that the calls of a client count in.
type counters struct {
	calls, failures, notifies, retries, fallbacks, hedges, hedgesWon atomic.Uint64
	streams, itemsSent, itemsReceived                                atomic.Uint64
	largeSent, largeReceived                                         chunks.Tally
}
