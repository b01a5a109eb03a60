package part

import (
	"context"
	"sync"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/chaos/ledger"
)

// caller makes the call of a number and returns the number that came back.
type caller func(ctx context.Context, id int64) (got int64, err error)

// carry makes the calls of a load, each when its time has come whatever became of those before,
// and returns when all have ended. Each stands in the books before it is made.
//
//	start ── At ──▶ │·  ·  ·  ·  ·  ·│ For     a dot: a call was meant to start
func carry(ctx context.Context, l Load, start time.Time, call caller, books *ledger.Writer) {
	var calls sync.WaitGroup
	defer calls.Wait()
	begin, s := start.Add(l.At), newSchedule(l)
	for {
		next, more := s.next()
		if !more || !sleepUntil(ctx, begin.Add(next)) {
			return
		}
		var due []ledger.Entry
		now := time.Now()
		deadline := now.Add(l.Timeout)
		for ; more && !begin.Add(next).After(now); next, more = s.next() {
			due = append(due, ledger.Entry{
				Kind: ledger.Called, ID: l.Base + s.take(), At: ledger.Nanos(now), Load: l.Name,
				Meant: ledger.Nanos(begin.Add(next)), Deadline: ledger.Nanos(deadline), Idempotent: l.Idempotent(),
				Lookup: l.Method == Lookup,
			})
		}
		// A call that isn't in the books would look like one that nobody made.
		if books.Now(due...) != nil {
			return
		}
		for _, e := range due {
			calls.Go(func() {
				limited, cancel := context.WithDeadline(ctx, deadline)
				defer cancel()
				got, err := call(limited, e.ID)
				books.Later(ending(e.ID, got, err))
			})
		}
	}
}

// ending is the entry of a call that has ended.
func ending(id, got int64, err error) ledger.Entry {
	e := ledger.Entry{Kind: ledger.Ended, ID: id, At: ledger.Nanos(time.Now()), Code: ledger.OK, Outcome: helium.OutcomeOf(err).String()}
	if err != nil {
		known := helium.AsError(err)
		e.Code, e.Instance = known.Code.String(), known.Instance
		const enough = 200 // bytes
		e.Error = known.Error()[:min(enough, len(known.Error()))]
		return e
	}
	e.Wrong = got != id
	return e
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
