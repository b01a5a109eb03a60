package rpcclient

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/wire"
)

// The way of a call through the client:
//
//	stub ─▶ Invocation.Do ─▶ interceptors ─▶ invoke ─▶ way: where calls of the method go
//	                                     │
//	                                     ├─▶ attempt ─▶ table of calls in flight
//	                                     │      │          ▲
//	                                     │      └▶ outbox ─┼─▶ NATS ─▶ … ─▶ receive
//	                                     │                 └───────────────────┘
//	                                     ├── elsewhere, if it provably went wrong
//	                                     └── again, if it provably didn't run

// longest bounds the time of a call, whatever its context says. Servers have the same
// bound.
const longest = 365 * 24 * time.Hour

// invoke makes a call, again if it may be made again.
func (c *core) invoke(ctx context.Context, call *Invocation) error {
	if call == nil {
		return helium.ErrInterceptor.WithMessage("an interceptor called next without the call; pass on what it got").WithOutcome(helium.NotExecuted)
	}
	ctx = orBackground(ctx) // an interceptor may have lost it
	m := call.method
	now := time.Now()
	deadline := c.deadline(ctx, now)
	if e := c.ready(ctx, call); e != nil {
		return m.named(call.overall(e))
	}
	w := m.knownWay(call, now)
	if w == nil {
		var err error
		if w, err = m.way(ctx, call, now, deadline); err != nil {
			return m.named(call.overall(helium.AsError(err)))
		}
		now = time.Now() // it may have taken long
	}
	var e *helium.Error
	if call.oneWay {
		e = c.sendOneWay(ctx, call, w, deadline.Sub(now))
	} else {
		e = c.persist(ctx, call, w, now, deadline)
	}
	if e != nil {
		return m.named(call.overall(e))
	}
	return nil
}

// deadline returns when the call is over.
func (c *core) deadline(ctx context.Context, now time.Time) time.Time {
	deadline, ok := ctx.Deadline()
	if !ok {
		return now.Add(c.config.Timeout)
	}
	if latest := now.Add(longest); deadline.After(latest) {
		return latest
	}
	return deadline
}

// ready returns why the call can't be made at all.
func (c *core) ready(ctx context.Context, call *Invocation) *helium.Error {
	call.answered, call.detours = false, nil
	switch {
	case call.method.fault != nil:
		return call.method.fault
	case c.closed.Load():
		return helium.ErrClientClosed.WithOutcome(helium.NotExecuted)
	}
	if err := ctx.Err(); err != nil {
		return contextError(err, helium.NotExecuted)
	}
	if err := call.Args.Err(); err != nil {
		return helium.ErrBadArgument.WithMessage("an argument can't be encoded: %w", err).WithOutcome(helium.NotExecuted)
	}
	return nil
}

// persist makes attempts until one succeeds or another may not be made.
func (c *core) persist(ctx context.Context, call *Invocation, w *way, now, deadline time.Time) *helium.Error {
	m := call.method
	c.retries.pay()
	for attempt := 1; ; attempt++ {
		e := c.attempt(ctx, call, w, now, deadline)
		call.mayHaveRun = call.mayHaveRun || e == nil || e.Outcome != helium.NotExecuted
		if e == nil || e.Outcome == helium.Executed {
			call.confirm(w)
		}
		if e == nil {
			return nil
		}
		if next := call.elsewhere(ctx, w, e, deadline); next != nil {
			// What goes on elsewhere is the rest of the same attempt.
			attempt--
			w, now = next, time.Now()
			continue
		}
		e, again := call.conclude(w, e), mayRetry(e, w.route.idempotent(m))
		if w.doubt != nil || attempt >= c.config.MaxAttempts || !again || !c.retries.take() {
			return e
		}
		c.counters.retries.Add(1)
		if !pause(ctx, attempt, deadline) {
			if ctx.Err() != nil {
				return contextError(ctx.Err(), e.Outcome)
			}
			return e
		}
		// Meanwhile the registry may have learnt more.
		next, err := m.way(ctx, call, time.Now(), deadline)
		if err != nil {
			return helium.AsError(err)
		}
		w, now = next, time.Now()
	}
}

