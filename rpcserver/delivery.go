package rpcserver

import (
	"context"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

// packLarge sees to it that a result leaves in chunks that doesn't fit a message, or returns why it
// can't.
func packLarge(call *Call, size, limit, maxValue int) *helium.Error {
	length := len(call.Result.Bytes())
	switch {
	case !call.takesChunks:
		return helium.ErrResultTooLarge.WithMessage("%s ran, and its result makes a message of %d bytes; at most %d fit, and its caller takes none in chunks, or may be answered only once. Return less at once, or raise the NATS server's max_payload", call.method, size, limit)
	case length > maxValue:
		return errResultTooLarge(call, length, maxValue)
	case size-length > limit-wire.ChunkOverhead:
		return errReplyMetadata(call, limit)
	}
	room := chunks.TakeRoom(uint64(length))
	if room == nil {
		return helium.ErrResultTooLarge.WithMessage("%s ran, and there is no room for its result of %d bytes, as %d bytes of other values are there", call.method, length, chunks.Taken())
	}
	if call.large == nil {
		call.owner.(*caller).attach(call, new(largeCall))
	}
	call.large.resultRoom = room
	return nil
}

// errResultTooLarge is the error of a result of so many bytes.
func errResultTooLarge(call *Call, length, most int) *helium.Error {
	return helium.ErrResultTooLarge.WithMessage("%s ran, and its result has %d bytes; at most %d are sent, see rpcserver.Config.MaxValue", call.method, length, most)
}

// errReplyMetadata is the error of reply metadata that don't fit a message.
func errReplyMetadata(call *Call, limit int) *helium.Error {
	return helium.ErrResultTooLarge.WithMessage("%s ran, and its reply metadata don't fit a message of %d bytes", call.method, limit)
}

// attach has others find what travels in chunks of a call that is in flight.
func (c *caller) attach(call *Call, l *largeCall) {
	c.mu.Lock()
	defer c.mu.Unlock()
	call.large = l
}

// deliver sends the result of a call in chunks, as its caller asks for them, and returns once all has
// left, or why it didn't. It says nothing of the latter.
func (c *caller) deliver(call *Call, took time.Duration) *helium.Error {
	value := call.Result.Bytes()
	out := chunks.NewOutgoing(value)
	call.large.result.Store(out)
	c.mu.Lock()
	c.owed++ // beside the answer, of which that is none
	c.mu.Unlock()
	announced := wire.Frame{Kind: wire.KindLargeReply, Seq: call.seq, Time: uint64(took / time.Microsecond), Metadata: call.packed, Body: wire.AppendExtent(nil, wire.ExtentOf(value))}
	c.batcher.Add(&announced, batch.Call{}, true)
	var m batch.Message
	ended := call.ctx.Done()
	watch := chunks.NewWatch()
	defer watch.Stop()
	for !out.Done() {
		select {
		case <-out.Granted:
		case <-watch.Stalled():
			return helium.ErrResultTooLarge.WithMessage("%s ran, and its caller took hardly anything of its result of %d bytes for %v", call.method, len(value), chunks.Stall)
		case <-ended:
			if call.ctx.Err() == context.DeadlineExceeded {
				return helium.ErrDeadline
			}
			return helium.ErrCanceled
		}
		before := out.Sent()
		for {
			offset, part, ok := out.Next(c.link.MaxMessage() - wire.ChunkOverhead)
			if !ok {
				break
			}
			m.Data = m.Data[:0]
			c.begin(&m)
			m.Data = wire.AppendFrame(m.Data, &wire.Frame{Kind: wire.KindChunk, Seq: call.seq, Time: offset, Body: part})
			c.mu.Lock()
			to := link.Caller{Key: c.key, Address: c.address}
			c.mu.Unlock()
			c.link.Answer(&link.Outgoing{To: to, Message: &m})
		}
		if out.Sent() > before {
			watch.Moved(out.Sent())
		} else {
			watch.Lives()
		}
	}
	return nil
}

// delivered takes note that the answer to a call has left in chunks.
func (c *caller) delivered() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.owed--
}

// large returns what travels in chunks of a call that is in flight; nil: nothing does. The message
// that asks came from a caller, who is answered where it says from now on.
func (cs *callers) large(from link.Caller, seq uint64) *largeCall {
	cs.mu.Lock()
	c := cs.byKey[from.Key]
	cs.mu.Unlock()
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	call, _ := c.calls.Get(seq)
	if call == nil {
		return nil
	}
	if call.large != nil && !from.Once {
		c.address = from.Address
	}
	return call.large
}
