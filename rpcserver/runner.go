package rpcserver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/monotonic"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver/internal/pool"
)

// runner runs admitted calls, each on the goroutine of whoever calls it, and answers them.
//
//	run ─▶ worth running? ─▶ arguments ─▶ interceptors, handler ─▶ pack ─┬▶ finish ─▶ answer
//	          └──────── not run, or it failed: an error ────────────────┘
type runner struct {
	log      *slog.Logger
	instance string
	counters *counters
	unheard  *unheard
	maxValue int // how large a result may be that leaves in chunks, in bytes

	overloaded *overloaded

	active  atomic.Int64  // calls admitted and not finished
	quiet   chan struct{} // told when active falls to 0
	cutting atomic.Bool   // calls are being cut: who answers a call doesn't own it
}

func newRunner(log *slog.Logger, instance string, counters *counters, maxValue int, overloaded *overloaded) *runner {
	return &runner{
		maxValue: maxValue, overloaded: overloaded, log: log, instance: instance, counters: counters,
		unheard: newUnheard(log, instance, &counters.unheard), quiet: make(chan struct{}, 1),
	}
}

// run runs one call and answers it. It returns how long the handler took, and when it ended.
func (r *runner) run(call *Call) (took time.Duration, ended time.Time) {
	start := monotonic.Now()
	var err *helium.Error
	returned := false
	defer func() {
		// This is reached, too, when the handler panicked, or ended its goroutine with
		// runtime.Goexit.
		if !returned {
			err = r.broken(call, recover())
		}
		took = time.Since(start)
		ended = start.Add(took)
		if err == nil && call.large != nil && call.large.resultRoom != nil {
			go r.deliver(call, took) // which may take long
			return
		}
		r.finish(call, err, took)
	}()
	err = r.execute(call, start)
	returned = true
	return took, ended // which the deferred function sets
}

// execute returns the caller's error, or nil if the call holds a result that can be
// sent. All code of the service runs in here, its errors' and values' methods too.
func (r *runner) execute(call *Call, now time.Time) *helium.Error {
	if err := whyNotRun(call, now); err != nil {
		return err.WithOutcome(helium.NotExecuted)
	}
	err := call.method.run(call.ctx, call)
	if err == nil {
		if err := cmp.Or(unanswered(call), misanswered(call)); err != nil {
			return err
		}
		if err := r.pack(call); err != nil {
			return err.WithOutcome(call.outcome())
		}
		return nil
	}
	return r.judge(call, err)
}

// unanswered returns the error of a call that an interceptor ended with nil, though nothing ran and nobody wrote a
// result; nil: the call has an answer.
func unanswered(call *Call) *helium.Error {
	if call.ran || call.replayed || len(call.Result.Bytes()) > 0 || call.Result.Err() != nil {
		return nil
	}
	if s := itemsOf(call); s != nil && s.wraps().yielded {
		return nil
	}
	outcome := helium.NotExecuted
	if call.key != "" && call.entered {
		outcome = helium.Unknown // it waited for another call of its key, which may run yet
	}
	return helium.ErrInterceptor.WithMessage("an interceptor of the server returned nil, but the handler of %s didn't run and no result was written; let the interceptor return what next returns, or write call.Result, with Nil for a method without a result", call.method).WithOutcome(outcome)
}

// misanswered returns the error of a call for whose items somebody wrote a result beside them, or instead, which nobody
// would get; nil: there is none, or one that says nothing.
func misanswered(call *Call) *helium.Error {
	if call.method.signature.Yields == nil || len(call.Result.Bytes()) == 0 {
		return nil
	}
	if result := codec.NewReader(call.Result.Bytes()); result.Nil() && result.Len() == 0 {
		return nil
	}
	return helium.ErrInterceptor.WithMessage("call.Result was written for %s, which answers with items; send these with rpcserver.Yield instead", call.method).WithOutcome(call.outcome())
}

// whyNotRun returns the error of a call that isn't worth or isn't fit for running.
func whyNotRun(call *Call, now time.Time) *helium.Error {
	if err := whyOver(call, now); err != nil {
		return err
	}
	return call.start()
}

