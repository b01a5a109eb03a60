package rpcserver

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

// thaws lets the pulse of a server beat, and tells its clocks when a thaw is over. What came by
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
type thaws struct {
	nc       *nats.Conn
	log      *slog.Logger
	instance string
	pulse    *pulse
	mark     func(ctx context.Context, reached func()) error // puts a mark in line

	clocks *clocks            // of the bus; set by start
	end    context.CancelFunc // nil until start
	beats  chan struct{}      // closed when nothing beats any more
	marks  chan struct{}      // closed when no mark is put in line any more
}

// start begins to beat.
func (t *thaws) start(clocks *clocks) {
	t.clocks, t.beats, t.marks = clocks, make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	t.end = cancel
	t.pulse.beat(time.Now())
	go t.beat(ctx)
	go t.run(ctx)
}

// stop ends what start began, if it was called.
func (t *thaws) stop() {
	if t.end != nil {
		t.end()
		<-t.beats
		<-t.marks
	}
}

// beat lets the pulse beat, whatever else waits.
func (t *thaws) beat(ctx context.Context) {
	defer close(t.beats)
	ticker := time.NewTicker(pulseInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			t.pulse.beat(time.Now())
		case <-ctx.Done():
			return
		}
	}
}

// run puts a mark in line after each standstill.
func (t *thaws) run(ctx context.Context) {
	defer close(t.marks)
	var marked *standstill // the latest one behind which a mark is in line; nil: none
	var again <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.pulse.found:
		case <-again:
		}
		again = nil
		at, latest := t.pulse.look(time.Now())
		if latest == marked {
			continue
		}
		if still := latest.until - latest.since; still >= longStandstill {
			t.log.Warn("the process stood still: stopped, suspended, or without processor time; calls whose time is over by now aren't run", "for", still.Round(time.Millisecond), "instance", t.instance)
		}
		if t.markThaw(ctx, latest, at) == nil {
			marked = latest
		} else {
			again = time.After(pulseInterval) // the connection is down, or its NATS server doesn't answer
		}
	}
}

// markThaw puts a mark behind all that came while the process stood still, and until a certain
// time since.
func (t *thaws) markThaw(ctx context.Context, of *standstill, at time.Duration) error {
	waiting, cancel := context.WithTimeout(ctx, markTime)
	defer cancel()
	if !t.nc.IsConnected() {
		return nats.ErrDisconnected
	}
	if err := t.nc.FlushWithContext(waiting); err != nil {
		return err
	}
	return t.mark(ctx, func() { t.clocks.over(of, at) })
}
