package store

import (
	"log/slog"
	"sync"
	"time"
)

// An outage is a trouble that lasts: the log tells once that it began, with why, and once
// that it is over.
type outage struct {
	logger *slog.Logger
	bucket string

	mu      sync.Mutex
	began   time.Time // guarded by mu; zero: there is none
	ended   time.Time // guarded by mu; when the last one did
	weight  int       // guarded by mu; see over
	untold  []func()  // guarded by mu; what is to be logged, in order
	telling bool      // guarded by mu; somebody logs what is untold
}

// begin tells of an outage, unless it was told of, or what failed was begun before the last one had
// ended. weight says what it takes to end it.
func (o *outage) begin(what string, err error, weight int, begun time.Time) {
	o.mu.Lock()
	switch {
	case !o.began.IsZero():
		o.weight = max(o.weight, weight)
	case begun.After(o.ended):
		o.began, o.weight = time.Now(), weight
		o.untold = append(o.untold, func() { o.logger.Warn(what, "bucket", o.bucket, slog.Any("error", err)) })
	}
	o.mu.Unlock()
	o.tell()
}

// over tells that the outage has ended, if there was one, and what works now weighs as much
// as what didn't and was begun since. It is told as loudly as the beginning: whoever read the
// one waits for the other.
func (o *outage) over(what string, weight int, begun time.Time) {
	o.mu.Lock()
	if !o.began.IsZero() && weight >= o.weight && begun.After(o.began) {
		lasted := time.Since(o.began).Round(time.Millisecond)
		o.began, o.ended = time.Time{}, time.Now()
		o.untold = append(o.untold, func() { o.logger.Warn(what, "bucket", o.bucket, "after", lasted) })
	}
	o.mu.Unlock()
	o.tell()
}

// tell logs what is untold, in its order. A log may be slow, so nobody waits for another's
// line, and no lock is held meanwhile.
func (o *outage) tell() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.telling {
		return
	}
	o.telling = true
	for len(o.untold) > 0 {
		next := o.untold[0]
		o.untold = o.untold[1:]
		o.mu.Unlock()
		next()
		o.mu.Lock()
	}
	o.telling = false
}
