package rpcserver

import (
	"context"
	"slices"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/stream"
	"github.com/helium-rpc/helium/internal/wire"
)

// serverStream is the answerer of a call that is a stream, and its two ends here:
//
//	handler ─▶ yield ─▶ out ─▶ frames in the caller's batcher ─▶ … ─▶ the caller
//	handler ◀─ range ◀─ in ◀─ frames on the control subject ◀─ … ◀─ the caller
//
// What it sends shares messages with the answers to the caller's other calls.
type serverStream struct {
	*caller // nil until it is admitted
	itemWraps
	seq     uint64
	streams *streams
	method  *methodStats
	out     *stream.Sender
	in      *stream.Receiver // nil: the caller sends nothing
	items   *stream.Items    // of in
	sends   bool             // the caller sends items
	yields  bool             // it answers with items
	parts   bool             // its caller knows items in parts
	large   largeItems
	fastest int    // how large these are at most, in bytes; 0: only messages bound them
	spare   []byte // memory for the message of the next one
	few     []byte // memory for items that leave together, if they are small
	over    bool   // guarded by the caller's mu; what it has to send waits for nothing
}

// newServerStream returns the stream of a call, whose caller takes so much to begin with, and has some abilities. Args
// are its arguments, where they come as an item; else nil.
func newServerStream(call *Call, terms *wire.Terms, args *wire.Extent, of *streams, abilities wire.Abilities) *serverStream {
	parts := abilities.Has(wire.ItemParts)
	s := &serverStream{seq: call.seq, streams: of, method: &call.method.stats, yields: call.method.signature.Yields != nil, parts: parts}
	s.large.args, s.large.takesResult = args, abilities.Has(largeStreams)
	s.out = stream.NewSender(terms.Credit, s.sendItems, s.sendAccount)
	if parts {
		s.out.Divide(func() int { return s.sizes().Part }, s.sendPart)
	}
	call.beaten = true // it is one that takes long, so its caller is looked after from the first heartbeat on
	if s.sends = call.method.signature.Sends != nil; s.sends || args != nil {
		s.in = stream.NewReceiver(of.pool, s.bounds, s.grant)
		if parts {
			s.in.Strict() // who takes items in parts knows how to send them so, and every server that it sends some takes them
		}
		s.items = stream.NewItems(s.in)
	}
	return s
}

// belong implements owned.
func (s *serverStream) belong(to *caller) {
	s.caller = to
	if by, ok := to.link.(link.Splitter); ok {
		s.fastest = by.ItemPart()
	}
}

// bounds are those of items that come in parts. One that fits a message is never too large.
func (s *serverStream) bounds() stream.Bounds {
	return stream.Bounds{Most: max(s.streams.maxValue, s.limit()), Way: chunks.ToServer, TooLarge: helium.ErrTooLarge, NoRoom: helium.ErrOverloaded, See: "rpcserver.Config.MaxValue"}
}

func (s *serverStream) figures() *methodStats { return s.method }

func (s *serverStream) source() itemSource {
	if !s.sends {
		return nil
	}
	return s.items
}

// put implements itemised.
func (s *serverStream) put(call *Call, nth int, item []byte, of *codec.Writer) error {
	left := false
	switch size, sizes := len(item), s.sizes(); {
	case size > sizes.Most && !s.parts:
		return itemTooLarge(call, nth, size, sizes.Most)
	case size > sizes.Most:
		return helium.ErrResultTooLarge.WithMessage("item %d of %s has %d bytes; at most %d are sent, see rpcserver.Config.MaxValue", nth, call.method, size, sizes.Most)
	case size > sizes.Whole:
		left = s.out.SendParts(item, sizes.Part, s.sendPart)
	case of != nil && size >= stream.Large:
		left = s.out.SendLarge(item, func(one wire.Items) { s.sendLarge(of, one) })
	default:
		left = s.out.Send(item, sizes.Whole)
	}
	if left {
		return nil
	}
	if err := call.ctx.Err(); err != nil {
		return err
	}
	return context.Canceled
}

// sizes say how its items leave.
func (s *serverStream) sizes() stream.Sizes {
	return stream.SizesOf(s.limit(), s.fastest, s.streams.maxValue, s.parts)
}

// begin implements lasting: it tells the caller that its stream has begun, and how much it may send.
func (s *serverStream) begin(ctx *callContext[Call]) (stop func()) {
	credit := wire.Credit{}
	if s.in != nil {
		credit = s.in.Open()
	}
	s.grant(credit)
	if s.in != nil {
		s.in.Insist()
	}
	over := make(chan struct{})
	running := ctx.AfterFunc(func() {
		defer close(over)
		s.abort(ctx.Err())
	})
	return func() {
		if !running() {
			<-over
		}
		if s.in != nil {
			s.in.Close()
		}
	}
}

