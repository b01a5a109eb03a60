package rpcclient

import (
	"context"
	"errors"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/internal/directory"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

// A call whose arguments or result are larger than a message has its caller's goroutine send and put
// together what travels in chunks, while it waits for the end as any other does: the deadline, a
// cancel, a lost connection and a silent instance end it where they end all calls.
//
//	arguments ─▶ credit? ─▶ send ─┐      ┌─ a result that fits a message, or an error
//	     ▲                        ├▶ wait ┤
//	     └────────────────────────┘      └─ a large result is announced ─▶ room? a turn? ─▶ credit
//	                                                      given up at a stall, put together ◀─┘

// collector is an attempt that is under way in chunks.
type collector struct {
	core   *core
	flight *link.Call
	answer *answer
	large  *large

	room  *chunks.Room  // for what has come of the result; nil: none was announced
	share chunks.Turns  // of the service's; nil: it has none yet
	turn  bool          // the result's parts come
	waits *time.Ticker  // while there is room and no turn; nil otherwise
	watch *chunks.Watch // over the instance, once it has credit for the result; nil before
}

// collect sends and puts together what travels in chunks of an attempt, and returns when that is over:
// then the answer is as if it had come whole.
func (call *Invocation) collect(ctx context.Context, flight *link.Call, a *answer, view *directory.View) {
	c := &collector{core: call.method.core, flight: flight, answer: a, large: a.large}
	defer c.leave()
	for {
		var share, turns chunks.Turns
		var came chan struct{}
		var waits, stalled <-chan time.Time
		switch {
		case c.turn:
			came, stalled = c.large.reply.Load().in.Came, c.watch.Stalled()
		case c.share != nil:
			turns, waits = c.core.turns, c.waits.C
		case c.room != nil:
			share, waits = c.core.shares.Of(flight.To.Endpoint.Service), c.waits.C
		}
		var e *helium.Error
		select {
		case <-a.done:
			c.ended()
			return
		case <-c.large.sending():
			e = c.send()
		case <-c.large.announce:
			e = c.admit()
		case share <- struct{}{}:
			c.share = share
		case turns <- struct{}{}:
			c.turn, c.watch = true, chunks.NewWatch()
			e = c.credit()
		case <-waits:
			e = c.grant(0)
		case <-came:
			var whole bool
			if whole, e = c.takeIn(); whole {
				return
			}
		case <-stalled:
			e = c.stalls()
		case <-ctx.Done():
			e = directory.ContextError(ctx.Err(), helium.Unknown)
		}
		if e != nil {
			c.fail(e, view)
			return
		}
	}
}

// leave gives back what the collector had of what all calls share.
func (c *collector) leave() {
	if out := c.large.out; out != nil && out.Done() {
		c.core.counters.largeSent.Add(out.Sent())
	}
	c.answer.large = nil
	if c.waits != nil {
		c.waits.Stop()
	}
	c.room.Leave()
	if c.turn {
		c.watch.Stop()
		c.core.turns.Leave()
	}
	if c.share != nil {
		c.share.Leave()
	}
}

// send sends as much of the arguments as there is credit for.
func (c *collector) send() *helium.Error {
	most := chunks.Part
	if limit := c.core.links.MaxMessage(); limit > 0 {
		most = min(most, limit-wire.ChunkOverhead)
	}
	var data []byte
	for {
		offset, part, ok := c.large.out.Next(most)
		if !ok {
			return nil
		}
		f := wire.Frame{Kind: wire.KindChunk, Seq: c.flight.Seq(), Time: offset, Body: part}
		data = wire.AppendFrame(wire.AppendMessageHeader(data[:0]), &f)
		if e := c.core.links.SendChunk(c.flight, data); e != nil {
			return e
		}
	}
}

// admit lets a result come that was announced. Room for it is taken as it comes, and turns a service has a share of: one
// that announces results and doesn't send them takes nothing from the others.
func (c *collector) admit() *helium.Error {
	reply := c.large.reply.Load()
	if reply.fault != nil {
		return helium.ErrBadResult.WithMessage("the method ran, and its result can't be read: %w", reply.fault).WithOutcome(helium.Executed)
	}
	length := reply.in.Length()
	if length > uint64(c.core.maxValue) {
		return c.core.resultTooLarge(length)
	}
	if c.room = chunks.TakeRoomOf(c.flight.To.Endpoint.Service, 0); c.room == nil {
		return noRoom(length)
	}
	reply.in.Within(c.room)
	c.waits = time.NewTicker(chunks.Waits)
	return nil
}

// noRoom is the error of a result of so many bytes.
func noRoom(length uint64) *helium.Error {
	return helium.ErrResultTooLarge.WithMessage("the method ran, and this process has no room for its result of %d bytes, as %d bytes of values are being put together", length, chunks.Taken()).WithOutcome(helium.Executed)
}

// credit lets the instance send more of the result, if that is due.
func (c *collector) credit() *helium.Error {
	offset, due := c.large.reply.Load().in.Credit()
	if !due {
		return nil
	}
	return c.grant(offset)
}

// grant tells the instance up to where it may send.
func (c *collector) grant(offset uint64) *helium.Error {
	f := wire.Frame{Kind: wire.KindChunkCredit, Seq: c.flight.Seq(), Time: offset}
	return c.core.links.AskForChunks(c.flight, wire.AppendFrame(wire.AppendMessageHeader(nil), &f))
}

// takeIn takes in parts of the result. It returns true if it is whole, and the call over.
func (c *collector) takeIn() (whole bool, e *helium.Error) {
	reply := c.large.reply.Load()
	err := reply.in.Take()
	if err == nil && !reply.in.Whole() {
		c.watch.Moved(reply.in.Have())
		return false, c.credit()
	}
	var value []byte
	if err == nil {
		value, err = reply.in.Value()
	}
	if errors.Is(err, chunks.ErrNoRoom) {
		return false, noRoom(reply.in.Length())
	}
	if err != nil {
		return false, helium.ErrBadResult.WithMessage("the method ran, and its result can't be put together: %w", err).WithOutcome(helium.Executed)
	}
	if !c.core.links.Take(c.flight) {
		<-c.answer.done
		c.ended()
		return true, nil
	}
	c.has(value)
	return true, nil
}

// has ends the attempt with the result.
func (c *collector) has(value []byte) {
	c.core.counters.largeReceived.Add(len(value))
	a, reply := c.answer, c.large.reply.Load()
	a.body, a.err, a.micros, a.arrived, a.metadata = value, nil, reply.micros, true, reply.metadata
}

// isThere reports whether the result is, and ends the attempt with it: all of it may have come before the link
// was lost, as it is where an instance has answered its last calls and goes.
func (c *collector) isThere() bool {
	if !c.turn {
		return false
	}
	in := c.large.reply.Load().in
	if in.Take() != nil || !in.Whole() {
		return false
	}
	value, err := in.Value()
	if err != nil {
		return false
	}
	c.has(value)
	return true
}

// stalls returns the error of a result that its instance doesn't go on with, though it has credit and may be heard:
// it would keep the room of others for as long as the call has time. Like others that got lost it may be had again.
func (c *collector) stalls() *helium.Error {
	in := c.large.reply.Load().in
	return helium.ErrSilent.WithMessage("hardly anything of it has come for %v, of %d bytes %d are here", chunks.Stall, in.Length(), in.Have()).WithOutcome(helium.Unknown)
}

// fail ends the attempt with an error that was found here, and tells the instance.
func (c *collector) fail(e *helium.Error, view *directory.View) {
	links := c.core.links
	if !links.Take(c.flight) {
		<-c.answer.done
		c.ended()
		return
	}
	if e.Code == helium.CodeDeadlineExceeded {
		links.Overdue(c.flight)
	}
	links.Forsake(c.flight, view.Instances, e.Code == helium.CodeDeadlineExceeded)
	c.answer.err, c.answer.arrived = c.flight.Late(e), false
	c.judge()
}

// ended takes in how the attempt has ended elsewhere.
func (c *collector) ended() {
	a := c.answer
	if a.err == nil || !a.arrived && c.isThere() {
		return
	}
	if !a.arrived {
		c.core.links.Forsake(c.flight, nil, a.err.Code == helium.CodeDeadlineExceeded)
	}
	c.judge()
}

// judge says of an error what is known of the call: whether its arguments were there, or it had run.
func (c *collector) judge() {
	a := c.answer
	switch {
	case c.large.reply.Load() != nil && a.err.Outcome != helium.Executed:
		a.err = resultLost(a.err)
	case c.large.isPartial() && a.err.Outcome == helium.Unknown:
		a.err = link.Settled(a.err, helium.NotExecuted)
	}
}