// whyOver returns the error of a call that nobody waits for any more.
func whyOver(call *Call, now time.Time) *helium.Error {
	if call.refusal != nil {
		return call.refusal
	}
	switch err := call.ctx.Err(); {
	case err == context.DeadlineExceeded, err == nil && call.isOver(now):
		return expired(call, now)
	case err != nil:
		return helium.ErrCanceledInQueue
	}
	return nil
}

// pack brings the result of a call that went well into the form in which it leaves. An answer
// that doesn't fit a message would be its caller's timeout, so results are measured.
func (r *runner) pack(call *Call) *helium.Error {
	if err := call.Result.Err(); err != nil {
		return helium.ErrBadResult.WithMessage("%s ran, and its result can't be encoded: %w", call.method, err)
	}
	if len(call.Result.Bytes()) == 0 {
		call.Result.Nil()
	}
	if len(call.ReplyMetadata) > wire.MaxEntries {
		return helium.ErrBadResult.WithMessage("%s ran, and its reply metadata have %d entries; at most %d are allowed", call.method, len(call.ReplyMetadata), wire.MaxEntries)
	}
	size, err := call.answer.pack(call)
	if limit := call.answer.limit(); err == nil && size > limit {
		err = packLarge(call, size, limit, r.maxValue)
	}
	return err
}

// judge turns what a handler returned into the caller's error.
func (r *runner) judge(call *Call, err error) *helium.Error {
	if bad, ok := errors.AsType[argumentError](err); ok {
		if call.ran { // see noted
			return bad.fault.WithOutcome(helium.Executed)
		}
		return bad.fault
	}
	if e, ok := err.(*helium.Error); ok && e == nil {
		// Neither an error nor none: whatever is done with it would panic.
		return r.broken(call, "it returned a nil *helium.Error as an error; return nil itself")
	}
	e := *helium.AsError(err)
	e.Outcome = call.outcome()
	// The handler may have got the error from a call of its own; this one is its answer.
	e.Service, e.Method = "", ""
	if !e.Code.Valid() {
		e.Code = helium.CodeUnknown
	}
	if call.packMetadata(); len(call.ReplyMetadata) > wire.MaxEntries || len(call.packed) > wire.ErrorRoom(call.answer.limit()) {
		call.packed = nil
	}
	return &e
}

