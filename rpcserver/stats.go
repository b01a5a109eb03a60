package rpcserver

import (
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/rpcserver/internal/pool"
)

// Stats counts what a server did since it was made.
type Stats struct {
	Calls   uint64 // calls answered, whatever the answer, or done if none was wanted
	Errors  uint64 // of them, with an error
	Refused uint64 // of them, for load: the sum of the next three
	Panics  uint64 // of them, whose handler panicked
	Expired uint64 // of them, not run, as their time was over; wherever they waited
	Frozen  uint64 // of them, not run, as the process had stood still and their time was perhaps over

	RefusedFull     uint64 // of the refused, as no more may wait, see Config.MaxQueue and MaxQueueBytes; or as there is no room for one more stream, see Config.MaxStreams, or for large arguments
	RefusedWaited   uint64 // of the refused, after they had waited in vain while more came than were run
	RefusedHopeless uint64 // of the refused, when they came, as they wouldn't have had their turn in time

	RepliesSent  uint64 // replies in Helium messages
	MessagesSent uint64 // the messages that they shared
	LostReplies  uint64 // replies that the connection didn't take

	RefusedAnswers uint64 // messages of replies that NATS refused to publish; see Server.Warnings
	DroppedAnswers uint64 // messages of replies that another account's import drops; see Server.Warnings

	RefusedMessages uint64 // messages of calls refused whole, unread, as too many waited to be received
	DroppedMessages uint64 // messages dropped before the server had them, as the process didn't get to read them; their callers wait in vain

	Malformed  uint64 // messages that broke the protocol
	BadReplies uint64 // messages dropped, as they wanted the answer where no caller listens
	Duplicates uint64 // calls dropped, as one of that number was in flight

	Unheard uint64 // one-way calls, or messages of them, that weren't run; their callers don't hear of it

	Cancels      uint64 // cancels that reached a call in flight
	Probes       uint64 // calls that never had any time: tools, such as helium ping and why, ask with them whether calls come through; no other count has them
	StrayCancels uint64 // cancels ignored, as their caller had no such call here; a caller may not know who has it

	DirectLinks   int    // direct links that are open now; see Config.Listen
	DirectCalls   uint64 // calls that came by direct links, those in flight too
	DirectReplies uint64 // of RepliesSent, those that left by direct links
	DirectOpened  uint64 // direct links that were opened
	DirectRefused uint64 // connections that weren't taken for a direct link, or further tickets on one
	DirectBroken  uint64 // direct links that ended as what came broke the protocol

	Heartbeats uint64 // messages that told callers which of their calls still run
	Abandoned  uint64 // calls whose contexts ended because their callers are gone

	Replays          uint64 // calls with an idempotency key that were answered with what the first of that key returned
	IdempotencyKeys  int    // those whose results are kept now, or whose first call runs
	IdempotencyBytes int64  // that these take; see Config.IdempotencyMemory

	Streams       int    // streams that run now; see Config.MaxStreams
	StreamsBegun  uint64 // streams that have begun
	ItemsSent     uint64 // items of streams that were sent
	ItemsReceived uint64 // items of streams that came

	LargeSent          uint64 // results that left in chunks, see Config.MaxValue
	LargeReceived      uint64 // calls whose arguments came in chunks
	LargeBytesSent     uint64 // of the former
	LargeBytesReceived uint64 // of the latter
	LargeBytes         int64  // room that such values take now, of all servers and clients of the process

	Running int // calls that run now
	Waiting int // calls that wait for their turn now

	MayRun           int           // how many calls may run now, see Load
	WaitingBytes     int           // that the waiting ones hold
	SchedulerLatency time.Duration // how long goroutines waited for a processor lately, see Load
}

// counters are the counts as they grow.
type counters struct {
	calls, errors, panics          atomic.Uint64
	refused                        [pool.Reasons]atomic.Uint64 // by why
	expired, frozen                atomic.Uint64
	links                          link.ServerCounters
	refusedMessages                atomic.Uint64
	malformed, duplicates          atomic.Uint64
	unheard                        atomic.Uint64
	refusedAnswers, droppedAnswers atomic.Uint64
	cancels, strayCancels          atomic.Uint64
	probes                         atomic.Uint64
	heartbeats, abandoned          atomic.Uint64
	largeSent, largeReceived       chunks.Tally
}

// countExpired counts a call that wasn't run, if that was for its time.
func (c *counters) countExpired(err *helium.Error) {
	switch err.Reason {
	case helium.ErrExpired.Reason:
		c.expired.Add(1)
	case helium.ErrFrozen.Reason:
		c.frozen.Add(1)
	}
}

// read returns the counts so far.
func (c *counters) read(load Load) Stats {
	full, waited, hopeless := c.refused[pool.Crowded].Load()+c.refused[pool.Displaced].Load(), c.refused[pool.Vain].Load(), c.refused[pool.Hopeless].Load()
	largeSent, largeBytesSent := c.largeSent.Read()
	largeReceived, largeBytesReceived := c.largeReceived.Read()
	return Stats{
		LargeSent: largeSent, LargeReceived: largeReceived, LargeBytesSent: largeBytesSent, LargeBytesReceived: largeBytesReceived, LargeBytes: chunks.Taken(),
		Calls: c.calls.Load(), Errors: c.errors.Load(), Refused: full + waited + hopeless, RefusedFull: full, RefusedWaited: waited, RefusedHopeless: hopeless,
		Panics:  c.panics.Load(),
		Expired: c.expired.Load(), Frozen: c.frozen.Load(),
		RepliesSent: c.links.Replies.Load(), MessagesSent: c.links.Messages.Load(), LostReplies: c.links.Lost.Load(),
		RefusedAnswers: c.refusedAnswers.Load(), DroppedAnswers: c.droppedAnswers.Load(),
		RefusedMessages: c.refusedMessages.Load(),
		Malformed:       c.malformed.Load(), BadReplies: c.links.BadReplies.Load(), Duplicates: c.duplicates.Load(),
		Unheard: c.unheard.Load(), Cancels: c.cancels.Load(), StrayCancels: c.strayCancels.Load(), Probes: c.probes.Load(),
		Heartbeats: c.heartbeats.Load(), Abandoned: c.abandoned.Load(),
		Running: load.Running, Waiting: load.Waiting, MayRun: load.MayRun, WaitingBytes: load.WaitingBytes, SchedulerLatency: load.SchedulerLatency,
	}
}
