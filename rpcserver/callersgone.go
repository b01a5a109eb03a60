package rpcserver

import "time"

// missing takes in that a heartbeat of that sign found nobody under a key. If its caller is taken for gone by
// that, the contexts of its calls end; it returns how many. Those with idempotency keys go on:
// who has lost its connection comes back for what they return.
func (cs *callers) missing(key string, sign uint64, now time.Time) (abandoned int) {
	cs.mu.Lock()
	c := cs.byKey[key]
	cs.mu.Unlock()
	if c == nil || c.sign != sign {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	streams, gone := c.absence.miss(now)
	switch {
	case gone:
		return c.abandonLocked(anyCall)
	case streams:
		return c.abandonLocked(isStream)
	}
	return 0
}

// gone takes in that the connection of a caller has ended, by which alone it could be answered: the
// contexts of its calls end, as with missing. It returns how many.
func (cs *callers) gone(key string) (abandoned int) {
	cs.mu.Lock()
	c := cs.byKey[key]
	cs.mu.Unlock()
	if c == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.absence.gone = true
	return c.abandonLocked(anyCall)
}

// abandonLocked ends the contexts of those calls of a caller that is gone. Those with idempotency keys
// go on: who has lost its connection comes back for what they return. It returns how many hadn't ended before.
func (c *caller) abandonLocked(those func(*Call) bool) (abandoned int) {
	for _, call := range c.calls.All() {
		if call.key == "" && call.ctx.why() == notEnded && those(call) {
			call.ctx.end(canceled)
			abandoned++
		}
	}
	return abandoned
}

func anyCall(*Call) bool { return true }

func isStream(call *Call) bool { return itemsOf(call) != nil }

// decisive returns from when on a heartbeat that finds nobody ends the caller's streams; zero: that is not to be
// foreseen, or it has none.
func (c *caller) decisive() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.absence.decisive()
	if at.IsZero() {
		return at
	}
	for _, call := range c.calls.All() {
		if isStream(call) {
			return at
		}
	}
	return time.Time{}
}
