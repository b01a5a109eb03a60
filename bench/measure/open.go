package measure

import (
	"sync"
	"time"
)

// maxOpen is how many calls an open loop has in flight at most. One more waits, and
// its wait counts: it is timed from when it was meant to start.
const maxOpen = 2048

// schedule says when calls start: the first at once, the others evenly after it.
type schedule struct {
	start time.Time
	rate  float64 // per second
}

// at returns when call number i is meant to start.
func (s schedule) at(i int) time.Time {
	return s.start.Add(time.Duration(float64(i) / s.rate * float64(time.Second)))
}

// due returns how many calls were meant to start by now.
func (s schedule) due(now time.Time) int {
	if now.Before(s.start) {
		return 0
	}
	n := int(now.Sub(s.start).Seconds() * s.rate)
	// The product is rounded; at is what counts.
	for s.at(n).After(now) {
		n--
	}
	for !s.at(n).After(now) {
		n++
	}
	return n
}

// Open starts calls at a rate for a duration, and returns when all that were started
// are answered.
func Open(call func() error, rate float64, d time.Duration) Sample {
	workers := newWorkers(maxOpen)
	begins := make(chan time.Time)
	s := schedule{start: time.Now().Add(time.Millisecond), rate: rate}
	end := s.start.Add(d)
	var wg sync.WaitGroup
	for i := range workers {
		w := &workers[i]
		wg.Go(func() {
			for began := range begins {
				err := call()
				w.done(began, time.Now(), end, err)
			}
		})
	}
	late := s.hand(begins, end)
	close(begins)
	wg.Wait()
	sample := sum(workers)
	sample.PerSecond = inTime(workers) / d.Seconds()
	sample.Late = late
	return sample
}

// hand hands out calls when they are due, until the end, and returns how many weren't
// handed out because all workers were busy.
func (s schedule) hand(begins chan<- time.Time, end time.Time) (late int) {
	total := s.due(end.Add(-1))
	timeout := time.NewTimer(time.Until(end))
	defer timeout.Stop()
	for next := 0; next < total; {
		// A sleep lasts longer than it was asked to; all that became due meanwhile is
		// handed out, and that it was late counts.
		time.Sleep(time.Until(s.at(next)))
		for due := min(s.due(time.Now()), total); next < due; next++ {
			select {
			case begins <- s.at(next):
			case <-timeout.C:
				return total - next
			}
		}
	}
	return 0
}
