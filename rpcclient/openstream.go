package rpcclient

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
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
//	the program's iterator ─▶ upload ─▶ control messages ─▶ … an instance
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
	up     *upload // nil: it sends nothing

	// Of the receiver of answers:
	begun bool           // something has come that isn't the last answer
	ends  *wire.ItemsEnd // nil: more items may come
	body  []byte         // the result; read when in has ended
	md    []byte         // that came beside it
	lost  *helium.Error  // how it ended, where nobody said that it is over
	off   bool           // it is broken off

	breaking sync.WaitGroup // of who breaks it off; added to while the call is held

	large atomic.Pointer[wire.Extent] // of the result that comes as an item; nil: none was announced
}

var (
	_ link.Follower   = (*openStream)(nil)
	_ link.PartWaiter = (*openStream)(nil)
)

// newOpenStream returns a stream that is to be sent. Args are its arguments where they fit no message, else nil.
func newOpenStream(core *core, of *streamed, args *largeArguments, lasts time.Time) *openStream {
	s := &openStream{core: core, of: of, lasts: lasts}
	s.in = stream.NewReceiver(s.core.streams, s.bounds, s.grant)
	if of.upload != nil || args != nil {
		s.up = newUpload(core, of, args, &s.flight)
		s.up.tell, s.up.abandon = s.tellMessage, s.abandon
	}
	if of.parts {
		s.in.Strict()
	}
	return s
}

// bounds are those of the items that come.
func (s *openStream) bounds() stream.Bounds { return s.core.itemBounds(s.flight.To.Endpoint.Service) }

// Follow implements link.Follower.
func (s *openStream) Follow(f *wire.Frame) {
	s.begin()
	var err error
	goesOn := true
	switch f.Kind {
	case wire.KindCredit:
		var credit wire.Credit
		if credit, err = wire.ReadCredit(f.Body); err == nil && s.up != nil {
			s.up.out.Grant(credit)
		}
	case wire.KindItems:
		var items wire.Items
		if items, err = wire.ReadItems(f.Body); err == nil {
			s.core.counters.itemsReceived.Add(items.Count)
			goesOn = s.in.Arrive(items)
		}
	case wire.KindItemPart:
		var part wire.Part
		if part, err = wire.ReadPart(f.Body); err == nil {
			if part.IsLast() && s.of.take != nil {
				s.core.counters.itemsReceived.Add(1)
			}
			goesOn = s.in.ArrivePart(part)
		}
	case wire.KindAccount:
		var account wire.Account
		if account, err = wire.ReadAccount(f.Body); err == nil {
			s.account(account)
			goesOn = !s.in.Ended()
		}
	case wire.KindItemsEnd:
		var end wire.ItemsEnd
		if end, err = wire.ReadItemsEnd(f.Body); err == nil {
			s.ends = &end
		}
	}
	if err != nil {
		s.breaks(err)
	} else if !goesOn {
		s.breakOff()
	}
}

// account takes in what the instance has sent so far.
func (s *openStream) account(of wire.Account) {
	if s.of.take == nil && s.large.Load() == nil { // what it has begun to send is its result
		s.in.Fail(helium.ErrStreamGap.WithMessage("the method ran, and what announced its result got lost").WithOutcome(helium.Executed))
		return
	}
	if credit, lost := s.in.Account(of); lost {
		go s.grant(credit) // not here, where the call is held
	}
}

// begin takes in that the stream has begun.
func (s *openStream) begin() {
	if s.begun {
		return
	}
	s.begun = true
	s.flight.Deadline = s.lasts
	if s.up != nil { // not before: one that is refused takes no item from the program's iterator
		s.up.begin(s.core.links.ItemPart(&s.flight))
	}
}

// Part implements link.PartWaiter: a result is announced that is larger than a message.
func (s *openStream) Part(f *wire.Frame) {
	s.begin()
	extent, err := wire.ReadExtent(f.Body)
	switch {
	case f.Kind != wire.KindLargeReply || s.of.take != nil || s.large.Load() != nil:
		s.breaks(fmt.Errorf("a frame of kind %d isn't due", f.Kind))
	case err != nil:
		s.breaks(err)
	case extent.Length > uint64(s.core.maxValue):
		s.in.Fail(s.core.resultTooLarge(extent.Length))
		s.breakOff()
	default:
		s.large.Store(&extent)
		s.in.Invite()
	}
}

