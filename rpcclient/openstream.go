package rpcclient

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/directory"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/stream"
	"github.com/helium-rpc/helium/internal/wire"
)

// openStream is a stream from when it is sent to its end:
//
//	the program's iterator ─▶ upload ─▶ out ─▶ control messages ─▶ … an instance
//	                                                                    │
//	the loop's body ◀─ consume ◀─ in ◀─ Follow, Arrive ◀────────────────┘
//
// It ends as any call does, once: by what its instance answers, by its deadline, with its link, or
// as the program has enough of it.
type openStream struct {
	core   *core
	flight link.Call // of its own, as an iterator that is left behind keeps it
	of     *streamed
	lasts  time.Time // its deadline once it has begun
	in     *stream.Receiver
	out    *stream.Sender // nil: it sends nothing

	// Of the receiver of answers:
	begun bool           // something has come that isn't the last answer
	part  int            // how large parts of items are at most, in bytes; 0: only messages bound them
	ends  *wire.ItemsEnd // nil: more items may come
	body  []byte         // the result; read when in has ended
	md    []byte         // that came beside it
	lost  *helium.Error  // how it ended, where nobody said that it is over

	uploaded chan struct{} // closed when the program's iterator has returned
	panicked any           // what that panicked with; read after uploaded is closed
	exited   bool          // it ended its goroutine; likewise
	message  []byte        // memory for that of a part; upload's own
}

var _ link.Follower = (*openStream)(nil)

// uploadGrace is how long the end of a stream waits for the iterator whose items it sent to return. One
// that waits for something else is left behind.
const uploadGrace = 100 * time.Millisecond

func newOpenStream(core *core, of *streamed, lasts time.Time) *openStream {
	s := &openStream{core: core, of: of, lasts: lasts}
	s.in = stream.NewReceiver(&s.core.streams, core.itemBounds, s.grant)
	if of.upload != nil {
		s.out, s.uploaded = stream.NewSender(wire.Credit{}, s.sendItems, s.sendAccount), make(chan struct{})
	}
	if of.parts {
		s.in.Strict()
		if s.out != nil {
			s.out.Divide(func() int { return s.sizes().Part }, s.sendPart)
		}
	}
	return s
}

// Follow implements link.Follower.
func (s *openStream) Follow(f *wire.Frame) {
	if !s.begun {
		s.begun = true
		s.flight.Deadline = s.lasts
		if s.out != nil {
			s.part = s.core.links.ItemPart(&s.flight)
			go s.upload() // not before: one that is refused takes no item from the program's iterator
		}
	}
	var err error
	switch f.Kind {
	case wire.KindCredit:
		var credit wire.Credit
		if credit, err = wire.ReadCredit(f.Body); err == nil && s.out != nil {
			s.out.Grant(credit)
		}
	case wire.KindItems:
		var items wire.Items
		if items, err = wire.ReadItems(f.Body); err == nil {
			s.core.counters.itemsReceived.Add(items.Count)
			s.in.Arrive(items)
		}
	case wire.KindItemPart:
		var part wire.Part
		if part, err = wire.ReadPart(f.Body); err == nil {
			if part.IsLast() {
				s.core.counters.itemsReceived.Add(1)
			}
			s.in.ArrivePart(part)
		}
	case wire.KindAccount:
		var account wire.Account
		if account, err = wire.ReadAccount(f.Body); err == nil {
			if credit, lost := s.in.Account(account); lost {
				go s.grant(credit) // not here, where the call is held
			}
		}
	case wire.KindItemsEnd:
		var end wire.ItemsEnd
		if end, err = wire.ReadItemsEnd(f.Body); err == nil {
			s.ends = &end
		}
	}
	if err != nil {
		s.in.Fail(helium.ErrBadResult.WithMessage("what the instance sent as a stream breaks the protocol: %w", err))
	}
}

// Arrive implements link.Waiter.
func (s *openStream) Arrive(f *wire.Frame, e *helium.Error) {
	s.body, s.md = f.Body, f.Metadata
	switch {
	case e != nil:
		s.in.Fail(e)
	case s.of.take == nil:
		s.in.End(0, nil)
	case s.ends == nil:
		s.in.Fail(helium.ErrStreamGap.WithMessage("the last items of the stream got lost, as nobody said how many there are"))
	default:
		s.in.End(s.ends.Count, nil)
	}
	s.stopSending()
}

// Fail implements link.Waiter.
func (s *openStream) Fail(e *helium.Error) {
	if e.Outcome != helium.NotExecuted {
		s.lost = e
	}
	if e.Code == helium.CodeDeadlineExceeded {
		s.in.Abort(e) // its time is over, also for items that wait
	} else {
		s.in.Fail(e)
	}
	s.stopSending()
}

