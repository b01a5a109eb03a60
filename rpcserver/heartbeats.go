package rpcserver

import (
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver/internal/clocks"
)

// Heartbeats tell callers which of their calls still run, or wait for their turn: so a caller
// tells a handler that hangs from a process that is frozen or dead.
//
//	each interval, while calls are in flight:
//	table of calls ─▶ those that were there an interval ago ─▶ a message to their caller
//	                                                               │
//	        the caller's calls end ◀─ several in a row ◀─ nobody is there
//
// By a direct link the caller's end is asked for a sign instead, if nothing comes from it by itself.
//
// Calls that take less than an interval are in none and cost nothing: nothing is written for
// them anywhere. The sweep's own goroutine sends the heartbeats, so neither handlers nor what
// waits to be received hold them up.
type heartbeats struct {
	callers   *callers
	opening   *opening
	permitted func(key string) bool
	sent      *atomic.Uint64 // messages
	abandoned *atomic.Uint64 // calls whose callers are gone
	pulse     *clocks.Pulse
	sweep     *link.Sweep

	met *clocks.Standstill // the latest one at the last beat; nil: none
	due time.Time          // when all are, where those that may be decisive are sooner; else zero

	// Of the beat under way, kept for the next one:
	seqs []uint64
	body []byte
	data []byte
}

// newHeartbeats returns those of a server's callers. They aren't sent to callers for whose keys
// permitted returns false: NATS wouldn't take them.
func newHeartbeats(callers *callers, opening *opening, pulse *clocks.Pulse, permitted func(key string) bool, sent, abandoned *atomic.Uint64) *heartbeats {
	h := &heartbeats{callers: callers, opening: opening, pulse: pulse, permitted: permitted, sent: sent, abandoned: abandoned}
	h.sweep = link.NewSweep(h.beat)
	return h
}

// watch sees to it that calls which came now are told of if they take long.
func (h *heartbeats) watch(now time.Time) { h.sweep.Watch(now.Add(wire.HeartbeatInterval)) }

// stop ends the heartbeats: none leaves after it has returned.
func (h *heartbeats) stop() { h.sweep.Stop() }

// beat sends a heartbeat to each caller that needs one, or asks for a sign, and returns when the next ones are due,
// zero if no calls are in flight. Between the usual ones it sends those alone that may be decisive.
func (h *heartbeats) beat(now time.Time) (next time.Time) {
	between, due := now.Before(h.due), now.Add(wire.HeartbeatInterval)
	if between {
		due = h.due
	}
	_, latest := h.pulse.Look(now)
	late := latest != h.met
	h.met = latest
	for _, c := range h.callers.watched() {
		if next.IsZero() {
			next = due
		}
		if c.prober != nil {
			if !between {
				c.prober.Probe(late)
			}
			continue
		}
		decisive := c.decisive()
		if decisive.After(now) {
			next = earlier(next, decisive)
		}
		if between && (decisive.IsZero() || decisive.After(now)) {
			continue
		}
		var to link.Caller
		to, h.seqs = c.running(h.seqs[:0])
		if len(h.seqs) > 0 && h.permitted(to.Key) {
			h.tell(c.link, to, c.sign, h.seqs)
		}
	}
	h.due = time.Time{}
	if !next.IsZero() && next.Before(due) {
		h.due = due
	}
	return next
}

// watched returns the callers that have calls in flight, as far as they take heartbeats or their links
// find out whether they are there.
func (cs *callers) watched() (all []*caller) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for _, c := range cs.byKey {
		c.mu.Lock()
		if (c.heeds || c.prober != nil) && !c.absence.gone && c.calls.Len() > 0 {
			all = append(all, c)
		}
		c.mu.Unlock()
	}
	return all
}

// running begins a heartbeat: it returns the numbers of the calls that were in flight at the one
// before, too, and where to send them. If there are none, no heartbeat is sent.
func (c *caller) running(seqs []uint64) (to link.Caller, _ []uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for seq, call := range c.calls.All() {
		if call.beaten {
			seqs = append(seqs, seq)
		}
		call.beaten = true
	}
	if len(seqs) > 0 {
		c.absence.beats()
	}
	return link.Caller{Key: c.key, Address: c.address}, seqs
}

// tell tells a caller which of its calls still run.
func (h *heartbeats) tell(by link.Server, to link.Caller, sign uint64, seqs []uint64) {
	m := batch.Message{Data: h.data[:0]}
	h.opening.begin(&m, together)
	room := min(wire.MaxRunning, (by.MaxMessage()-len(m.Data)-runningHead)/runningSize)
	opening := len(m.Data)
	for len(seqs) > 0 && room > 0 {
		n := min(len(seqs), room)
		h.body = h.body[:0]
		for _, seq := range seqs[:n] {
			h.body = wire.AppendNumber(h.body, seq)
		}
		m.Data = wire.AppendFrame(m.Data[:opening], &wire.Frame{Kind: wire.KindRunning, Body: h.body})
		if by.Beat(to, sign, m.Data) {
			h.sent.Add(1)
		}
		seqs = seqs[n:]
	}
	h.data = m.Data
}

const (
	runningHead = 6 // of a frame of numbers, at most: that of its array, and its kind
	runningSize = 9 // of a number
)

// missing takes in that a heartbeat of that sign found nobody.
func (h *heartbeats) missing(key string, sign uint64) {
	if n := h.callers.missing(key, sign, time.Now()); n > 0 {
		h.abandoned.Add(uint64(n))
	}
}
