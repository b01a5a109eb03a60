package retries

import (
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// budget is one of a client that makes calls, all of which may be made again.
type budget struct {
	Budget
	calls atomic.Uint64
	taken int
}

func newBudget() *budget {
	b := new(budget)
	b.Open(&b.calls)
	return b
}

// take takes as many retries as there are, and returns how many those were.
func (b *budget) take() (taken int) {
	for b.Budget.Take() {
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
