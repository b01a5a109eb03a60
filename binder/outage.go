package binder

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

	mu     sync.Mutex
	began  time.Time // guarded by mu; zero: there is none
	weight int       // guarded by mu; see over
}

// begin tells of an outage, unless it was told of. weight says what it takes to end it.
func (o *outage) begin(what string, err error, weight int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.weight = max(o.weight, weight)
	if !o.began.IsZero() {
		return
	}
	o.began = time.Now()
	o.logger.Warn(what, "bucket", o.bucket, slog.Any("error", err))
}

// over tells that the outage has ended, if there was one and what works now weighs as much
// as what didn't. It is told as loudly as the beginning: whoever read the one waits for
// the other.
func (o *outage) over(what string, weight int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.began.IsZero() || weight < o.weight {
		return
	}
	o.logger.Warn(what, "bucket", o.bucket, "after", time.Since(o.began).Round(time.Millisecond))
	o.began, o.weight = time.Time{}, 0
}

// Writes that the store refused: a renewal replaces a record, and works while a bucket that
// is full takes no new one, so it doesn't show that all is well again.
const (
	replaces = iota
	adds
)

// wrote tells of a store that takes no records, though it can be reached, and of its end.
func (b *bucket) wrote(err error, weight int) {
	switch {
	case isRefused(err):
		b.writes.begin("the registry's store refuses records, so servers can't register or renew", err, weight)
	case err == nil:
		b.writes.over("the registry's store takes records again", weight)
	}
}

// lostStore and foundStore tell of a store that the binder doesn't hear.
func (f *follower) lostStore(err error) {
	what := "the registry's store is out of reach; lookups are answered from memory meanwhile"
	if isRefused(err) {
		what = "the registry's store is of no use now; lookups are answered from memory meanwhile"
	}
	f.away.begin(what, err, 0)
}

func (f *follower) foundStore() { f.away.over("the registry's store is back", 0) }
