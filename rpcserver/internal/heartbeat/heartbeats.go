// Package heartbeat tells callers which of their calls still run, or wait for their turn, and finds out by
// that whether they are there: so a caller tells a handler that hangs from a process that is frozen or dead,
// and no handler works on for nobody.
//
//   - heartbeats.go: when which heartbeats leave
//   - absence.go: when a caller counts as gone, of whom NATS says that nobody took them
package heartbeat

import (
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver/internal/clocks"
)

// Caller is one that heartbeats are for.
type Caller interface {
	// Prober returns what asks the caller's end for a sign, where its link finds out itself whether it is
	// there; else nil.
	Prober() link.Prober
	// Decisive returns from when on a heartbeat that finds nobody ends the caller's streams; zero: that is not
	// to be foreseen, or it has none.
	Decisive() time.Time
	// Running begins a heartbeat: it returns the numbers of the calls that were in flight at the one
	// before, too, behind seqs, and where to send them. If there are none, no heartbeat is sent.
	Running(seqs []uint64) (to Address, _ []uint64)
}

// Address is where a heartbeat goes.
type Address struct {
	Link link.Server
	To   link.Caller
	Sign uint64 // by which the caller is found again if nobody is there
}

// Heartbeats are those to all callers:
//
//	each interval, while calls are in flight:
//	table of calls ─▶ those that were there an interval ago ─▶ a message to their caller
//	                                                               │
//	        the caller's calls end ◀─ several in a row ◀─ nobody is there
//
// By a direct link the caller's end is asked for a sign instead, if
// nothing comes from it by itself.
//
// Calls that take less than an interval are in none and cost nothing: nothing is written for
// them anywhere. The sweep's own goroutine sends the heartbeats, so neither handlers nor what
// waits to be received hold them up.
type Heartbeats[C Caller] struct {
	config Config[C]
	sweep  *link.Sweep

	met *clocks.Standstill // the latest one at the last beat; nil: none
	due time.Time          // when all are, where those that may be decisive are sooner; else zero

	// Of the beat under way, kept for the next one:
	seqs []uint64
	body []byte
	data []byte
}

// Config is what heartbeats need.
type Config[C Caller] struct {
	Watched   func() []C            // the callers that have calls in flight
	Begin     func(*batch.Message)  // begins a message to a caller
	Permitted func(key string) bool // false: NATS wouldn't take those to that caller
	Pulse     *clocks.Pulse
	Sent      *atomic.Uint64 // counts messages
}

// New returns heartbeats that begin with the first Watch.
func New[C Caller](config Config[C]) *Heartbeats[C] {
	h := &Heartbeats[C]{config: config}
	h.sweep = link.NewSweep(h.Beat)
	return h
}

// Watch sees to it that calls which came now are told of if they take long.
func (h *Heartbeats[C]) Watch(now time.Time) { h.sweep.Watch(now.Add(wire.HeartbeatInterval)) }

// Stop ends the heartbeats: none leaves after it has returned.
func (h *Heartbeats[C]) Stop() { h.sweep.Stop() }

// Beat sends a heartbeat to each caller that needs one, or asks for a sign, and returns when the next ones are due,
// zero if no calls are in flight. Between the usual ones it sends those alone that may be decisive.
func (h *Heartbeats[C]) Beat(now time.Time) (next time.Time) {
	between, due := now.Before(h.due), now.Add(wire.HeartbeatInterval)
	if between {
		due = h.due
	}
	_, latest := h.config.Pulse.Look(now)
	late := latest != h.met
	h.met = latest
	for _, c := range h.config.Watched() {
		if next.IsZero() {
			next = due
		}
		if prober := c.Prober(); prober != nil {
			if !between {
				prober.Probe(late)
			}
			continue
		}
		decisive := c.Decisive()
		if decisive.After(now) && decisive.Before(next) {
			next = decisive
		}
		if between && (decisive.IsZero() || decisive.After(now)) {
			continue
		}
		var to Address
		to, h.seqs = c.Running(h.seqs[:0])
		if len(h.seqs) > 0 && h.config.Permitted(to.To.Key) {
			h.tell(to, h.seqs)
		}
	}
	h.due = time.Time{}
	if !next.IsZero() && next.Before(due) {
		h.due = due
	}
	return next
}

// tell tells a caller which of its calls still run.
func (h *Heartbeats[C]) tell(to Address, seqs []uint64) {
	m := batch.Message{Data: h.data[:0]}
	h.config.Begin(&m)
	room := min(wire.MaxRunning, (to.Link.MaxMessage()-len(m.Data)-runningHead)/runningSize)
	opening := len(m.Data)
	for len(seqs) > 0 && room > 0 {
		n := min(len(seqs), room)
		h.body = h.body[:0]
		for _, seq := range seqs[:n] {
			h.body = wire.AppendNumber(h.body, seq)
		}
		m.Data = wire.AppendFrame(m.Data[:opening], &wire.Frame{Kind: wire.KindRunning, Body: h.body})
		if to.Link.Beat(to.To, to.Sign, m.Data) {
			h.config.Sent.Add(1)
		}
		seqs = seqs[n:]
	}
	h.data = m.Data
}

const (
	runningHead = 6 // of a frame of numbers, at most: that of its array, and its kind
	runningSize = 9 // of a number
)
