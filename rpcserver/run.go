package rpcserver

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/helium-rpc/helium"
)

// run runs one call on a worker and answers it.
func (s *Server) run(call *Call) {
	if err := s.whyNotRun(call); err != nil {
		s.finish(call, err.WithOutcome(helium.NotExecuted), 0)
		return
	}
	start := time.Now()
	returned := false
	defer func() {
		if returned {
			return
		}
		// The handler panicked, or it ended its goroutine with runtime.Goexit.
		var err *helium.Error
		if p := recover(); p != nil {
			s.log.Error("a handler panicked", "method", call.describe(), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = ErrPanic.WithMessage("the handler of %s panicked; the log of instance %s has the stack", call.describe(), s.instance)
		} else {
			s.log.Error("a handler ended its goroutine with runtime.Goexit; return an error instead", "method", call.describe())
			err = ErrPanic.WithMessage("the handler of %s ended its goroutine instead of returning", call.describe())
		}
		s.counters.panics.Add(1)
		s.finish(call, err.WithOutcome(helium.Executed), micros(start))
	}()
	err := call.method.run(call.handlerContext(), call)
	returned = true
	s.finish(call, s.judge(call, err), micros(start))
}

func micros(start time.Time) uint64 { return uint64(time.Since(start) / time.Microsecond) }

// whyNotRun returns the error of a call that isn't worth or isn't fit for running.
func (s *Server) whyNotRun(call *Call) *helium.Error {
	if call.refusal != nil {
		return call.refusal
	}
	if err := call.ctx.Err(); err != nil {
		if err == context.DeadlineExceeded {
			return ErrExpired
		}
		return ErrCanceled
	}
	if !time.Now().Before(call.ctx.deadline) {
		return ErrExpired
	}
	return call.start()
}

// judge turns what a handler returned into the caller's error, or nil.
func (s *Server) judge(call *Call, err error) *helium.Error {
	if err == nil {
		if err := call.Result.Err(); err != nil {
			return ErrBadResult.WithMessage("%s ran, and its result can't be encoded: %w", call.describe(), err).WithOutcome(helium.Executed)
		}
		if n, limit := len(call.Result.Bytes()), s.maxResult(); n > limit {
			return ErrResultTooLarge.WithMessage("%s ran, and its result of %d bytes doesn't fit a message: at most %d do", call.describe(), n, limit).WithOutcome(helium.Executed)
		}
		return nil
	}
	if bad, ok := errors.AsType[argumentError](err); ok {
		return bad.fault
	}
	e := *helium.AsError(err)
	e.Outcome = helium.Executed
	if !e.Code.Valid() {
		e.Code = helium.CodeUnknown
	}
	e.Details = s.fittingDetails(&e)
	return &e
}

// maxResult returns how many bytes a result may have.
func (s *Server) maxResult() int { return s.maxPayload() - replyOverhead }

// replyOverhead leaves room for the frame around a result and for reply metadata.
const replyOverhead = 1024

// maxErrorText bounds what an error says on the wire, so that an error can never be
// too large to send.
const maxErrorText = 64 << 10

// fittingDetails cuts an error's texts to what a message takes.
func (s *Server) fittingDetails(e *helium.Error) map[string]string {
	limit := min(maxErrorText, s.maxResult()/4)
	if len(e.Message) > limit {
		e.Message = e.Message[:limit] + "…"
	}
	size := 0
	for k, v := range e.Details {
		size += len(k) + len(v) + 10
	}
	if size > limit {
		return map[string]string{"helium.details": fmt.Sprintf("left out: %d bytes are too many", size)}
	}
	return e.Details
}

// finish answers a call and lets its context end. A call that has been answered
// already, because the server was stopping, isn't answered again.
func (s *Server) finish(call *Call, err *helium.Error, micros uint64) {
	if err != nil {
		if err.Instance != s.instance {
			c := *err
			c.Instance = s.instance
			err = &c
		}
		s.counters.errors.Add(1)
	}
	s.counters.calls.Add(1)
	if len(call.Result.Bytes()) == 0 {
		call.Result.Nil()
	}
	call.caller.answer(call, err, micros)
	call.ctx.end(context.Canceled)
	if s.active.Add(-1) == 0 {
		select {
		case s.quiet <- struct{}{}:
		default:
		}
	}
}
