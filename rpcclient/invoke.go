package rpcclient

import (
	"context"
	"errors"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/directory"
	"github.com/helium-rpc/helium/internal/monotonic"
	"github.com/helium-rpc/helium/rpcclient/internal/retries"
)

// The way of a call through the client, from file to file:
//
//	stub ─▶ invocation.go: Do ─▶ interceptors ─▶ invoke.go ─▶ resolve.go: where calls of the
//	                                                │          method go
//	                                                ├─▶ attempt.go ─▶ internal/link ─▶ … an instance
//	                                                │     answer.go ◀────┘
//	                                                │     hedge.go: elsewhere too, if it takes long
//	                                                ├── fallback.go: elsewhere, if it provably went wrong
//	                                                └── internal/retries: again, if it provably didn't run

// invoke makes a call, again if it may be made again.
func invoke(ctx context.Context, call *Invocation) error {
	if call == nil {
		return helium.ErrInterceptor.WithMessage("an interceptor called next without the call; pass on what it got").WithOutcome(helium.NotExecuted)
	}
	ctx = orBackground(ctx) // an interceptor may have lost it
	m := call.method
	now := monotonic.Now()
	began := now
	if before := call.loose.takeBegan(); !before.IsZero() {
		began = before
	}
	deadline := m.core.deadline(ctx, began)
	if e := call.ready(ctx, now); e != nil {
		return m.named(call.overall(e))
	}
	w := call.knownWay(now)
	if w == nil {
		var err error
		if w, err = call.resolve(ctx, now, deadline); err != nil {
			return m.named(call.overall(helium.AsError(err)))
		}
		now = time.Now() // it may have taken long
	}
	var e *helium.Error
	if call.key.Only != "" && !w.leadsOn(call.key, nil) {
		e = call.strayed()
	} else if call.oneWay {
		e = call.attemptOneWay(ctx, w, now, deadline)
	} else {
		e = call.withRetries(ctx, w, now, deadline)
		call.noteOutcome(e, now, deadline)
	}
	if e != nil {
		return m.named(call.overall(e))
	}
	return nil
}

// ready returns why the call can't be made at all.
func (call *Invocation) ready(ctx context.Context, now time.Time) *helium.Error {
	call.answered, call.tried = false, nil
	switch {
	case call.method.fault != nil:
		return call.method.fault
	case call.method.core.links.Closed():
		return helium.ErrClientClosed.WithOutcome(helium.NotExecuted)
	}
	if e := call.identify(ctx, now); e != nil {
		return e
	}
	if err := ctx.Err(); err != nil {
		return directory.ContextError(err, helium.NotExecuted)
	}
	if err := call.Args.Err(); err != nil {
		return helium.ErrBadArgument.WithMessage("an argument can't be encoded: %w", err).WithOutcome(helium.NotExecuted)
	}
	return nil
}

// withRetries makes attempts until one succeeds or another may not be made.
func (call *Invocation) withRetries(ctx context.Context, w *way, now, deadline time.Time) *helium.Error {
	m, c := call.method, call.method.core
	forLoad := false // the attempt is made as the one before was refused for load
	for attempt := 1; ; attempt++ {
		var e *helium.Error
		if w.latency != nil && !call.key.Once {
			e = call.attemptHedged(ctx, w, now, deadline)
		} else {
			e = call.attempt(ctx, w, now, deadline)
		}
		if forLoad {
			m.forLoad.Made(e, time.Now())
		}
		call.stay(e)
		call.mayHaveRun = call.mayHaveRun || e == nil || e.Outcome != helium.NotExecuted
		if expected := w.doubt == nil && call.tried == nil; !expected && (e == nil || e.Outcome == helium.Executed) {
			call.confirm(w)
		}
		if e == nil {
			return nil
		}
		if next := call.fallback(ctx, w, e, deadline); next != nil {
			// What goes on elsewhere is the rest of the same attempt.
			attempt--
			w, now = next, time.Now()
			continue
		}
		idempotent := call.key.Once || !call.loose.isToAll() && w.view.Idempotent(m.instance, m.name)
		e, again := call.conclude(w, e), retries.May(e, idempotent)
		if m.instance != "" && (errors.Is(e, helium.ErrSilent) || call.loose.isToAll() && errors.Is(e, helium.ErrNoInstance)) {
			again = false // there is no other one to try
		}
		if forLoad = retries.IsForLoad(e); forLoad && again {
			elsewhere := m.instance == "" && !call.key.Given && !w.isOnlyOne(m.name)
			again = m.forLoad.May(e, elsewhere, time.Now())
		}
		if w.doubt != nil || attempt >= c.attempts || !again || !c.retries.Take() {
			return e
		}
		if !retries.Pause(ctx, attempt, deadline) {
			if ctx.Err() != nil {
				return endedInPause(ctx, e)
			}
			return e
		}
		// Meanwhile the registry may have learnt more.
		next, err := call.resolve(ctx, time.Now(), deadline)
		if err != nil {
			return helium.AsError(err)
		}
		if !next.leadsOn(call.key, nil) {
			return e // its instance is gone
		}
		c.counters.retries.Add(1)
		w, now = next, time.Now()
	}
}

// endedInPause returns the error of a call whose context ended after an attempt that had failed.
func endedInPause(ctx context.Context, e *helium.Error) *helium.Error {
	ended := directory.ContextError(ctx.Err(), e.Outcome)
	if errors.Is(e, retries.ErrResultLost) {
		return resultLost(ended)
	}
	return ended
}
