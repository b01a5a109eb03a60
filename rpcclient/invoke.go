package rpcclient

import (
	"context"
	"errors"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// The way of a call through the client:
//
//	stub ─▶ Invocation.Do ─▶ interceptors ─▶ invoke ─▶ route: what the registry knows
//	                                     │
//	                                     ├─▶ attempt ─▶ table of calls in flight
//	                                     │      │          ▲
//	                                     │      └▶ outbox ─┼─▶ NATS ─▶ … ─▶ receive
//	                                     │                 └───────────────────┘
//	                                     └── again, if it provably didn't run

// invoke makes a call, again if it may be made again.
func (c *core) invoke(ctx context.Context, call *Invocation) error {
	m := call.method
	if m.fault != nil {
		return m.fault
	}
	if err := ctx.Err(); err != nil {
		return m.named(contextError(err, helium.NotExecuted))
	}
	if err := call.Args.Err(); err != nil {
		return m.named(ErrBadArgument.WithMessage("an argument can't be encoded: %w", err).WithOutcome(helium.NotExecuted))
	}
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(c.config.Timeout)
	}
	r, err := m.route(ctx, call.numArgs, deadline)
	if err != nil {
		return m.named(helium.AsError(err))
	}
	if call.oneWay {
		return c.sendOneWay(ctx, call, r, deadline)
	}
	c.retries.pay()
	for attempt := 1; ; attempt++ {
		e := c.attempt(ctx, call, r, deadline)
		if e == nil {
			return nil
		}
		if attempt >= c.config.MaxAttempts || !mayRetry(e, r.idempotent(m.name)) || c.closed.Load() || !c.retries.take() {
			return m.named(e)
		}
		c.counters.retries.Add(1)
		if !pause(ctx, attempt, deadline) {
			return m.named(e)
		}
		// Meanwhile the registry may have learnt more.
		if r, err = m.route(ctx, call.numArgs, deadline); err != nil {
			return m.named(helium.AsError(err))
		}
	}
}

// attempt sends the call once and waits for its answer.
func (c *core) attempt(ctx context.Context, call *Invocation, r *route, deadline time.Time) *helium.Error {
	f, err := c.frame(ctx, call, wire.KindCall, deadline)
	if err != nil {
		return err
	}
	call.seq = c.nextSeq()
	call.deadline = deadline
	call.message.Store(0)
	f.Seq = call.seq
	company := c.inflight.add(call) > 1
	c.deadlines.Watch(deadline)
	if c.closed.Load() {
		// Close may have failed the calls in flight just before this one came.
		if c.inflight.take(call.seq) != nil {
			return ErrClosed.WithOutcome(helium.NotExecuted)
		}
	} else {
		call.method.outbox(r).Add(&f, call.method.name, call.method.state.work(), company, &call.message)
	}
	return c.wait(ctx, call, r)
}

// wait returns when the call is answered or failed, or when its context ends.
func (c *core) wait(ctx context.Context, call *Invocation, r *route) *helium.Error {
	if cancelled := ctx.Done(); cancelled == nil {
		<-call.done
	} else {
		select {
		case <-call.done:
		case <-cancelled:
			if c.inflight.take(call.seq) != nil {
				e := contextError(ctx.Err(), helium.Unknown)
				if e.Code == helium.Canceled {
					c.cancel(call.seq, r)
				}
				return e
			}
			<-call.done // the answer came at the same moment
		}
	}
	if call.err != nil {
		return call.err
	}
	call.Result = wire.NewReader(call.body)
	return nil
}

// sendOneWay sends a call that nobody answers.
func (c *core) sendOneWay(ctx context.Context, call *Invocation, r *route, deadline time.Time) error {
	f, e := c.frame(ctx, call, wire.KindNotify, deadline)
	switch {
	case e != nil:
	case c.closed.Load():
		e = ErrClosed.WithOutcome(helium.NotExecuted)
	case !c.nc.IsConnected():
		e = ErrNotSent.WithMessage("the call couldn't be sent: the connection to NATS is down; it is opened again by itself").WithOutcome(helium.NotExecuted)
	}
	if e != nil {
		return call.method.named(e)
	}
	c.counters.notifies.Add(1)
	call.method.outbox(r).Add(&f, call.method.name, call.method.state.work(), c.inflight.count.Load() > 0, nil)
	return nil
}

// frame makes the call's frame, but for its sequence number.
func (c *core) frame(ctx context.Context, call *Invocation, kind wire.Kind, deadline time.Time) (wire.Frame, *helium.Error) {
	left := time.Until(deadline)
	if left <= 0 {
		return wire.Frame{}, ErrDeadline.WithMessage("the call's time was over before it was sent").WithOutcome(helium.NotExecuted)
	}
	f := wire.Frame{
		Kind: kind,
		Time: uint64((left + time.Millisecond - 1) / time.Millisecond),
		Body: call.Args.Bytes(),
	}
	if md := helium.SentMetadata(ctx); len(md) > 0 {
		f.Metadata = wire.AppendStringMap(nil, md)
	}
	if size, limit := f.Size()+wire.MaxName+2, int(c.payload.Load()); size > limit {
		return f, ErrTooLarge.WithMessage("the call's arguments and metadata make a message of %d bytes; this connection takes at most %d", size, limit).WithOutcome(helium.NotExecuted)
	}
	return f, nil
}

// nextSeq returns a sequence number; 0 isn't one.
func (c *core) nextSeq() uint64 {
	for {
		if seq := c.lastSeq.Add(1); seq != 0 {
			return seq
		}
	}
}

// cancel tells the instances of a service that the caller of a call gave up. Which one
// has the call isn't known, and those that don't have it take no notice.
func (c *core) cancel(seq uint64, r *route) {
	data := wire.AppendFrame(wire.AppendMessageHeader(nil), &wire.Frame{Kind: wire.KindCancel, Seq: seq})
	for _, instance := range r.instances {
		// A cancel that gets lost costs the server the rest of the call's time.
		_ = c.nc.PublishRequest(c.subjects.Control(instance), c.replySubject(0), data)
	}
}

// contextError returns the error of a call whose context ended.
func contextError(err error, outcome helium.Outcome) *helium.Error {
	if errors.Is(err, context.DeadlineExceeded) {
		return ErrDeadline.WithOutcome(outcome)
	}
	return ErrCanceled.WithOutcome(outcome)
}

// expire fails the calls whose deadline has passed; see wire.Sweep.
func (c *core) expire(now time.Time) (earliest time.Time) {
	due, earliest := c.inflight.takeDue(now)
	for _, call := range due {
		call.finish(nil, ErrDeadline.WithOutcome(helium.Unknown))
	}
	return earliest
}

// failAll fails every call in flight.
func (c *core) failAll(e *helium.Error) {
	for _, call := range c.inflight.takeIf(func(*Invocation) bool { return true }) {
		call.finish(nil, e)
	}
}

// failMessage fails the calls that left, or should have left, in one message.
func (c *core) failMessage(id uint64, e *helium.Error) {
	if id == 0 {
		return
	}
	for _, call := range c.inflight.takeIf(func(call *Invocation) bool { return call.message.Load() == id }) {
		call.finish(nil, e)
	}
}
