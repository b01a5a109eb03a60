package rpcclient

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/directory"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

// A hedged call goes to an instance that the client chooses, and if that takes unusually long
// to another one as well:
//
//	send ─▶ wait, as long as 95 in 100 calls take ─▶ send elsewhere ─▶ wait for both
//	          └─ answered ─▶ done                                       └─ the first answer counts,
//	                                                                       the other call is canceled

// hedge is the second attempt of a hedged call, in flight beside the first.
type hedge struct {
	flight link.Call
	answer answer
}

var hedgePool = sync.Pool{New: func() any { return &hedge{answer: answer{done: newDone()}} }}

// release gives the hedge back once nobody tells it anything any more.
func (h *hedge) release() {
	h.flight.Release()
	h.answer.reset()
	hedgePool.Put(h)
}

// timerPool has timers that have been stopped.
var timerPool = sync.Pool{New: func() any {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return timer
}}

// leastHedge is how long a call has at least before it is hedged: what takes less is rather
// held up by this program's own scheduling.
const leastHedge = time.Millisecond

// attemptHedged is attempt for a call that is made a second time if it takes unusually long.
func (call *Invocation) attemptHedged(ctx context.Context, w *way, now, deadline time.Time) *helium.Error {
	if e := call.send(w, now, deadline); e != nil {
		if errors.Is(e, helium.ErrTooLarge) {
			return call.attemptLarge(ctx, w, e, deadline)
		}
		return e
	}
	e := call.waitHedged(ctx, w, now, deadline)
	if e == nil || e.Outcome == helium.Executed || errors.Is(e, helium.ErrDeadline) {
		w.latency.Observe(time.Since(now))
	}
	call.Trace.ended(&call.flight, call.method.core.links)
	return e
}

// waitHedged waits for the answer to the attempt in flight, which began at a certain time, and
// makes another one elsewhere if that takes unusually long.
func (call *Invocation) waitHedged(ctx context.Context, w *way, began, deadline time.Time) *helium.Error {
	usual := w.latency.Percentile95()
	late := began.Add(max(usual, leastHedge))
	if usual == 0 || !late.Before(deadline) {
		return call.wait(ctx, w)
	}
	timer := timerPool.Get().(*time.Timer)
	defer func() {
		timer.Stop()
		timerPool.Put(timer)
	}()
	timer.Reset(time.Until(late))
	select {
	case <-call.answer.done:
		return call.settle(ctx, w)
	case <-timer.C:
		if h := call.sendHedge(w, deadline); h != nil {
			defer h.release()
			return call.waitForBoth(ctx, w, h)
		}
	case <-ctx.Done():
	}
	return call.wait(ctx, w)
}

// sendHedge makes a second attempt. It returns nil if there is nowhere else to go, or the
// budget of retries hasn't enough.
func (call *Invocation) sendHedge(w *way, deadline time.Time) *hedge {
	c, first := call.method.core, call.flight.To.Endpoint.Instance
	to := w.each.Choose(call.key, append(slices.Clone(call.avoided()), first))
	if to == nil || first == "" || !c.retries.Take() {
		return nil
	}
	var f wire.Frame
	e := call.fill(&f, wire.KindCall, time.Until(deadline))
	if e != nil {
		return nil
	}
	h := hedgePool.Get().(*hedge)
	h.flight.To, h.flight.Deadline, h.flight.Waiter, h.flight.Why = to, deadline, &h.answer, w.whyThere(call.key)
	if e := c.links.Send(&h.flight, &f, &call.Args, w.alone); e != nil {
		h.release()
		return nil
	}
	c.counters.hedges.Add(1)
	call.Trace.hedged()
	return h
}

// waitForBoth waits until a handler has answered either attempt, and cancels the other one. If
// both end without, the error is that of the first.
func (call *Invocation) waitForBoth(ctx context.Context, w *way, h *hedge) *helium.Error {
	for first, second := true, true; first || second; {
		select {
		case <-call.answer.done:
			if first = false; call.answer.isHandlers() {
				if second {
					call.abandon(&h.flight, &h.answer, w.view)
				}
				return call.settle(ctx, w)
			}
		case <-h.answer.done:
			if second = false; h.answer.isHandlers() {
				if first {
					call.abandon(&call.flight, &call.answer, w.view)
				}
				if h.answer.large != nil {
					call.collect(ctx, &h.flight, &h.answer, w.view)
				}
				call.adopt(h)
				return call.settle(ctx, w)
			}
			call.heed(h)
		case <-ctx.Done():
			if second {
				call.abandon(&h.flight, &h.answer, w.view)
			}
			if first {
				return call.wait(ctx, w)
			}
			return call.settle(ctx, w)
		}
	}
	return call.settle(ctx, w)
}

// abandon ends an attempt whose answer isn't wanted any more.
func (call *Invocation) abandon(flight *link.Call, a *answer, view *directory.View) {
	links := call.method.core.links
	if !links.Take(flight) {
		a.drop(true) // it is being told
		call.mayHaveRun = call.mayHaveRun || a.err == nil || a.err.Outcome != helium.NotExecuted
		return
	}
	a.drop(false)
	if links.Withdraw(flight) {
		return
	}
	call.mayHaveRun = true
	links.Overdue(flight)
	links.Cancel(flight, view.Instances, false)
}

// adopt takes the hedge's answer for that of the first attempt, which is over.
func (call *Invocation) adopt(h *hedge) {
	call.answer.takeOver(&h.answer)
	call.flight.To, call.flight.Instance = h.flight.To, h.flight.Instance
	call.Trace.hedgeWon(&h.flight, call.method.core.links)
	call.method.core.counters.hedgesWon.Add(1)
}

// heed takes in how a hedge ended that no handler answered.
func (call *Invocation) heed(h *hedge) {
	e, s, instance := h.answer.err, call.method.service, h.flight.To.Endpoint.Instance
	switch {
	case e.Outcome != helium.NotExecuted:
		call.mayHaveRun = true
	case errors.Is(e, helium.ErrNoInstance):
		s.Found(directory.IsAbsent, instance, "")
		s.InstanceIsGone(instance)
	case errors.Is(e, helium.ErrNoMethod):
		s.Found(directory.LacksMethod, instance, call.method.name)
	default:
		call.method.core.links.Disproves(e, &h.flight)
	}
}
