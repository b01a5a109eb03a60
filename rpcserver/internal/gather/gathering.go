// Package gather answers all calls of a message by one, where NATS takes one message of answers a request.
// So their answers gather until nobody waits for another one, and leave earlier if one of them would come
// too late otherwise.
package gather

import (
	"sync"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

// Gathering answers the calls of one message:
//
//	a call has ended ─▶ its answer ─▶ gathering ─┬▶ all have ended, or their callers gave up ─┬▶ leave
//	                                             └▶ the time of an answer here is nearly over ─┘
//
// Calls that are cut short by that fail with helium.ErrUnfinished, unknown. A message of one
// call is answered when that has ended, however late, as everywhere.
type Gathering struct {
	// Cut ends a call that runs on; false if it has just ended, and its answer comes. It is set before any
	// call is expected.
	Cut func(seq uint64) bool

	by     link.Server
	begin  func(*batch.Message) // begins a message of answers
	errors Errors

	mu      sync.Mutex
	out     link.Outgoing          // guarded by mu; its Message has the answers so far
	waiting link.Table[answerTime] // guarded by mu; calls that run and whose callers wait
	over    bool                   // guarded by mu; calls that have ended by now are the last that are answered
	left    bool                   // guarded by mu; the message has left
	full    bool                   // guarded by mu; it has no room even for errors
	leaves  time.Time              // guarded by mu; when an answer in it would come too late; zero: it has none
	timer   *time.Timer            // guarded by mu; nil until needed
	wakes   time.Time              // guarded by mu; when the timer looks; zero: it isn't set
}

// answerTime says until when the answer to a call is of use.
type answerTime struct {
	deadline time.Time // its caller waits until then
	leaves   time.Time // an answer that leaves by then arrives in time
}

const (
	// An answer leaves before its call's deadline by one part in earlyShare of the time that
	// the call had, though not by more than mostEarly: it takes time on its way, and its
	// caller's own clock ends the call.
	earlyShare = 10
	mostEarly  = 500 * time.Millisecond
)

// Errors are those, as they are written, of calls for whose answers there is no time or no room.
type Errors struct{ unfinished, tooLarge []byte }

// NewErrors returns those of an instance.
func NewErrors(instance string) Errors {
	unfinished := helium.ErrUnfinished.WithOutcome(helium.Unknown)
	tooLarge := helium.ErrResultTooLarge.WithMessage("the method ran, and its result doesn't fit the one message that answers all calls that came in one, as NATS takes no second one here; make the call alone, or permit the server's user more answers").WithOutcome(helium.Executed)
	unfinished.Instance, tooLarge.Instance = instance, instance
	return Errors{wire.AppendError(nil, unfinished), wire.AppendError(nil, tooLarge)}
}

// room is what the frame of any of them takes at most, in bytes.
func (e *Errors) room() int {
	f := wire.Frame{Body: e.tooLarge}
	if len(e.unfinished) > len(f.Body) {
		f.Body = e.unfinished
	}
	return f.Size()
}

// New returns what answers the calls of one message from a caller that came now.
func New(by link.Server, to link.Caller, service string, now time.Time, errors Errors, begin func(*batch.Message)) *Gathering {
	to.Ephemeral = true // its reply subject is used once
	return &Gathering{
		by: by, begin: begin, errors: errors,
		out: link.Outgoing{To: to, Service: service, Message: new(batch.Message), Nth: 1, Last: true, Since: now},
	}
}

// Expect takes in a call of the message. All are taken in before anybody else knows any.
func (g *Gathering) Expect(seq uint64, deadline, now time.Time) {
	early := max(0, min(deadline.Sub(now)/earlyShare, mostEarly))
	g.waiting.Put(seq, answerTime{deadline, deadline.Add(-early)})
}

// Limit returns how large the message may be, in bytes.
func (g *Gathering) Limit() int { return g.by.MaxMessage() }

// Add adds the answer to a call.
func (g *Gathering) Add(f *wire.Frame) {
	g.mu.Lock()
	if g.left {
		g.mu.Unlock()
		return // its caller was told, or had given up
	}
	of, waits := g.waiting.Take(f.Seq)
	g.addLocked(f)
	if waits && g.waiting.Len() > 0 && time.Now().Before(of.deadline) && (g.leaves.IsZero() || of.leaves.Before(g.leaves)) {
		g.leaves = of.leaves
	}
	g.goOn()
}

// GaveUp takes note that a caller needs no answer any more.
func (g *Gathering) GaveUp(seq uint64) {
	g.mu.Lock()
	g.waiting.Take(seq)
	g.goOn()
}

// look does what is due.
func (g *Gathering) look() {
	g.mu.Lock()
	if g.left {
		g.mu.Unlock()
		return
	}
	now := time.Now()
	late := !g.leaves.IsZero() && !now.Before(g.leaves)
	var due []uint64
	for seq, of := range g.waiting.All() {
		if late || !now.Before(of.deadline) {
			due = append(due, seq)
		}
	}
	g.over, g.wakes = late, time.Time{}
	for _, seq := range due {
		of, _ := g.waiting.Get(seq)
		switch {
		case !now.Before(of.deadline): // its caller has ended it
			g.waiting.Take(seq)
		case g.Cut(seq):
			g.waiting.Take(seq)
			g.addLocked(&wire.Frame{Kind: wire.KindError, Seq: seq, Body: g.errors.unfinished})
		}
	}
	g.goOn()
}

// goOn lets the message leave if nobody waits for another answer in it, and otherwise sees to
// it that it leaves in time. It is called with mu held, and unlocks it.
func (g *Gathering) goOn() {
	m := g.out.Message
	switch {
	case g.left || m.Frames == 0:
	case g.waiting.Len() == 0:
		g.left = true
		if g.timer != nil {
			g.timer.Stop()
		}
		if g.full {
			m.Data = wire.AppendFrame(m.Data, &wire.Frame{Kind: wire.KindError, Body: g.errors.unfinished})
		}
		g.mu.Unlock()
		g.by.Answer(&g.out)
		return
	case !g.over:
		g.wakeLocked()
	}
	g.mu.Unlock()
}

// wakeLocked has the timer look when the message leaves at the latest, or when the next caller
// gives up.
func (g *Gathering) wakeLocked() {
	next := g.leaves
	if g.wakes.IsZero() {
		for _, of := range g.waiting.All() {
			if next.IsZero() || of.deadline.Before(next) {
				next = of.deadline
			}
		}
	}
	if !g.wakes.IsZero() && (next.IsZero() || !next.Before(g.wakes)) {
		return // it looks sooner
	}
	g.wakes = next
	if wait := time.Until(next); g.timer == nil {
		g.timer = time.AfterFunc(wait, g.look)
	} else {
		g.timer.Reset(wait)
	}
}

// addLocked adds an answer to the message. One that doesn't fit becomes an error that does, as
// no second message would arrive.
func (g *Gathering) addLocked(f *wire.Frame) {
	m := g.out.Message
	if m.Frames == 0 {
		g.begin(m)
	}
	m.Frames++
	// Those that are still to come need room for an error, if possible, and an error that
	// stands for all without an answer needs it for certain.
	free, each := g.Limit()-len(m.Data), g.errors.room()
	if n := g.waiting.Len(); n > 0 || g.full {
		free -= each
		free -= min(n*each, free/2)
	}
	if f.Size() > free {
		link.Shorten(f, g.errors.tooLarge)
	}
	if f.Size() > free {
		g.full = true
		return
	}
	m.Data = wire.AppendFrame(m.Data, f)
}
