package rpcserver

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// run runs one call and answers it. It returns how long the handler took.
func (s *Server) run(call *Call) (took time.Duration) {
	start := time.Now()
	var err *helium.Error
	returned := false
	defer func() {
		// This is reached, too, when the handler panicked, or ended its goroutine with
		// runtime.Goexit.
		if !returned {
			err = s.broken(call, recover())
		}
		took = time.Since(start)
		s.finish(call, err, took)
	}()
	err = s.execute(call, start)
	returned = true
	return 0 // took is set by then
}

// execute returns the caller's error, or nil if the call holds a result that can be
// sent. All code of the service runs in here, its errors' and values' methods too.
func (s *Server) execute(call *Call, now time.Time) *helium.Error {
	if err := whyNotRun(call, now); err != nil {
		return err.WithOutcome(helium.NotExecuted)
	}
	err := call.method.run(call.ctx, call)
	if err == nil {
		if err := s.pack(call); err != nil {
			return err.WithOutcome(call.outcome())
		}
		return nil
	}
	return s.judge(call, err)
}

// whyNotRun returns the error of a call that isn't worth or isn't fit for running.
func whyNotRun(call *Call, now time.Time) *helium.Error {
	if call.refusal != nil {
		return call.refusal
	}
	if err := call.ctx.Err(); err != nil {
		if err == context.DeadlineExceeded {
			return helium.ErrExpired
		}
		return helium.ErrCanceledInQueue
	}
	if !now.Before(call.ctx.deadline) {
		return helium.ErrExpired
	}
	return call.start()
}

// judge turns what a handler returned into the caller's error.
func (s *Server) judge(call *Call, err error) *helium.Error {
	if bad, ok := errors.AsType[argumentError](err); ok {
		return bad.fault
	}
	if e, ok := err.(*helium.Error); ok && e == nil {
		// Neither an error nor none: whatever is done with it would panic.
		return s.broken(call, "it returned a nil *helium.Error as an error; return nil itself")
	}
	e := *helium.AsError(err)
	e.Outcome = call.outcome()
	// The handler may have got the error from a call of its own; this one is its answer.
	e.Service, e.Method = "", ""
	if !e.Code.Valid() {
		e.Code = helium.CodeUnknown
	}
	if call.packMetadata(); len(call.ReplyMetadata) > wire.MaxEntries || len(call.packed) > s.errorRoom() {
		call.packed = nil
	}
	return &e
}

// broken returns the caller's error for a handler that didn't return; p is what it
// panicked with, nil if it ended its goroutine.
func (s *Server) broken(call *Call, p any) *helium.Error {
	s.counters.panics.Add(1)
	if p == nil {
		s.log.Error("a handler ended its goroutine with runtime.Goexit; return an error instead", "method", call.describe())
		return helium.ErrPanic.WithMessage("the handler of %s ended its goroutine instead of returning", call.describe()).WithOutcome(call.outcome())
	}
	s.log.Error("a handler panicked", "method", call.describe(), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	return helium.ErrPanic.WithMessage("the handler of %s panicked; the log of instance %s has the stack", call.describe(), s.instance).WithOutcome(call.outcome())
}

// finish answers a call and lets its context end. A call that has been answered
// already, because the server was stopping, isn't answered again.
func (s *Server) finish(call *Call, err *helium.Error, took time.Duration) {
	s.counters.calls.Add(1)
	if err != nil {
		s.counters.errors.Add(1)
		err = s.fit(err)
		err.Instance = s.instance
		if err.Outcome == helium.NotExecuted && call.wantsNoAnswer() {
			s.unheard(err)
		}
	}
	if call.method != nil {
		call.method.tally.done(err, took, err == nil || call.entered)
	}
	s.answer(call, &answer{err: err, micros: uint64(took / time.Microsecond), metadata: call.packed})
	call.ctx.leave()
	if !s.cutting.Load() {
		call.recycle()
	}
	if s.active.Add(-1) == 0 {
		select {
		case s.quiet <- struct{}{}:
		default:
		}
	}
}
