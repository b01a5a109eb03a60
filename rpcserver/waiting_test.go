package rpcserver_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/internal/loopback"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver"
)

const hour = uint64(time.Hour / time.Microsecond)

// about is what a message says of who sent it, and what its clock showed when it was begun.
func about(clock, reading uint64) wire.Frame {
	return wire.Frame{Kind: wire.KindSender, Seq: clock, Time: reading}
}

// within is a call of echo with so much time left.
func within(seq uint64, left time.Duration) wire.Frame {
	f := callFrame(seq, "x")
	f.Time = wire.Milliseconds(left)
	return f
}

// answerTo sends a message and returns the one answer in what comes back.
func (p *peer) answerTo(frames ...wire.Frame) wire.Frame {
	p.t.Helper()
	p.send(echo, "a", message(frames...))
	_, answers := p.next()
	return answers[len(answers)-1]
}

func TestTheTimeThatAMessageWaitedComesOffTheTimeLeftOfItsCalls(t *testing.T) {
	w, srv, probe, _ := start(t, rpcserver.Config{})
	p := w.peer()
	wantResult(t, p.answerTo(about(7, hour), within(1, time.Minute)), 1, "x")

	// These were begun an hour before that one.
	err := wantError(t, p.answerTo(about(7, 0), within(2, 59*time.Minute)), helium.ErrExpired)
	ms, _ := strconv.Atoi(err.Details["waited_ms"])
	if waited := time.Duration(ms) * time.Millisecond; waited < time.Hour-time.Second || waited > time.Hour+patience {
		t.Errorf("its error %v says that it waited %v, want an hour", err, waited)
	}
	wants(t, err, "1h0m0")
	wantResult(t, p.answerTo(about(7, 0), within(3, 2*time.Hour)), 3, "x")

	// Other clocks, and those who have none, are as if nothing had been.
	wantResult(t, p.answerTo(about(8, 0), within(4, time.Minute)), 4, "x")
	wantResult(t, p.answerTo(within(5, time.Minute)), 5, "x")

	// So it is with calls that nobody answers.
	notify := within(0, 59*time.Minute)
	notify.Kind = wire.KindNotify
	p.send(echo, "", message(about(7, 0), notify))
	eventually(t, "a one-way call that waited for too long is counted", func() bool { return srv.Stats().Unheard == 1 })
	if got := srv.Stats(); got.Expired != 2 || got.Frozen != 0 {
		t.Errorf("%d calls are counted as expired, %d as frozen; want 2, 0", got.Expired, got.Frozen)
	}
	if got := probe.calls.Load(); got != 4 {
		t.Errorf("%d calls ran, want 4", got)
	}
}

func TestAHandlersDeadlineIsItsCallersHoweverLongTheMessageWaited(t *testing.T) {
	w, _, probe, _ := start(t, rpcserver.Config{})
	p := w.peer()
	wantResult(t, p.answerTo(about(7, hour), within(1, time.Minute)), 1, "x")
	call := callFrame(2)
	call.Time = wire.Milliseconds(3 * time.Hour)
	p.send("helium.call.probe.block", "a", message(about(7, 0), call))
	ctx := receive(t, "the handler", probe.entered)
	deadline, _ := ctx.Deadline()
	if left := time.Until(deadline); left > 2*time.Hour+time.Second || left < 2*time.Hour-patience {
		t.Errorf("a call with 3h left that waited for 1h runs with %v left, want 2h", left)
	}
	probe.releaseAll()
}

func TestOnlyTheFirstFrameAboutTheSenderCounts(t *testing.T) {
	w, _, _, _ := start(t, rpcserver.Config{})
	p := w.peer()
	wantResult(t, p.answerTo(about(7, hour), within(1, time.Minute)), 1, "x")
	wantResult(t, p.answerTo(about(7, hour), about(7, 0), within(2, time.Minute)), 2, "x")
	wantResult(t, p.answerTo(about(8, hour), about(9, hour), within(3, time.Minute)), 3, "x")
	wantResult(t, p.answerTo(about(9, 0), within(4, time.Minute)), 4, "x")
	wantError(t, p.answerTo(about(8, 0), within(5, time.Minute)), helium.ErrExpired)
}

func TestAReconnectOfTheServerHasItForgetNoClock(t *testing.T) {
	w := newWorld(t, broker.Config{})
	w.startBinder(binder.Config{})
	nc := w.conn()
	w.serveAs(nc, rpcserver.Config{Logger: quiet()})
	p := w.peer()
	wantResult(t, p.answerTo(about(7, hour), within(1, time.Minute)), 1, "x")
	wantError(t, p.answerTo(about(7, 0), within(2, time.Minute)), helium.ErrExpired)
	loopback.Reconnect(t, nc, p.nc)
	for range 3 {
		wantError(t, p.answerTo(about(7, 0), within(3, time.Minute)), helium.ErrExpired)
	}
	wantResult(t, p.answerTo(about(7, hour), within(4, time.Minute)), 4, "x")
}

func TestReadingsMayBeAnything(t *testing.T) {
	w, _, _, _ := start(t, rpcserver.Config{})
	p := w.peer()
	seq := uint64(0)
	for _, reading := range []uint64{1<<64 - 1, 0, 1 << 63, 1<<63 - 1, 1<<64 - 1, 1, hour} {
		seq++
		f := p.answerTo(about(7, reading), within(seq, time.Minute))
		if f.Kind == wire.KindError {
			wantError(t, f, helium.ErrExpired)
		} else {
			wantResult(t, f, seq, "x")
		}
		seq++
		wantResult(t, p.answerTo(about(seq, reading), within(seq, time.Minute)), seq, "x")
	}
}

// The NATS server's PONG tells that all has come that was sent meanwhile, also after a connection
// that was lost.
func TestAThawIsOverWhenAllHasComeThatWasSentMeanwhile(t *testing.T) {
	w := newWorld(t, broker.Config{})
	w.startBinder(binder.Config{})
	nc := w.conn()
	srv, _ := w.serveAs(nc, rpcserver.Config{Logger: quiet()})
	p := w.peer()
	clock := uint64(0)
	for range 3 {
		srv.StandStill(time.Hour)
		if clock == 2 {
			loopback.Reconnect(t, nc, p.nc)
		}
		clock++
		eventually(t, "a call of an unknown clock that has a minute left runs", func() bool {
			f := p.answerTo(about(clock, hour), within(1, time.Minute))
			if f.Kind == wire.KindReply {
				return true
			}
			wantError(t, f, helium.ErrFrozen)
			return false
		})
	}
	// Now their clocks are known.
	wantError(t, p.answerTo(about(clock, 0), within(1, time.Minute)), helium.ErrExpired)
}
