package rpcserver

import "time"

const (
	// paceBytes and paceItems are how much leaves in a second, and at once, for who gives no credit.
	// NATS disconnects a client for which 64 MiB wait, and its library drops what it has no room for.
	paceBytes = 8 << 20
	paceItems = 16 << 10
	// leastDelay is what is waited for; less adds up.
	leastDelay = 5 * time.Millisecond
)

// pace says how fast the items of a stream leave. Its zero value is whole.
type pace struct {
	spent time.Duration // of time, that what has left is worth
	at    time.Time     // when that was so
}

// delay returns how long to wait before an item of a size leaves.
func (p *pace) delay(size int, now time.Time) time.Duration {
	if !p.at.IsZero() {
		p.spent = max(0, p.spent-now.Sub(p.at))
	}
	p.at = now
	wait := max(0, p.spent-time.Second)
	p.spent += max(time.Second/paceItems, time.Duration(size)*time.Second/paceBytes)
	if wait < leastDelay {
		return 0
	}
	return wait
}