// admit implements [lasting].
func (s *serverStream) admit(call *Call, count *counters) *helium.Error {
	if s.large.args == nil {
		return nil
	}
	s.in.Urge()
	if err := s.large.take(call, s.items); err != nil {
		return err
	}
	if !s.sends {
		s.in.Rest() // else it had credit that others lack, as long as it lasts
	}
	count.largeReceived.Add(len(call.args))
	s.method.largeReceived.Add(len(call.args))
	return nil
}

// deliver implements [lasting]: it sends a result that leaves as an item.
func (s *serverStream) deliver(call *Call, count *counters) *helium.Error {
	if !s.large.result {
		return nil
	}
	value := call.Result.Bytes()
	s.push(&wire.Frame{Kind: wire.KindLargeReply, Seq: s.seq, Body: wire.AppendExtent(nil, wire.ExtentOf(value))})
	if !s.out.SendParts(value, s.sizes().Part, s.sendPart) {
		if call.ctx.Err() == context.DeadlineExceeded {
			return helium.ErrDeadline.WithOutcome(helium.Executed)
		}
		return helium.ErrCanceled.WithOutcome(helium.Executed)
	}
	count.largeSent.Add(len(value))
	s.method.largeSent.Add(len(value))
	call.Result.Reset()
	call.Result.Nil()
	return nil
}

// abort ends both ends, whatever is under way.
func (s *serverStream) abort(err error) {
	s.out.Stop()
	s.hurry()
	if s.in != nil {
		s.in.Abort(err)
	}
}

// sendItems sends items that leave together.
func (s *serverStream) sendItems(items wire.Items) {
	s.streams.counters.sent.Add(items.Count)
	s.method.itemsSent.Add(items.Count)
	s.awaitRoom()
	body := wire.AppendItems(s.few[:0], items)
	s.push(&wire.Frame{Kind: wire.KindItems, Seq: s.seq, Body: body})
	if cap(body) <= stream.FewKept {
		s.few = body
	}
}

// sendLarge sends an item in the memory in which its writer has written it, and gives that other memory.
func (s *serverStream) sendLarge(of *codec.Writer, one wire.Items) {
	s.streams.counters.sent.Add(1)
	s.method.itemsSent.Add(1)
	s.awaitRoom()
	s.owe()
	instead := s.batcher.AddNext(s.seq, func(opening []byte) ([]byte, int) { return wire.WholeItems(opening, s.seq, one, of) })
	*of = itemWriter(instead)
}

// sendPart sends a part of an item, or of the result of a stream that has none.
func (s *serverStream) sendPart(p wire.Part) {
	if p.IsLast() && s.yields {
		s.streams.counters.sent.Add(1)
		s.method.itemsSent.Add(1)
	}
	s.awaitRoom()
	memory := wire.AppendPartFrame(slices.Grow(s.spare[:0], wire.Room+wire.PartOverhead+len(p.Data))[:wire.Room], s.seq, p)
	s.owe()
	s.spare = s.batcher.AddNext(s.seq, func(opening []byte) ([]byte, int) {
		begin := wire.Room - len(opening)
		copy(memory[begin:], opening)
		return memory, begin
	})
}

// grant tells the caller how much it may send in all.
func (s *serverStream) grant(credit wire.Credit) {
	s.push(&wire.Frame{Kind: wire.KindCredit, Seq: s.seq, Body: wire.AppendCredit(nil, credit)})
}

// sendAccount tells the caller what was sent so far.
func (s *serverStream) sendAccount(a wire.Account) {
	s.push(&wire.Frame{Kind: wire.KindAccount, Seq: s.seq, Body: wire.AppendAccount(nil, a)})
}

// follow takes in a frame about the stream.
func (s *serverStream) follow(f *wire.Frame) {
	var err error
	switch f.Kind {
	case wire.KindCredit:
		var credit wire.Credit
		if credit, err = wire.ReadCredit(f.Body); err == nil {
			s.out.Grant(credit)
		}
	case wire.KindItems:
		var items wire.Items
		if items, err = wire.ReadItems(f.Body); err == nil && s.in != nil {
			s.countReceived(items.Count)
			s.in.Arrive(items)
		}
	case wire.KindItemPart:
		var part wire.Part
		if part, err = wire.ReadPart(f.Body); err == nil && s.in != nil {
			if part.IsLast() && part.Before >= s.large.ahead() {
				s.countReceived(1)
			}
			s.in.ArrivePart(part)
		}
	case wire.KindAccount:
		var account wire.Account
		if account, err = wire.ReadAccount(f.Body); err == nil && s.in != nil {
			if credit, lost := s.in.Account(account); lost {
				s.grant(credit)
			}
		}
	case wire.KindItemsEnd:
		var end wire.ItemsEnd
		if end, err = wire.ReadItemsEnd(f.Body); err == nil && s.in != nil {
			var why error
			if end.Err != nil {
				why = end.Err
			}
			s.in.End(end.Count, why)
		}
	}
	if err != nil && s.in != nil {
		s.in.Fail(helium.ErrBadMessage.WithMessage("what the caller sent as a stream breaks the protocol: %w", err))
	}
}

