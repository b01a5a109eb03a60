package direct

import (
	"log/slog"
	"sync"
	"time"
)

// logEvery is how often something of a kind is logged at most: strangers may cause it.
const logEvery = time.Minute

// boundedLog logs what strangers can cause, at a bounded rate, with how often it was.
type boundedLog struct {
	log *slog.Logger

	mu   sync.Mutex
	said map[string]*said // guarded by mu; by what is logged
}

type said struct {
	at    time.Time
	since int // how often it was since
}

// note logs that something happened, or counts it for the next time.
func (b *boundedLog) note(what string, reason error, more ...any) {
	now := time.Now()
	b.mu.Lock()
	before := b.said[what]
	if before != nil && now.Sub(before.at) < logEvery {
		before.since++
		b.mu.Unlock()
		return
	}
	if b.said == nil {
		b.said = make(map[string]*said)
	}
	b.said[what] = &said{at: now}
	b.mu.Unlock()
	args := append([]any{"reason", why(reason)}, more...)
	if before != nil && before.since > 0 {
		args = append(args, "more_since_the_last_time", before.since)
	}
	b.log.Warn(what, args...)
}
