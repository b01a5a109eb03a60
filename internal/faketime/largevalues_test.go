package faketime_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient"
)

// idle is an instance by hand of the service "idle". It says each half second that its calls run, and does with
// their large results what a test says.
type idle struct {
	nc       *nats.Conn
	canceled atomic.Int64
	ended    chan struct{}
	sending  sync.WaitGroup
}

const idleName = "idle1"

// idle adds such an instance. Deliver is called for each call: it announces a result and sends of it.
func (w *world) idle(deliver func(s *idle, reply string, seq uint64)) *idle {
	w.t.Helper()
	s := &idle{nc: w.connect("idle"), ended: make(chan struct{})}
	w.atEnd(s.sending.Wait)
	w.atEnd(func() { close(s.ended) })
	handle := func(m *nats.Msg) {
		frames, err := wire.ReadMessage(m.Data)
		for err == nil && frames.More() {
			var f wire.Frame
			if err = frames.Next(&f); err != nil {
				break
			}
			switch f.Kind {
			case wire.KindCancel:
				s.canceled.Add(1)
			case wire.KindCall:
				s.sending.Go(func() { deliver(s, m.Reply, f.Seq) })
				s.sending.Go(func() {
					for s.pause(500 * time.Millisecond) {
						s.send(m.Reply, wire.Frame{Kind: wire.KindRunning, Body: wire.AppendNumber(nil, f.Seq)})
					}
				})
			}
		}
	}
	for _, subject := range []string{"helium.call.idle.>", "helium.at.idle." + idleName + ".>", "helium.ctl.idle." + idleName} {
		w.subscribe(s.nc, subject, "", handle)
	}
	w.know(binder.Record{Service: "idle", Instance: idleName, Abilities: uint64(wire.Heartbeats | wire.Chunks), Methods: []binder.Method{
		{Name: "get", Signature: "get() bytes"}, {Name: "again", Signature: "again() bytes", Idempotent: true},
	}})
	return s
}

// pause reports false if the test is over meanwhile.
func (s *idle) pause(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-s.ended:
		return false
	}
}

func (s *idle) send(reply string, f wire.Frame) {
	about := wire.Frame{Kind: wire.KindInstance, Body: []byte(idleName), Abilities: wire.Heartbeats | wire.Chunks}
	_ = s.nc.Publish(reply, wire.AppendFrame(wire.AppendFrame(wire.AppendMessageHeader(nil), &about), &f))
}

func (s *idle) announce(reply string, seq uint64, value []byte) {
	s.send(reply, wire.Frame{Kind: wire.KindLargeReply, Seq: seq, Body: wire.AppendExtent(nil, wire.ExtentOf(value))})
}

func TestALargeResultWithWhichItsInstanceDoesNotGoOnIsGivenUpThoughThatIsHeard(t *testing.T) {
	value := msgpack.AppendBytes(nil, make([]byte, 2<<20))
	inSteps := func(most, step int, each time.Duration) func(s *idle, reply string, seq uint64) {
		return func(s *idle, reply string, seq uint64) {
			s.announce(reply, seq, value)
			for at := 0; at < min(most, len(value)) && s.pause(each); at += step {
				s.send(reply, wire.Frame{Kind: wire.KindChunk, Seq: seq, Time: uint64(at), Body: value[at:min(at+step, len(value))]})
			}
		}
	}
	for name, test := range map[string]struct {
		deliver     func(s *idle, reply string, seq uint64)
		least, most time.Duration // until it is given up; 0: it arrives
	}{
		"nothing of it comes":       {inSteps(0, 0, 0), chunks.Stall, chunks.Stall + time.Second},
		"it ends in the middle":     {inSteps(512<<10, 128<<10, time.Second), 4*time.Second + chunks.Stall, 5*time.Second + chunks.Stall},
		"a bit comes now and then":  {inSteps(len(value), 1<<10, time.Second), chunks.Stall, chunks.Stall + time.Second},
		"enough comes, all in time": {inSteps(len(value), chunks.Headway, chunks.Stall-time.Second), 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(w *world) {
				s := w.idle(test.deliver)
				c := w.client(rpcclient.Config{})
				ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
				defer cancel()
				began := time.Now()
				got, err := rpcclient.Call[[]byte](ctx, c, "idle.get")
				took := time.Since(began)
				synctest.Wait()
				if test.most == 0 {
					if len(got) != 2<<20 || err != nil {
						t.Errorf("%d bytes came, %v; want %d", len(got), err, 2<<20)
					}
					return
				}
				if !errors.Is(err, helium.ErrSilent) || helium.OutcomeOf(err) != helium.Executed || !strings.Contains(err.Error(), "hardly anything of it has come") {
					t.Errorf("it ended with %v (%v), want ErrSilent, executed, that says what didn't come", err, helium.OutcomeOf(err))
				}
				if took < test.least || took > test.most {
					t.Errorf("it was given up after %v, want %v to %v", took, test.least, test.most)
				}
				if n, taken := s.canceled.Load(), chunks.Taken(); n == 0 || taken != 0 || c.Stats().InFlight != 0 {
					t.Errorf("its instance got %d cancels, %d bytes are kept, and %d calls in flight; want it to be told, and none", n, taken, c.Stats().InFlight)
				}
			})
		})
	}
}

func TestLargeResultsWithWhichTheirInstanceDoesNotGoOnKeepNoTurnsOfOthers(t *testing.T) {
	inFakeTime(t, func(w *world) {
		value := msgpack.AppendBytes(nil, make([]byte, 2<<20))
		w.idle(func(s *idle, reply string, seq uint64) { s.announce(reply, seq, value) })
		c := w.client(rpcclient.Config{})
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		began := time.Now()
		var all sync.WaitGroup
		for range chunks.AtOnce + 1 {
			all.Go(func() {
				if _, err := rpcclient.Call[[]byte](ctx, c, "idle.get"); !errors.Is(err, helium.ErrSilent) {
					t.Errorf("it ended with %v, want ErrSilent", err)
				}
			})
			synctest.Wait()
		}
		all.Wait()
		if took := time.Since(began); took < 2*chunks.Stall || took > 2*chunks.Stall+time.Second {
			t.Errorf("one that waited for its turn was over after %v, want %v", took, 2*chunks.Stall)
		}
	})
}

func TestALargeResultWithWhichItsInstanceDoesNotGoOnIsMadeAgainIfThatDoesNoHarm(t *testing.T) {
	inFakeTime(t, func(w *world) {
		value := msgpack.AppendBytes(nil, make([]byte, 2<<20))
		var calls atomic.Int64
		w.idle(func(s *idle, reply string, seq uint64) {
			if calls.Add(1) == 1 {
				s.announce(reply, seq, value)
				return
			}
			s.send(reply, wire.Frame{Kind: wire.KindReply, Seq: seq, Body: msgpack.AppendBytes(nil, []byte("small"))})
		})
		c := w.client(rpcclient.Config{})
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		got, err := rpcclient.Call[[]byte](ctx, c, "idle.again")
		if string(got) != "small" || err != nil || calls.Load() != 2 {
			t.Errorf("it ended with %q, %v after %d calls; want the result of a second one", got, err, calls.Load())
		}
	})
}