// broken returns the caller's error for a handler, or an interceptor around it, that didn't return; p is what it
// panicked with, nil if it ended its goroutine.
func (r *runner) broken(call *Call, p any) *helium.Error {
	r.counters.panics.Add(1)
	who, what := "a handler", "the handler of"
	if !call.ran {
		who, what = "an interceptor", "an interceptor around the handler of"
	}
	if p == nil {
		r.log.Error(who+" ended its goroutine with runtime.Goexit; return an error instead", "method", call.method.String())
		return helium.ErrPanic.WithMessage("%s %s ended its goroutine instead of returning", what, call.method).WithOutcome(call.outcome())
	}
	r.log.Error(who+" panicked", "method", call.method.String(), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	return helium.ErrPanic.WithMessage("%s %s panicked; the log of instance %s has the stack", what, call.method, r.instance).WithOutcome(call.outcome())
}

// admitted counts calls that will come to run, or to finish.
func (r *runner) admitted(n int) { r.active.Add(int64(n)) }

// refuse answers a call that isn't run, for load or because nobody waits for it any more.
func (r *runner) refuse(call *Call, why pool.Reason, now time.Time) {
	err := whyOver(call, now)
	crowded := why == pool.Crowded || why == pool.Displaced
	if err == nil || crowded && call.probe && call.refusal == nil {
		err = r.overloaded.soon.err
		if (why == pool.Vain || why == pool.Displaced) && call.waited(now) >= wire.LongWait {
			err = r.overloaded.late.err
		}
		if !call.probe {
			r.countRefused(call, why)
		}
	} else {
		err = err.WithOutcome(helium.NotExecuted)
	}
	r.finish(call, err, 0)
}

// countRefused counts a call that is refused for load.
func (r *runner) countRefused(call *Call, why pool.Reason) {
	r.counters.refused[why].Add(1)
	if call.method != nil {
		call.method.stats.refused.Add(1)
	}
}

// finish answers a call and lets its context end. A call that has been answered
// already, because the server was stopping, isn't answered again.
func (r *runner) finish(call *Call, err *helium.Error, took time.Duration) {
	ran := err == nil || call.entered
	if call.replayed {
		took, ran = call.replayTook, false
	}
	err = r.count(call, err, took, ran)
	if others, ok := call.owner.take(call); ok {
		call.answer.send(call, err, took, call.packed, others)
	}
	r.leave(call)
}

// count counts a call that ends, and returns its error as it is answered. Ran says that took is how
// long its handler ran.
func (r *runner) count(call *Call, err *helium.Error, took time.Duration, ran bool) *helium.Error {
	if call.probe {
		return r.countProbe(call, err)
	}
	r.counters.calls.Add(1)
	if call.refusal != nil && call.refusal.Reason == helium.ErrOverloaded.Reason {
		r.countRefused(call, pool.Crowded) // there was no room for its stream, or for its large arguments
	}
	if err != nil {
		r.counters.errors.Add(1)
		err = r.fit(call, err)
		if err.Outcome == helium.NotExecuted {
			r.counters.countExpired(err)
			if !call.answer.awaited() {
				r.unheard.note(err)
			}
		}
	}
	if call.method != nil {
		call.method.stats.done(err, took, ran)
	}
	return err
}

// countProbe counts a call that only asked, which is no call, and no fault of anybody.
func (r *runner) countProbe(call *Call, err *helium.Error) *helium.Error {
	r.counters.probes.Add(1)
	if call.method != nil {
		call.method.stats.probed.Add(1)
	}
	if err != nil {
		err = r.fit(call, err)
	}
	return err
}

// fit returns an error as it is answered.
func (r *runner) fit(call *Call, err *helium.Error) *helium.Error {
	limit := call.answer.limit()
	if ready := r.overloaded.body(err); ready != nil && len(ready) <= wire.ErrorRoom(limit) {
		return err
	}
	err = wire.FitError(err, limit)
	err.Instance = r.instance
	return err
}

// deliver sends the result of a call in chunks, after which it is finished.
func (r *runner) deliver(call *Call, took time.Duration) {
	to := call.owner.(*caller)
	if err := to.deliver(call, took); err != nil {
		r.finish(call, err.WithOutcome(helium.Executed), took)
		return
	}
	r.counters.largeSent.Add(len(call.Result.Bytes()))
	call.method.stats.largeSent.Add(len(call.Result.Bytes()))
	if call.replayed {
		took = call.replayTook
	}
	_ = r.count(call, nil, took, !call.replayed)
	if _, ok := to.take(call); ok {
		to.delivered()
	}
	r.leave(call)
}

// leave lets go of a call that is answered.
func (r *runner) leave(call *Call) {
	if call.large != nil {
		call.large.leave()
	}
	call.ctx.leave()
	if !r.cutting.Load() {
		call.recycle()
	}
	r.over()
}

// over takes note that a call that was admitted is over.
func (r *runner) over() {
	if r.active.Add(-1) == 0 {
		select {
		case r.quiet <- struct{}{}:
		default:
		}
	}
}

// wait waits until no call is left; false if ctx ends before that.
func (r *runner) wait(ctx context.Context) bool {
	for r.active.Load() > 0 {
		select {
		case <-r.quiet:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// cut answers every call that isn't done and ends its context: those that wait, which it is
// given, and those that run, which each yields. The answer goes first, else the handler could
// be faster with "context canceled".
func (r *runner) cut(waiting func() []*Call, each func(func(*Call))) (cut int) {
	r.cutting.Store(true)
	dropped := waiting()
	for _, call := range dropped {
		r.finish(call, helium.ErrCut.WithMessage("the server stopped before the call's turn came").WithOutcome(helium.NotExecuted), 0)
	}
	err := helium.ErrCut.WithOutcome(helium.Unknown)
	err.Instance = r.instance
	each(func(call *Call) {
		// The handler may be writing to the call's result and metadata now.
		if others, ok := call.owner.take(call); ok {
			call.answer.send(call, err, 0, nil, others)
			cut++
		}
		call.ctx.end(canceled)
	})
	return len(dropped) + cut
}