// attempt sends the call once and waits for its answer.
func (c *core) attempt(ctx context.Context, call *Invocation, w *way, now, deadline time.Time) *helium.Error {
	f, err := c.frame(ctx, call, wire.KindCall, deadline.Sub(now))
	if err != nil {
		return err
	}
	m := call.method
	p := w.choose(call)
	call.path, call.outbox = p, p.outbox(w.alone || call.detours != nil && call.detours.alone)
	call.seq = c.nextSeq()
	call.deadline = deadline
	call.message.Store(0)
	call.ReplyMetadata = nil
	f.Seq = call.seq
	company := c.inflight.add(call) > 1
	c.deadlines.Watch(deadline)
	// Close fails the calls in flight after it has set closed. So either it finds this
	// one, or this one finds closed set.
	if c.closed.Load() && c.inflight.take(call.seq) != nil {
		return helium.ErrClientClosed.WithOutcome(helium.NotExecuted)
	}
	call.Trace.leaves(p)
	if batch.GoesWhole(&f, company) {
		call.outbox.AddWhole(wire.Whole(&f, &call.Args), m.name, &call.message)
	} else {
		call.outbox.Add(&f, m.name, p.work(), company, &call.message)
	}
	call.Trace.left()
	err = c.wait(ctx, call, w.route)
	call.Trace.ended()
	return err
}

// wait returns when the call is answered or failed, or when its context ends.
func (c *core) wait(ctx context.Context, call *Invocation, r *route) *helium.Error {
	if ended := ctx.Done(); ended == nil {
		<-call.done // half the cost of a select
	} else {
		select {
		case <-call.done:
		case <-ended:
			if c.inflight.take(call.seq) != nil {
				return c.giveUp(ctx, call, r)
			}
			<-call.done // the answer came at the same moment
		}
	}
	if call.err != nil {
		return call.err
	}
	call.answered = true
	call.Result = codec.NewOwnedReader(call.body)
	return nil
}

// giveUp returns the error of a call whose context ended, and cancels it.
func (c *core) giveUp(ctx context.Context, call *Invocation, r *route) *helium.Error {
	e := contextError(ctx.Err(), helium.Unknown)
	if e.Code == helium.CodeCanceled {
		c.cancel(call, r)
	}
	return call.late(e)
}

// sendOneWay sends a call that nobody answers.
//
// It goes on the subject of its method always, where nobody listens who doesn't have that:
// an instance that had to refuse it couldn't tell anybody.
func (c *core) sendOneWay(ctx context.Context, call *Invocation, w *way, left time.Duration) *helium.Error {
	f, e := c.frame(ctx, call, wire.KindNotify, left)
	switch {
	case e != nil:
		return e
	case w.doubt != nil && !w.likely && call.method.fits.Load() != w: // see confirm
		return w.doubt
	case c.nc.IsClosed():
		return notSent(nats.ErrConnectionClosed)
	case !c.nc.IsConnected():
		return notSent(nats.ErrConnectionReconnecting)
	}
	c.counters.notifies.Add(1)
	p := w.choose(call)
	call.mayHaveRun, call.answered = true, true
	p.outbox(true).Add(&f, call.method.name, p.work(), c.inflight.count.Load() > 0, nil)
	return nil
}

// frame makes the frame of a call with so much time left, but for its sequence number.
func (c *core) frame(ctx context.Context, call *Invocation, kind wire.Kind, left time.Duration) (wire.Frame, *helium.Error) {
	if left <= 0 {
		return wire.Frame{}, helium.ErrDeadline.WithMessage("the call's time was over before it was sent").WithOutcome(helium.NotExecuted)
	}
	f := wire.Frame{
		Kind: kind,
		Time: uint64((left + time.Millisecond - 1) / time.Millisecond),
		Body: call.Args.Bytes(),
	}
	if md := helium.SentMetadata(ctx); len(md) > 0 {
		f.Metadata = msgpack.AppendStringMap(nil, md)
	}
	if size, limit := f.Size()+wire.MaxName+messageOverhead, int(c.payload.Load()); size > limit && limit > 0 {
		return f, helium.ErrTooLarge.WithMessage("the call's arguments and metadata make a message of %d bytes; this connection takes at most %d", size, limit).WithOutcome(helium.NotExecuted)
	}
	return f, nil
}

// messageOverhead is what a message adds to its frames, in bytes.
const messageOverhead = 2

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
func (c *core) cancel(call *Invocation, r *route) {
	data := wire.AppendFrame(wire.AppendMessageHeader(nil), &wire.Frame{Kind: wire.KindCancel, Seq: call.seq})
	instances := r.instances
	if only := call.path.destination.instance; only != "" {
		instances = []string{only}
	}
	for _, instance := range instances {
		// A cancel that gets lost costs the server the rest of the call's time.
		_ = c.nc.PublishRequest(c.subjects.Control(call.path.destination.service.name, instance), c.replySubject(0), data)
	}
}

// contextError returns the error of a call whose context ended.
func contextError(err error, outcome helium.Outcome) *helium.Error {
	if errors.Is(err, context.DeadlineExceeded) {
		return helium.ErrDeadline.WithOutcome(outcome)
	}
	return helium.ErrCanceled.WithOutcome(outcome)
}