func (s *openStream) stopSending() {
	if s.out != nil {
		s.out.Stop()
	}
}

// run has the stream, which was sent, go on to its end. It returns how it ended: nil also if the
// program has enough of it.
func (s *openStream) run(ctx context.Context) *helium.Error {
	defer s.leave()
	if ctx.Done() != nil {
		gaveUp := make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			defer close(gaveUp)
			e := directory.ContextError(ctx.Err(), helium.Unknown)
			s.abandon(e)
			s.in.Cut(e) // also if it is over, and items wait
		})
		defer func() {
			if !stop() {
				<-gaveUp
			}
		}()
	}
	defer s.renew()()
	e := s.consume()
	s.leave()
	if s.lost != nil { // its instance may be there, or come back, and doesn't know
		s.core.links.Cancel(&s.flight, nil, s.lost.Code == helium.CodeDeadlineExceeded)
	}
	s.settleUpload()
	return e
}

// renewal is how often the permission to answer is renewed: where NATS gives one for each message, it ends after two
// minutes, unless something else is set.
const renewal = 30 * time.Second

// renew renews the permission to answer the stream, again and again until stop is called, by a credit that
// gives nothing. By a direct link it means nothing.
func (s *openStream) renew() (stop func()) {
	var mu sync.Mutex
	var timer *time.Timer
	over := false
	mu.Lock()
	defer mu.Unlock()
	timer = time.AfterFunc(s.core.renewal, func() {
		mu.Lock()
		defer mu.Unlock()
		if !over {
			f := creditFrame(wire.Credit{})
			f.Seq = s.flight.Seq()
			s.tellBy(s.core.links.ControlAnew, wire.AppendFrame(wire.AppendMessageHeader(nil), f))
			timer.Reset(s.core.renewal)
		}
	})
	return func() {
		mu.Lock()
		defer mu.Unlock()
		over = true
		timer.Stop()
	}
}

// consume hands items to the program until they end, or the program has enough.
func (s *openStream) consume() *helium.Error {
	items, wraps := stream.NewItems(s.in), s.of.wrapReceived
	var within ItemHandler // ends in take; nil: nothing is put around
	more := true
	defer func() { more = false }() // an interceptor may keep what takes items
	take := func(r *codec.Reader) error {
		wanted, err := s.of.take(r)
		if err != nil {
			return helium.ErrBadResult.WithMessage("item %d of the stream can't be read: %w", items.Count(), err).WithOutcome(helium.Executed)
		}
		more = wanted
		return nil
	}
	for more {
		r, err := items.Next()
		switch {
		case err != nil:
			return helium.AsError(err)
		case r == nil:
			return nil
		case s.of.take == nil:
			return helium.ErrBadResult.WithMessage("the instance sent items, which nobody takes")
		case len(wraps) == 0:
			err = take(r)
		default:
			if within == nil {
				within = wraps.Outward(unwrapped(take, &more))
			}
			var item []byte
			if item, err = r.Raw(); err == nil {
				err = within(item)
			}
		}
		if err != nil && more {
			return began(helium.AsError(err))
		}
	}
	return nil
}

// abandon ends the stream with an error, if it isn't over, and tells the instance.
func (s *openStream) abandon(e *helium.Error) {
	if !s.core.links.Take(&s.flight) {
		return
	}
	if s.core.links.Withdraw(&s.flight) {
		e = e.WithOutcome(helium.NotExecuted)
	} else {
		s.core.links.Cancel(&s.flight, nil, e.Code == helium.CodeDeadlineExceeded)
	}
	s.in.Abort(e)
	s.stopSending()
}

// leave ends the stream, if it isn't over, and gives back its credit.
func (s *openStream) leave() {
	s.abandon(helium.ErrCanceled)
	s.in.Settle() // who else ends it at this moment says how first
	s.in.Close()
	s.stopSending()
}

