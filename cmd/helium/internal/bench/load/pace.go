package load

import (
	"context"
	"time"
)

// pace starts the calls of an open loop: it hands out each call's intended start when
// it has come.
type pace struct {
	start time.Time
	rate  float64 // per second
	count int     // calls in all
	end   time.Time
	// nap sleeps for a short time as exactly as the system can.
	nap func(time.Duration)
}

// at returns when call number i is meant to start.
func (p *pace) at(i int) time.Time {
	return p.start.Add(time.Duration(float64(i) / p.rate * float64(time.Second)))
}

// catchUp is how long after the end calls are handed out that are late because this
// program stood still, and not because callers were busy.
const catchUp = time.Second

// hand hands out the calls and returns how many it did, fewer than planned only if the
// callers were busy until the end, if so many calls are more than this program can hand
// out, or if ctx ended. free holds a token for each caller that is.
func (p *pace) hand(ctx context.Context, begins chan<- time.Time, free <-chan struct{}) (handed int) {
	// The last calls may wait for a caller until the end, and one interval more, so that
	// a plan that callers keep up with is never cut short.
	last := p.end.Add(max(time.Duration(float64(time.Second)/p.rate), 10*time.Millisecond))
	timeout := time.NewTimer(time.Until(last))
	defer timeout.Stop()
	if p.end.IsZero() {
		timeout.Stop()
	}
	var over time.Time // when the end was noticed
	for i := range p.count {
		intended := p.at(i)
		if !p.waitUntil(ctx, intended) {
			return i
		}
		if over.IsZero() {
			select {
			case <-free:
				begins <- intended
				continue
			case <-timeout.C:
				over = time.Now()
			case <-ctx.Done():
				return i
			}
		}
		select {
		case <-free:
			if time.Since(over) > catchUp {
				return i
			}
			begins <- intended
		default:
			return i
		}
	}
	return p.count
}

// coarse is how much later than asked a timer may ring: the runtime waits for timers and
// sockets in one system call that counts in milliseconds.
const coarse = 2 * time.Millisecond

// waitUntil returns false if ctx ended first.
func (p *pace) waitUntil(ctx context.Context, t time.Time) bool {
	if left := time.Until(t); left > coarse {
		timer := time.NewTimer(left - coarse)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return false
		}
	}
	for {
		left := time.Until(t)
		if left <= 0 {
			return ctx.Err() == nil
		}
		p.nap(left)
	}
}
