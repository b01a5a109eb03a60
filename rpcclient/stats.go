package rpcclient

import "sync/atomic"

// Stats counts what a client did since it was made.
type Stats struct {
	Calls    uint64 // calls that ended, one-way calls included
	Failures uint64 // of them, with an error
	Retries  uint64 // attempts beyond the first
	Detours  uint64 // attempts that went on elsewhere, as where they went lacks the method or is gone
	Notifies uint64 // one-way calls sent

	FramesSent   uint64 // calls sent, each attempt counted
	MessagesSent uint64 // the messages that they shared

	Lookups      uint64 // questions to the binders
	NoResponders uint64 // messages that found nobody listening
	Unmatched    uint64 // answers that came late, twice or unasked
	Malformed    uint64 // answers that broke the protocol

	InFlight int // calls that wait for their answer now
}

type counters struct {
	calls, failures, notifies          atomic.Uint64
	retries, detours                   atomic.Uint64
	frames, messages                   atomic.Uint64
	lookups                            atomic.Uint64
	noResponders, unmatched, malformed atomic.Uint64
}

// Stats returns the counts so far, those of the views by At included.
func (c *Client) Stats() Stats {
	if c.unmade() != nil {
		return Stats{}
	}
	n := &c.counters
	return Stats{
		Calls: n.calls.Load(), Failures: n.failures.Load(), Retries: n.retries.Load(), Detours: n.detours.Load(), Notifies: n.notifies.Load(),
		FramesSent: n.frames.Load(), MessagesSent: n.messages.Load(),
		Lookups:      n.lookups.Load(),
		NoResponders: n.noResponders.Load(), Unmatched: n.unmatched.Load(), Malformed: n.malformed.Load(),
		InFlight: int(c.inflight.count.Load()),
	}
}
