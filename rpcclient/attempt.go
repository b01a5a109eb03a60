package rpcclient

import (
	"context"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/directory"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/wire"
)

// attempt sends the call once and waits for its answer.
func (call *Invocation) attempt(ctx context.Context, w *way, now, deadline time.Time) *helium.Error {
	if e := call.send(w, now, deadline); e != nil {
		return e
	}
	e := call.wait(ctx, w)
	call.Trace.ended(&call.flight, call.method.core.links)
	return e
}

// send sends the call. If there is an error, nothing is in flight.
func (call *Invocation) send(w *way, now, deadline time.Time) *helium.Error {
	var f wire.Frame
	if e := call.fill(&f, wire.KindCall, deadline.Sub(now)); e != nil {
		return e
	}
	m, flight := call.method, &call.flight
	flight.To, flight.Deadline, flight.Waiter, flight.Why = w.chooseHedged(call.key, call.avoided()), deadline, &call.answer, w.whyThere(call.key)
	call.answer.reset()
	call.ReplyMetadata = nil
	call.Trace.leaves(flight.To)
	if e := m.core.links.Send(flight, &f, &call.Args, w.alone || call.tried != nil && call.tried.alone); e != nil {
		return e
	}
	call.Trace.left()
	return nil
}

// wait returns when the call is answered or failed, or when its context ends.
func (call *Invocation) wait(ctx context.Context, w *way) *helium.Error {
	if ended := ctx.Done(); ended == nil {
		<-call.answer.done // half the cost of a select
	} else {
		select {
		case <-call.answer.done:
		case <-ended:
			if call.method.core.links.Take(&call.flight) {
				return call.giveUp(ctx, w.view)
			}
			<-call.answer.done // the answer came at the same moment
		}
	}
	return call.settle(w)
}

// settle takes in the answer that has come, or why none does.
func (call *Invocation) settle(w *way) *helium.Error {
	if call.answer.arrived {
		call.takeIn(&call.answer)
	}
	switch e := call.answer.err; {
	case e == nil:
		call.answered = true
		call.Result = codec.NewOwnedReader(call.answer.body)
		return nil
	case e == link.ErrNobody:
		call.method.service.LookAgain()
		return call.nobody(w)
	default:
		return e
	}
}

// takeIn takes in what came beside the result or the error.
func (call *Invocation) takeIn(a *answer) {
	if a.metadata != nil {
		r := msgpack.NewReader(a.metadata)
		md, err := r.TextMap(wire.MaxEntries)
		if err != nil {
			call.method.core.links.Counters.Malformed.Add(1) // the result is worth more than what came beside it
		}
		call.ReplyMetadata = md
	}
	call.Trace.handled(uint64(a.micros))
	if e := a.err; e != nil && e.Outcome != helium.Executed && (e.Code == helium.CodeUnimplemented || e.Code == helium.CodeInvalidArgument) {
		// The client had checked the call, so what it knows is behind.
		call.method.service.LookAgain()
	}
}

// nobody returns the error of a call that found nobody.
func (call *Invocation) nobody(w *way) *helium.Error {
	m := call.method
	switch view := m.service.Current(); {
	case call.key.only != "":
		return call.strayed()
	case m.instance != "":
		return link.ErrNobody.WithMessage("instance %q isn't running, or has no service %q; call another one, or any", m.instance, m.service.Name())
	case w.fitting != nil && !w.detour:
		return link.ErrNobody.WithMessage("no instance is running whose method %q fits the call, but others whose doesn't; start one", m.name)
	case view != nil && view.LackedBySome(m.name):
		return link.ErrNobody.WithMessage("no instance that has the method %q is running, only others of the service; start one that has it", m.name)
	}
	return link.ErrNobody
}

// giveUp returns the error of a call whose context ended, and cancels it.
func (call *Invocation) giveUp(ctx context.Context, view *directory.View) *helium.Error {
	if call.method.core.links.Withdraw(&call.flight) {
		if ctx.Err() == context.DeadlineExceeded {
			return link.ErrTooLate
		}
		return directory.ContextError(ctx.Err(), helium.NotExecuted)
	}
	e := directory.ContextError(ctx.Err(), helium.Unknown)
	if e.Code == helium.CodeCanceled {
		call.method.core.links.Cancel(&call.flight, view.Instances)
	} else {
		call.method.core.links.Overdue(&call.flight)
	}
	return call.flight.Late(e)
}

// attemptOneWay sends a call that nobody answers.
func (call *Invocation) attemptOneWay(ctx context.Context, w *way, now, deadline time.Time) *helium.Error {
	var f wire.Frame
	e := call.fill(&f, wire.KindNotify, deadline.Sub(now))
	switch {
	case e != nil:
		return e
	case w.doubt != nil && !w.likely && call.method.known.Load() != w: // see confirm
		return w.doubt
	}
	to, e := call.permittedOneWay(ctx, w, deadline)
	if e != nil {
		return e
	}
	c := call.method.core
	if e := c.links.SendOneWay(to, &f, deadline); e != nil {
		return e
	}
	c.counters.notifies.Add(1)
	call.mayHaveRun, call.answered = true, true
	return nil
}

// permittedOneWay returns where a one-way call goes, or why it may not go there. It finds that out
// beforehand of subjects of single instances, which a user who may call the method may not have:
// nobody would hear of a call that NATS refuses. Where any instance will do, such a call goes by the
// queue group, as others do.
func (call *Invocation) permittedOneWay(ctx context.Context, w *way, deadline time.Time) (*link.Method, *helium.Error) {
	to, m := w.choose(call.key, call.avoided()), call.method
	if to.Endpoint.Instance == "" || m.instance != "" { // the caller named it
		return to, nil
	}
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	e := m.core.links.Permits(ctx, to, w.whyThere(call.key))
	if e == nil || !w.detour || call.key.given {
		return to, e
	}
	m.service.Found(directory.Unaddressable, "", m.name)
	m.core.counters.fallbacks.Add(1)
	return w.to, nil
}

// fill makes an empty frame that of a call with so much time left, but for its sequence number. It
// isn't returned, as to copy what has just been written in parts takes long.
func (call *Invocation) fill(f *wire.Frame, kind wire.Kind, left time.Duration) *helium.Error {
	if left <= 0 {
		return link.ErrTooLate
	}
	f.Kind, f.Time, f.Body = kind, wire.Milliseconds(left), call.Args.Bytes()
	if md := call.sent; len(md) > 0 {
		f.Metadata = msgpack.AppendStringMap(nil, md)
	}
	if size, limit := f.Size()+wire.MaxName+wire.HeaderSize, call.method.core.links.MaxMessage(); size > limit && limit > 0 {
		return helium.ErrTooLarge.WithMessage("the call's arguments and metadata make a message of %d bytes; this connection takes at most %d", size, limit).WithOutcome(helium.NotExecuted)
	}
	return nil
}