// breaks ends the stream as one whose instance breaks the protocol.
func (s *openStream) breaks(why error) {
	s.in.Fail(helium.ErrBadResult.WithMessage("what the instance sent as a stream breaks the protocol: %w", why))
	s.breakOff()
}

// breakOff has the instance of a stream that has ended for what came of it told at once: the program may take long over
// the items before, and who heeds no credit would go on meanwhile. It is called where the call is held.
func (s *openStream) breakOff() {
	if s.off {
		return
	}
	s.off = true
	s.breaking.Go(func() {
		if s.core.links.Take(&s.flight) {
			s.core.links.Cancel(&s.flight, nil, false)
			s.up.stop()
		}
	})
}

// Arrive implements link.Waiter.
func (s *openStream) Arrive(f *wire.Frame, e *helium.Error) {
	s.body, s.md = f.Body, f.Metadata
	switch {
	case e != nil:
		s.in.Fail(e)
	case s.large.Load() != nil:
		s.in.End(1, nil)
	case s.of.take == nil:
		s.in.End(0, nil)
	case s.ends == nil:
		s.in.Fail(helium.ErrStreamGap.WithMessage("the last items of the stream got lost, as nobody said how many there are"))
	default:
		s.in.End(s.ends.Count, nil)
	}
	s.up.stop()
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
	s.up.stop()
}

// run has the stream, which was sent, go on to its end. It returns how it ended: nil also if the
// program has enough of it.
func (s *openStream) run(ctx context.Context) *helium.Error {
	defer s.up.leaveBehind()
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
	var e *helium.Error
	if s.of.take == nil {
		e = s.awaitResult()
	} else {
		e = s.consume()
	}
	s.leave()
	if s.lost != nil { // its instance may be there, or come back, and doesn't know
		s.core.links.Cancel(&s.flight, nil, s.lost.Code == helium.CodeDeadlineExceeded)
	}
	s.up.settle()
	return s.judge(e)
}

// judge says of an error what is known of the call: whether its arguments were there, or it had run.
func (s *openStream) judge(e *helium.Error) *helium.Error {
	switch lacks := s.up.lacks(); {
	case e == nil || e.Outcome == helium.Executed:
	case s.large.Load() != nil:
		return resultLost(e)
	case e.Outcome == helium.Unknown && lacks:
		return link.Settled(e, helium.NotExecuted)
	}
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
		s.of.left = true // also if the loop's body panics
		wanted, err := s.of.take(r)
		s.of.left = err == nil && !wanted
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

// awaitResult waits for the end of a stream that answers with no items. A result that is larger than a message
// comes as one.
func (s *openStream) awaitResult() *helium.Error {
	items := stream.NewItems(s.in)
	r, err := items.Next()
	if err != nil || r == nil {
		return asError(err)
	}
	large := s.large.Load()
	if large == nil {
		return errUnwanted
	}
	value, err := items.Value(*large)
	if err != nil {
		return helium.ErrBadResult.WithMessage("the method ran, and its result can't be put together: %w", err).WithOutcome(helium.Executed)
	}
	if r, err = items.Next(); err != nil || r != nil {
		return cmp.Or(asError(err), errUnwanted)
	}
	s.core.counters.largeReceived.Add(len(value))
	s.body = value
	return nil
}

var errUnwanted = helium.ErrBadResult.WithMessage("the instance sent items, which nobody takes")

func asError(err error) *helium.Error {
	if err == nil {
		return nil
	}
	return helium.AsError(err)
}

// abandon ends the stream with an error, if it isn't over, and tells the instance.
func (s *openStream) abandon(e *helium.Error) {
	if !s.core.links.Take(&s.flight) {
		return
	}
	if s.core.links.Withdraw(&s.flight) {
		e = link.Settled(e, helium.NotExecuted)
	} else {
		s.core.links.Cancel(&s.flight, nil, e.Code == helium.CodeDeadlineExceeded)
	}
	s.in.Abort(e)
	s.up.stop()
}

// leave ends the stream, if it isn't over, and gives back its credit.
func (s *openStream) leave() {
	s.abandon(helium.ErrCanceled)
	s.in.Settle() // who else ends it at this moment says how first
	s.in.Close()
	s.up.stop()
	s.breaking.Wait()
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
		why := link.Settled(e, helium.Unknown).Message // of the frame, not of the stream
		s.abandon(helium.ErrDisconnected.WithMessage("the stream's link was lost (%s)"+link.Unsettled, why).WithOutcome(helium.Unknown))
	}
}