// upload sends what the program's iterator gives.
func (s *openStream) upload() {
	returned := false
	defer func() {
		if !returned {
			s.panicked = recover()
			s.exited = s.panicked == nil
			s.abandon(helium.ErrCanceled.WithMessage("the iterator whose items were sent has panicked"))
		}
		close(s.uploaded)
	}()
	w := newItemWriter()
	var fault *helium.Error
	var failed error // of an interceptor
	over := false    // nobody takes items any more
	count := 0       // of the items of the program's iterator
	sizes := s.sizes()
	put := s.of.wrapSent.Inward(func(item []byte) error {
		if size := len(item); size > sizes.Most {
			fault = itemTooLarge(s.of.parts, count, size, sizes.Most)
			return fault
		}
		if s.of.check != nil {
			if err := s.of.check(item); err != nil {
				fault = helium.ErrMismatch.WithMessage("item %d doesn't fit the method: %w", count, err)
				return fault
			}
		}
		if over = over || !s.sendItem(&w, item, sizes); over {
			return context.Canceled
		}
		return nil
	})
	why := s.of.upload(&w, func() bool {
		count++
		if err := w.Err(); err != nil {
			fault = helium.ErrBadArgument.WithMessage("item %d can't be encoded: %w", count, err)
		} else {
			failed = put(w.Bytes())
		}
		if w.Reset(); cap(w.Buffer()) > mostKept {
			w = newItemWriter()
		}
		return fault == nil && failed == nil && !over
	})
	returned = true
	if why == nil && !over {
		why = failed
	}
	if fault != nil {
		s.abandon(fault)
		return
	}
	end := wire.ItemsEnd{Count: s.out.Close()}
	if why != nil {
		end.Err = wire.FitError(helium.AsError(why), s.core.links.MaxMessage())
	}
	s.out.Conclude(func() { s.tell(&wire.Frame{Kind: wire.KindItemsEnd, Body: wire.AppendItemsEnd(nil, end)}) })
}

// sizes say how its items leave.
func (s *openStream) sizes() stream.Sizes {
	return stream.SizesOf(s.core.links.MaxMessage(), s.part, s.core.maxValue, s.of.parts)
}

// settleUpload waits a moment for the program's iterator to return: what it does with the program's
// variables should be over. Its panic is the caller's.
func (s *openStream) settleUpload() {
	if s.out == nil || !s.begun {
		return
	}
	timer := time.NewTimer(uploadGrace)
	defer timer.Stop()
	select {
	case <-s.uploaded:
	case <-timer.C:
		return
	}
	switch {
	case s.exited:
		runtime.Goexit()
	case s.panicked != nil:
		panic(s.panicked)
	}
}

// sendItem sends an item, once there is credit for it. A large one leaves in the memory in which w has
// written it, unless interceptors may still use that, or in parts. It returns false if the stream is over.
func (s *openStream) sendItem(w *codec.Writer, item []byte, sizes stream.Sizes) bool {
	switch {
	case len(item) > sizes.Whole:
		return s.out.SendParts(item, sizes.Part, s.sendPart)
	case len(item) < stream.Large, len(s.of.wrapSent) > 0:
		return s.out.Send(item)
	}
	return s.out.SendLarge(item, func(one wire.Items) {
		s.core.counters.itemsSent.Add(1)
		memory, begin := wire.WholeItems(wire.AppendMessageHeader(nil), s.flight.Seq(), one, w)
		s.tellMessage(memory[begin:])
	})
}

// sendItems sends items that leave together.
func (s *openStream) sendItems(items wire.Items) {
	s.core.counters.itemsSent.Add(items.Count)
	s.tell(&wire.Frame{Kind: wire.KindItems, Body: wire.AppendItems(nil, items)})
}

// sendAccount tells the instance what was sent so far.
func (s *openStream) sendAccount(a wire.Account) {
	s.tell(&wire.Frame{Kind: wire.KindAccount, Body: wire.AppendAccount(nil, a)})
}

// sendPart sends a part of an item.
func (s *openStream) sendPart(p wire.Part) {
	if p.IsLast() {
		s.core.counters.itemsSent.Add(1)
	}
	s.message = wire.AppendPartFrame(wire.AppendMessageHeader(s.message[:0]), s.flight.Seq(), p)
	s.tellMessage(s.message)
}

// grant tells the instance how much it may send in all.
func (s *openStream) grant(credit wire.Credit) {
	s.tell(creditFrame(credit))
}

func creditFrame(credit wire.Credit) *wire.Frame {
	return &wire.Frame{Kind: wire.KindCredit, Body: wire.AppendCredit(nil, credit)}
}

// tell sends the instance a frame.
func (s *openStream) tell(f *wire.Frame) {
	f.Seq = s.flight.Seq()
	s.tellMessage(wire.AppendFrame(wire.AppendMessageHeader(nil), f))
}

// tellMessage sends the instance a message.
func (s *openStream) tellMessage(data []byte) { s.tellBy(s.core.links.Control, data) }

// tellBy has a message sent to the instance. A stream of which it can't be told anything is over.
func (s *openStream) tellBy(send func(*link.Call, []byte) *helium.Error, data []byte) {
	if e := send(&s.flight, data); e != nil {
		s.abandon(helium.ErrDisconnected.WithMessage("the stream's link was lost (%s); nobody can tell how much of it arrived", e.Message).WithOutcome(helium.Unknown))
	}
}
