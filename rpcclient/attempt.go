package rpcclient

import (
	"context"
	"errors"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/directory"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

// attempt sends the call once and waits for its answer.
func (call *Invocation) attempt(ctx context.Context, w *way, now, deadline time.Time) *helium.Error {
	if e := call.send(w, now, deadline); e != nil {
		if errors.Is(e, helium.ErrTooLarge) {
			return call.attemptLarge(ctx, w, e, deadline)
		}
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
	flight.Anyone = call.tried != nil && call.tried.anyone
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
				call.answer.drop(false)
				return call.giveUp(ctx, w.view)
			}
			<-call.answer.done // the answer came at the same moment
		}
	}
	return call.settle(ctx, w)
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
	timeOver := e.Code == helium.CodeDeadlineExceeded
	if timeOver && !time.Now().Before(call.flight.Deadline) { // as its instance knows
		call.method.core.links.Overdue(&call.flight)
	} else {
		call.method.core.links.Cancel(&call.flight, view.Instances, timeOver)
	}
	return call.flight.Late(e)
}

// attemptOneWay sends a call that nobody answers.
func (call *Invocation) attemptOneWay(ctx context.Context, w *way, now, deadline time.Time) *helium.Error {
	var f wire.Frame
	e := call.fill(&f, wire.KindNotify, deadline.Sub(now))
	switch {
	case e != nil:
		return tooLargeOneWay(e)
	case w.doubt != nil && !w.likely && call.method.known.Load() != w: // see confirm
		return w.doubt
	}
	to, e := call.permittedOneWay(ctx, w, deadline)
	if e != nil {
		return e
	}
	c := call.method.core
	if e := c.links.SendOneWay(to, &f, deadline); e != nil {
		return tooLargeOneWay(e)
	}
	c.counters.notifies.Add(1)
	call.mayHaveRun, call.answered = true, true
	return nil
}

// tooLargeOneWay says of the error of a one-way call that is too large what larger ones need.
func tooLargeOneWay(e *helium.Error) *helium.Error {
	if !errors.Is(e, helium.ErrTooLarge) {
		return e
	}
	return e.WithMessage("%s, and a one-way call doesn't travel in chunks; use Call, or send less", e.Message)
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
	if e == nil || !w.detour || call.key.Given {
		return to, e
	}
	m.service.Found(directory.Unaddressable, "", m.name)
	m.core.counters.fallbacks.Add(1)
	return w.to, nil
}
