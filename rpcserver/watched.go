package rpcserver

import (
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/rpcserver/internal/clocks"
	"github.com/helium-rpc/helium/rpcserver/internal/heartbeat"
)

// newHeartbeats returns those of a server's callers. They aren't sent to callers for whose keys
// permitted returns false: NATS wouldn't take them.
func newHeartbeats(cs *callers, pulse *clocks.Pulse, permitted func(key string) bool, sent *atomic.Uint64) *heartbeat.Heartbeats[*caller] {
	return heartbeat.New(heartbeat.Config[*caller]{
		Watched: cs.watched, Begin: func(m *batch.Message) { cs.opening.begin(m, together) }, Permitted: permitted, Pulse: pulse, Sent: sent,
	})
}

// watched returns the callers that have calls in flight, as far as they take heartbeats or their links
// find out whether they are there.
func (cs *callers) watched() (all []*caller) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for _, c := range cs.byKey {
		c.mu.Lock()
		if (c.heeds || c.prober != nil) && !c.absence.IsGone() && c.calls.Len() > 0 {
			all = append(all, c)
		}
		c.mu.Unlock()
	}
	return all
}

// Prober implements [heartbeat.Caller].
func (c *caller) Prober() link.Prober { return c.prober }

// Running implements [heartbeat.Caller].
func (c *caller) Running(seqs []uint64) (to heartbeat.Address, _ []uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for seq, call := range c.calls.All() {
		if call.beaten {
			seqs = append(seqs, seq)
		}
		call.beaten = true
	}
	if len(seqs) > 0 {
		c.absence.Beats()
	}
	return heartbeat.Address{Link: c.link, To: link.Caller{Key: c.key, Address: c.address}, Sign: c.sign}, seqs
}

// missing takes in that a heartbeat of that sign found nobody under a key. If its caller is taken for gone by
// that, the contexts of its calls end. Those with idempotency keys go on:
// who has lost its connection comes back for what they return.
func (cs *callers) missing(key string, sign uint64, now time.Time) {
	cs.mu.Lock()
	c := cs.byKey[key]
	cs.mu.Unlock()
	if c == nil || c.sign != sign {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	streams, gone := c.absence.Miss(now)
	switch {
	case gone:
		c.abandonLocked(anyCall)
	case streams:
		c.abandonLocked(isStream)
	}
}

// gone takes in that the connection of a caller has ended, by which alone it could be answered: the
// contexts of its calls end, as with missing.
func (cs *callers) gone(key string) {
	cs.mu.Lock()
	c := cs.byKey[key]
	cs.mu.Unlock()
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.absence.Leave()
	c.abandonLocked(anyCall)
}

// abandonLocked ends the contexts of those calls of a caller that is gone. Those with idempotency keys
// go on: who has lost its connection comes back for what they return. It counts those that hadn't ended before.
func (c *caller) abandonLocked(those func(*Call) bool) {
	for _, call := range c.calls.All() {
		if call.key == "" && call.ctx.why() == notEnded && those(call) {
			c.callers.abandoned.Add(1)
			call.ctx.end(canceled)
		}
	}
}

func anyCall(*Call) bool { return true }

func isStream(call *Call) bool { return itemsOf(call) != nil }

// Decisive implements [heartbeat.Caller].
func (c *caller) Decisive() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.absence.Decisive()
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
