package clocks

import (
	"context"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
)

// markTime bounds the wait for the NATS server's answer, before it is asked again.
const markTime = 5 * time.Second

// longStandstill is how long a standstill is that the log tells of.
const longStandstill = 2 * time.Second

// Thaws lets the pulse of a server beat, and tells its clocks when a thaw is over. What came by
// the bus while the process stood still is in front of a mark that is put in line behind it:
//
//	standstill ─▶ a PING to the NATS server ─▶ its PONG ─▶ the mark ─▶ … received: the thaw is over
//
// The NATS server puts its PONG behind all that it has sent on the connection, or has kept to be
// sent, and nats.go takes in what arrives in that order. So what had to wait because the process
// didn't read is in line when the PONG has come. A message to an inbox of the server's own would
// come in the same place, but needs a permission. What is behind the mark may have waited
// elsewhere, such as in a NATS server that stood still; that is no matter of this process, and
// known clocks tell it.
type Thaws struct {
	NC       *nats.Conn
	Log      *slog.Logger
	Instance string
	Pulse    *Pulse
	Mark     func(ctx context.Context, reached func()) error // puts a mark in line

	clocks *Clocks            // of the bus; set by Start
	end    context.CancelFunc // nil until Start
	beats  chan struct{}      // closed when nothing beats any more
	marks  chan struct{}      // closed when no mark is put in line any more
}

// Start begins to beat.
func (t *Thaws) Start(clocks *Clocks) {
	t.clocks, t.beats, t.marks = clocks, make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	t.end = cancel
	t.Pulse.Beat(time.Now())
	go t.beat(ctx)
	go t.run(ctx)
}

// Stop ends what Start began, if it was called.
func (t *Thaws) Stop() {
	if t.end != nil {
		t.end()
		<-t.beats
		<-t.marks
	}
}

// beat lets the pulse beat, whatever else waits.
func (t *Thaws) beat(ctx context.Context) {
	defer close(t.beats)
	ticker := time.NewTicker(PulseInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			t.Pulse.Beat(time.Now())
		case <-ctx.Done():
			return
		}
	}
}

// run puts a mark in line after each standstill.
func (t *Thaws) run(ctx context.Context) {
	defer close(t.marks)
	var marked *Standstill // the latest one behind which a mark is in line; nil: none
	var again <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.Pulse.found:
		case <-again:
		}
		again = nil
		at, latest := t.Pulse.Look(time.Now())
		if latest == marked {
			continue
		}
		if still := latest.until - latest.since; still >= longStandstill {
			t.Log.Warn("the process stood still: stopped, suspended, or without processor time; calls whose time is over by now aren't run", "for", still.Round(time.Millisecond), "instance", t.Instance)
		}
		if t.markThaw(ctx, latest, at) == nil {
			marked = latest
		} else {
			again = time.After(PulseInterval) // the connection is down, or its NATS server doesn't answer
		}
	}
}

// markThaw puts a mark behind all that came while the process stood still, and until a certain
// time since.
func (t *Thaws) markThaw(ctx context.Context, of *Standstill, at time.Duration) error {
	waiting, cancel := context.WithTimeout(ctx, markTime)
	defer cancel()
	if !t.NC.IsConnected() {
		return nats.ErrDisconnected
	}
	if err := t.NC.FlushWithContext(waiting); err != nil {
		return err
	}
	return t.Mark(ctx, func() { t.clocks.Over(of, at) })
}
