package part

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/helium-rpc/helium/internal/chaos/ledger"
)

// work is the service. Each method takes the call's number and how long to work, in
// microseconds, and returns the number.
type work struct {
	instance string
	books    *ledger.Writer
	laps     int // of spin, each millisecond
	slowBy   time.Duration
	slowEach int64 // 0: none is slow

	stuck sync.Mutex // of Deadlock: whoever comes first keeps it
}

// enter writes down that a call runs. What returns is for its end.
func (w *work) enter(id int64) (leave func()) {
	leaves := w.enterWith(id)
	return func() { leaves(ledger.Entry{}) }
}

// enterWith is enter for calls of which more is to be written down at their end.
func (w *work) enterWith(id int64) (leave func(ledger.Entry)) {
	if id == Unjudged {
		return func(ledger.Entry) {}
	}
	_ = w.books.Now(ledger.Entry{Kind: ledger.Began, ID: id, At: ledger.Nanos(time.Now()), Instance: w.instance})
	return func(e ledger.Entry) {
		e.Kind, e.ID, e.At, e.Instance = ledger.Done, id, ledger.Nanos(time.Now()), w.instance
		w.books.Later(e)
	}
}

// Run does nothing else, but takes its time at an instance that is slow now and then.
func (w *work) Run(id, _ int64) int64 {
	defer w.enter(id)()
	if w.slowEach != 0 && id%w.slowEach == 0 {
		time.Sleep(w.slowBy)
	}
	return id
}

// Again is Run, and is declared idempotent.
func (w *work) Again(id, _ int64) int64 { return w.Run(id, 0) }

// Spin burns processor time.
func (w *work) Spin(id, micros int64) int64 {
	defer w.enter(id)()
	runtime.KeepAlive(spin(w.laps * int(micros) / 1000))
	return id
}

// Nap sleeps, until its context ends.
func (w *work) Nap(ctx context.Context, id, micros int64) (int64, error) {
	defer w.enter(id)()
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(time.Duration(micros) * time.Microsecond):
		return id, nil
	}
}

// Ignore sleeps, whatever its context says.
func (w *work) Ignore(id, micros int64) int64 {
	defer w.enter(id)()
	time.Sleep(time.Duration(micros) * time.Microsecond)
	return id
}

// Panic panics.
func (w *work) Panic(id, _ int64) int64 {
	defer w.enter(id)()
	panic("as it was asked to")
}

// Crash ends the process, as a bug would.
func (w *work) Crash(id, _ int64) int64 {
	defer w.enter(id)()
	fmt.Fprintln(os.Stderr, "crashed as it was asked to")
	os.Exit(1)
	return id
}

// Leak leaves a goroutine behind that lasts as long as it was asked to work.
func (w *work) Leak(id, micros int64) int64 {
	defer w.enter(id)()
	go time.Sleep(time.Duration(micros) * time.Microsecond)
	return id
}

// Deadlock never returns, whatever its context says: nobody unlocks.
func (w *work) Deadlock(id, _ int64) int64 {
	defer w.enter(id)()
	w.stuck.Lock()
	w.stuck.Lock()
	return id
}

// spin does a fixed amount of work: how long it takes depends on who else has work.
//
//go:noinline
func spin(laps int) (sum uint64) {
	sum = 1
	for range laps {
		sum = sum*6364136223846793005 + 1442695040888963407
	}
	return sum
}

// lapsEachMillisecond finds out how much spinning a millisecond of this processor is. The best
// of several tries counts, as others use it as well.
func lapsEachMillisecond() int {
	const laps = 1 << 20
	best := time.Hour
	for range 20 {
		began := time.Now()
		runtime.KeepAlive(spin(laps))
		best = min(best, time.Since(began))
	}
	return int(laps * time.Millisecond / max(best, 1))
}
