package rpcclient

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium"
)

func TestThePauseGrowsAndIsRandom(t *testing.T) {
	for _, c := range []struct {
		attempt     int
		least, most time.Duration
	}{
		{1, time.Millisecond, 5 * time.Millisecond},
		{2, 5 * time.Millisecond, 25 * time.Millisecond},
		{3, 25 * time.Millisecond, 125 * time.Millisecond},
		{6, 200 * time.Millisecond, time.Second},
		{1000, 200 * time.Millisecond, time.Second},
	} {
		seen := make(map[time.Duration]bool)
		for range 200 {
			got := pauseAfter(c.attempt)
			if got < c.least || got > c.most {
				t.Fatalf("the pause after attempt %d is %v, want %v to %v", c.attempt, got, c.least, c.most)
			}
			seen[got] = true
		}
		if len(seen) < 50 {
			t.Errorf("200 pauses after attempt %d have %d lengths, want them spread", c.attempt, len(seen))
		}
	}
}

func TestThePauseEndsWithTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if !pause(t.Context(), 2, began.Add(time.Minute)) {
			t.Error("a call with a minute left may not go on")
		}
		if took := time.Since(began); took < 5*time.Millisecond || took > 25*time.Millisecond {
			t.Errorf("the pause took %v, want 5 to 25 ms", took)
		}

		began = time.Now()
		if pause(t.Context(), 2, began.Add(5*time.Millisecond)) {
			t.Error("a call without the time for the pause may go on")
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("it was told after %v, want at once", took)
		}

		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond/2)
		defer cancel()
		began = time.Now()
		if pause(ctx, 3, began.Add(time.Minute)) {
			t.Error("a call whose context ended may go on")
		}
		if took := time.Since(began); took != time.Millisecond/2 {
			t.Errorf("it was told after %v, want when the context ended", took)
		}
	})
}

// budget is one of a client that makes calls, all of which may be made again.
type budget struct {
	retryBudget
	calls atomic.Uint64
	taken int
}

func newBudget() *budget {
	b := new(budget)
	b.open(&b.calls)
	return b
}

// take takes as many retries as there are, and returns how many those were.
func (b *budget) take() (taken int) {
	for b.retryBudget.take() {
		taken++
	}
	b.taken += taken
	return taken
}

// spend lets time pass in which so many calls end each second.
func (b *budget) spend(d time.Duration, rate int) {
	for range d / time.Second {
		time.Sleep(time.Second)
		b.calls.Add(uint64(rate))
	}
}

func TestRetriesHaveABudgetOfATenthOfTheCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget()
		if got := b.take(); got != 10 {
			t.Errorf("%d retries in a row, want 10", got)
		}
		for _, calls := range []uint64{9, 1, 100, 37, 1000} {
			b.calls.Add(calls)
			if got, want := b.take(), map[uint64]int{9: 0, 1: 1, 100: 10, 37: 3, 1000: 100}[calls]; got != want {
				t.Errorf("after %d more calls %d retries, want %d", calls, got, want)
			}
		}
		for range 100 { // as each interval of a day may be
			b.spend(time.Duration(rand.IntN(100))*time.Second, rand.IntN(1000))
			if rand.IntN(2) == 0 {
				b.take()
			}
			if most := 10 + int(b.calls.Load())/10; b.taken > most {
				t.Fatalf("%d retries for %d calls, want %d at most", b.taken, b.calls.Load(), most)
			}
		}
	})
}

func TestRetriesThatAreNotMadeAreKeptForAWhileAndNotForEver(t *testing.T) {
	for _, test := range []struct {
		rate, least, most int
		of, later         time.Duration
	}{
		{rate: 200, of: 10 * time.Second, least: 150, most: 210},
		{rate: 200, of: time.Minute, least: 370, most: 400},
		{rate: 200, of: 24 * time.Hour, least: 390, most: 410}, // two seconds of calls
		{rate: 100_000, of: time.Minute, least: 185_000, most: 200_000},
		{rate: 1, of: time.Hour, least: 10, most: 10},
		{rate: 200, of: time.Minute, later: 5 * time.Minute, least: 10, most: 70},
		{rate: 200, of: time.Minute, later: 24 * time.Hour, least: 10, most: 11},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBudget()
			b.spend(test.of, test.rate)
			b.spend(test.later, 0)
			if got := b.take(); got < test.least || got > test.most {
				t.Errorf("after %v with %d calls a second, and %v with none, %d retries in a row; want from %d to %d",
					test.of, test.rate, test.later, got, test.least, test.most)
			}
		})
	}
}

func TestHowOftenARetryIsWantedDoesNotChangeHowManyThereAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seldom, often := newBudget(), newBudget()
		for range 120 {
			seldom.spend(time.Second, 200)
			often.calls.Add(200)
			often.mu.Lock()
			often.countLocked(time.Now())
			often.mu.Unlock()
		}
		if a, b := seldom.take(), often.take(); a < b-5 || a > b+5 {
			t.Errorf("%d retries in a row, and %d where it was looked at each second", a, b)
		}
	})
}

func TestOnlyWhatProvablyDidNotRunIsCalledAgain(t *testing.T) {
	overloaded := helium.NewError(helium.CodeResourceExhausted, "helium.overloaded", "overloaded")
	for _, c := range []struct {
		name              string
		e                 *helium.Error
		plain, idempotent bool
	}{
		{"nobody there", helium.ErrNoInstance.WithOutcome(helium.NotExecuted), true, true},
		{"not sent", helium.ErrNotSent.WithOutcome(helium.NotExecuted), true, true},
		{"overloaded", overloaded.WithOutcome(helium.NotExecuted), true, true},
		{"connection lost", helium.ErrDisconnected.WithOutcome(helium.Unknown), false, true},
		{"timeout", helium.ErrDeadline.WithOutcome(helium.Unknown), false, false},
		{"cancelled", helium.ErrCanceled.WithOutcome(helium.NotExecuted), false, false},
		{"wrong arguments", helium.ErrBadArgument.WithOutcome(helium.NotExecuted), false, false},
		{"not permitted", helium.ErrNotPermitted.WithOutcome(helium.NotExecuted), false, false},
		{"too large", helium.ErrTooLarge.WithOutcome(helium.NotExecuted), false, false},
		{"closed", helium.ErrClientClosed.WithOutcome(helium.NotExecuted), false, false},
		{"the handler's own Unavailable", helium.Errorf(helium.CodeUnavailable, "my database").WithOutcome(helium.Executed), false, false},
	} {
		if got := mayRetry(c.e, false); got != c.plain {
			t.Errorf("%s: again = %v, want %v", c.name, got, c.plain)
		}
		if got := mayRetry(c.e, true); got != c.idempotent {
			t.Errorf("%s, idempotent: again = %v, want %v", c.name, got, c.idempotent)
		}
	}
}
