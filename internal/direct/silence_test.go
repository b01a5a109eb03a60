package direct

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium/internal/wire"
)

// probed is a link as a server probes it whose caller is by hand.
type probed struct {
	link   *serverLink
	caller *conn
	ended  chan struct{} // closed when nothing more is received
}

func newProbed(t *testing.T) *probed {
	ours, theirs := pipe()
	p := &probed{
		link:   &serverLink{conn: newConn(theirs), bye: make(chan struct{}), rests: make(chan struct{}), ended: func(error) {}},
		caller: newConn(ours), ended: make(chan struct{}),
	}
	t.Cleanup(p.caller.close)
	t.Cleanup(p.link.close)
	go func() {
		defer close(p.ended)
		for in, ok := p.link.Receive(); ok; in, ok = p.link.Receive() {
			in.Reached()
		}
	}()
	return p
}

// beat probes some times, and reports whether the link has ended.
func (p *probed) beat(n int, late bool) (ended bool) {
	for range n {
		time.Sleep(wire.HeartbeatInterval)
		p.link.Probe(late)
		synctest.Wait()
	}
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

func TestALinkOfAFrozenCallerEndsAfterFiveSecondsOfSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbed(t)
		if p.beat(20, true) {
			t.Fatal("a link is ended by a server that stood still itself")
		}
		if p.beat(9, false) {
			t.Fatal("a link is ended after four and a half seconds of silence")
		}
		for range 9 {
			if f := p.hear(t); f.kind != kindPing {
				t.Fatalf("a frame of kind %d came, want a ping in each beat", f.kind)
			}
		}
		if err := p.caller.write(&frame{kind: kindPong}, nil); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if p.beat(10, false) { // of which the first hears the pong
			t.Error("a link is ended whose caller has answered")
		}
		if !p.beat(1, false) {
			t.Error("a link whose caller has been silent for five seconds goes on")
		}
		p.beat(3, false) // calls with idempotency keys may go on
	})
}

// hear returns the next frame for the caller.
func (p *probed) hear(t *testing.T) (f frame) {
	t.Helper()
	if err := p.caller.reader.next(&f); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestACallerThatAnswersPingsHasTimeForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbed(t)
		go func() {
			for {
				var f frame
				if p.caller.reader.next(&f) != nil {
					return
				}
				if f.kind == kindPing {
					_ = p.caller.write(&frame{kind: kindPong, token: f.token}, nil)
				}
			}
		}()
		if p.beat(1000, false) {
			t.Error("a link is ended whose caller answers all pings")
		}
	})
}

func TestACallerThatReadsALargeAnswerSlowlyIsNotTakenForFrozenForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProbed(t)
		p.beat(1, false)
		const beats = 6 // for which it reads
		if err := p.link.write(&frame{kind: kindAnswers}, make([]byte, beats*slowest)); err != nil {
			t.Fatal(err)
		}
		if p.beat(callerBeats+beats-2, false) {
			t.Fatalf("a link is ended before an answer can be read that takes %d beats", beats)
		}
		go func() { _, _ = io.Copy(io.Discard, p.caller.socket) }()
		if err := p.caller.write(&frame{kind: kindPong}, nil); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if p.beat(callerBeats, false) || !p.beat(1, false) {
			t.Error("what was written before a sign of life counts after it")
		}
		q := newProbed(t)
		if err := q.link.write(&frame{kind: kindAnswers}, make([]byte, 1000*slowest)); err != nil {
			t.Fatal(err)
		}
		if q.beat(mostSilentBeats-1, false) || !q.beat(1, false) {
			t.Errorf("a link whose caller reads nothing isn't ended after %d beats", mostSilentBeats)
		}
	})
}