func (s *serverStream) countReceived(items uint64) {
	s.streams.counters.received.Add(items)
	s.method.itemsReceived.Add(items)
}

func (*serverStream) awaited() bool { return true }

func (s *serverStream) limit() int { return s.link.MaxMessage() }

// pack implements [answerer]. A result that is larger than a message leaves as an item.
func (s *serverStream) pack(call *Call) (size int, err *helium.Error) {
	if size = packFrame(call, s.openingSize()); size > s.limit() {
		err = s.large.pack(call, size, s.sizes().Most, s.limit())
		size = 0 // of what is left for the answer's message, which fits
	}
	return size, err
}

// send implements [answerer]: the answer leaves behind the items. That it is owed who took the call has counted.
func (s *serverStream) send(call *Call, err *helium.Error, took time.Duration, packed []byte, others bool) {
	items := s.out.Close()
	if s.yields {
		s.push(&wire.Frame{Kind: wire.KindItemsEnd, Seq: s.seq, Body: wire.AppendItemsEnd(nil, wire.ItemsEnd{Count: items})})
	}
	var f wire.Frame
	fillAnswer(&f, call, err, took, packed)
	s.batcher.Add(&f, batch.Call{}, others)
}

// mostWaiting is how many frames may wait for a caller that takes them slower than they come before streams
// wait as well, whatever credit they have.
const mostWaiting = 256

// awaitRoom waits until less waits for a caller, or the stream is over. What waits leaves by itself: calls that are
// in flight, whose answers aren't there yet, are none of it.
func (s *serverStream) awaitRoom() {
	c := s.caller
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.owed-c.running >= mostWaiting && !s.over {
		c.crowded++
		c.room.Wait()
		c.crowded--
	}
}

// hurry has the last that the stream sends wait for nothing, so that who sends it is done at once.
func (s *serverStream) hurry() {
	c := s.caller
	c.mu.Lock()
	defer c.mu.Unlock()
	s.over = true
	if c.crowded > 0 {
		c.room.Broadcast()
	}
}

// push sends a frame to a caller that isn't the only answer to a call.
func (c *caller) push(f *wire.Frame) {
	c.batcher.Add(f, batch.Call{}, c.owe())
}

// owe counts a frame that is about to leave, and reports whether other calls are in flight.
func (c *caller) owe() (others bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.owed++
	return c.calls.Len() > 1
}

// runStream runs a stream, on the goroutine of whoever calls it, and answers it.
func (r *runner) runStream(call *Call, s lasting, ended func()) {
	figures := s.figures()
	figures.streamsBegun.Add(1)
	figures.streams.Add(1)
	stop := s.begin(call.ctx)
	var err *helium.Error
	returned := false
	defer func() {
		if !returned {
			err = r.broken(call, recover())
		}
		stop()
		figures.streams.Add(-1) // first: who has the answer finds it counted
		ended()
		r.finishStream(call, err)
	}()
	if err = s.admit(call, r.counters); err == nil {
		err = r.execute(call, time.Now())
	}
	if err == nil {
		err = s.deliver(call, r.counters)
	}
	returned = true
}

// finishStream answers a stream, as finish does a call. How long it took is no measure of its method.
func (r *runner) finishStream(call *Call, err *helium.Error) {
	err = r.count(call, err, 0, false)
	if others, ok := call.owner.take(call); ok {
		call.answer.send(call, err, 0, call.packed, others)
	}
	call.ctx.leave()
	r.over()
}

// cutStream ends a stream that runs with an error, if it is faster than its handler. It doesn't wait for what the stream
// is sending, which may be stuck: the error leaves behind that.
func (r *runner) cutStream(call *Call, why *helium.Error) {
	others, ok := call.owner.take(call)
	call.ctx.end(canceled) // nobody else answers any more
	if !ok {
		return
	}
	if s, ok := call.answer.(*serverStream); ok && s.large.lacks() {
		why = why.WithOutcome(helium.NotExecuted)
	}
	r.admitted(1)
	go func() {
		defer r.over()
		call.answer.send(call, why, 0, nil, others)
	}()
}
