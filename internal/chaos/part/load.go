package part

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/chaos/ledger"
)

const (
	// hireTime is how long before a load begins those are hired who make its calls, and for how long they are
	// enough if none is answered.
	hireTime = 100 * time.Millisecond
	// tidyTime is how long before it begins garbage is collected, where its calls take much of a processor.
	tidyTime = 500 * time.Millisecond
)

// carry makes the calls of a load, each when its time has come whatever became of those before,
// and returns when all have ended. Each stands in the books before it is made.
//
//	start ── At ──▶ │·  ·  ·  ·  ·  ·│ For     a dot: a call was meant to start
func carry(ctx context.Context, l Load, start time.Time, call caller, books *ledger.Writer) {
	var calls crew
	defer calls.dismiss()
	begin, s := start.Add(l.At), newSchedule(l)
	if l.isHeavy() && sleepUntil(ctx, begin.Add(-tidyTime)) {
		runtime.GC() // what there is by now isn't to be collected while the load begins
	}
	if sleepUntil(ctx, begin.Add(-hireTime)) {
		calls.hire(int(l.Rate * hireTime.Seconds()))
	}
	for {
		next, more := s.next()
		if !more || !sleepUntil(ctx, begin.Add(next)) {
			return
		}
		var due []ledger.Entry
		now := time.Now()
		calls.tend(now)
		deadline := now.Add(l.Timeout)
		for ; more && !begin.Add(next).After(now); next, more = s.next() {
			due = append(due, ledger.Entry{
				Kind: ledger.Called, ID: l.Base + s.take(), At: ledger.Nanos(now), Load: l.Name,
				Meant: ledger.Nanos(begin.Add(next)), Deadline: ledger.Nanos(deadline), Idempotent: l.Idempotent(),
				Lookup: l.Method == Lookup || l.Method == Registry, Everywhere: l.Method == Everywhere,
			})
			if l.Method == Registry {
				due[len(due)-1].Registry = requestOf(due[len(due)-1].ID)
			}
		}
		// A call that isn't in the books would look like one that nobody made.
		if books.Now(due...) != nil {
			return
		}
		limited, ended := together(ctx, deadline, len(due))
		for _, e := range due {
			calls.Go(func() {
				end := ledger.Entry{Kind: ledger.Ended, ID: e.ID}
				finish(&end, call(limited, e.ID, &end))
				books.Later(end)
				ended()
			})
		}
	}
}

// together returns a context for so many calls, each of which says when it has ended. One for each
// would take much of a client's time under a high load.
func together(ctx context.Context, deadline time.Time, calls int) (limited context.Context, ended func()) {
	limited, cancel := context.WithDeadline(ctx, deadline)
	var running atomic.Int64
	running.Store(int64(calls))
	return limited, func() {
		if running.Add(-1) == 0 {
			cancel()
		}
	}
}

// finish says in the entry of a call how it has ended.
func finish(e *ledger.Entry, err error) {
	e.At, e.Code, e.Outcome = ledger.Nanos(time.Now()), ledger.OK, helium.OutcomeOf(err).String()
	if err != nil {
		known := helium.AsError(err)
		e.Code, e.Instance = known.Code.String(), known.Instance
		const enough = 200 // bytes
		e.Error = known.Error()[:min(enough, len(known.Error()))]
	}
}

func sleepUntil(ctx context.Context, t time.Time) (came bool) {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
