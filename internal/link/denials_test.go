package link

import (
	"errors"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/wire"
)

// heard is a waiter for all that may come for a call.
type heard struct{ waitFor }

func (heard) Part(*wire.Frame) {}

// followed is a waiter for a stream.
type followed struct{ waitFor }

func (followed) Follow(*wire.Frame) {}

// denier is a dispatcher, and calls of which NATS refuses some.
type denier struct {
	*Dispatcher
	t *testing.T
}

func newDenier(t *testing.T) denier {
	t.Helper()
	d, nc := newTestDispatcher(t)
	if _, err := nc.SubscribeSync("helium.>"); err != nil { // nobody says that nobody listens
		t.Fatal(err)
	}
	return denier{d, t}
}

// send sends a call of a method of "math".
func (r denier) send(method string, waiter Waiter, alone bool) *Call {
	r.t.Helper()
	return r.sendTo("", method, waiter, alone)
}

// sendTo is send for a call of a single instance; "": of any.
func (r denier) sendTo(instance, method string, waiter Waiter, alone bool) *Call {
	r.t.Helper()
	c := &Call{To: r.Endpoint("math", instance).Method(method), Waiter: waiter, Deadline: time.Now().Add(time.Minute)}
	args := codec.NewWriter(make([]byte, wire.Room))
	args.ArrayHeader(0)
	if e := r.Send(c, &wire.Frame{Kind: wire.KindCall, Time: 60000, Body: args.Bytes()}, &args, alone); e != nil {
		r.t.Fatal(e)
	}
	return c
}

// come has a message come from an instance; "": it doesn't say from which.
func (r denier) come(instance string, f wire.Frame) {
	r.t.Helper()
	data := wire.AppendMessageHeader(nil)
	if instance != "" {
		data = wire.AppendFrame(data, &wire.Frame{Kind: wire.KindInstance, Body: []byte(instance)})
	}
	if err := r.links.bus.receiver.Receive(wire.AppendFrame(data, &f), 0); err != nil {
		r.t.Fatal(err)
	}
}

// wantRefused checks how a call ended.
func (r denier) wantRefused(what string, w waitFor, is error, outcome helium.Outcome) {
	r.t.Helper()
	if err := w.wait(r.t).err(); !errors.Is(err, is) || helium.OutcomeOf(err) != outcome {
		r.t.Errorf("%s ended with %v (%v), want %v (%v)", what, err, helium.OutcomeOf(err), is, outcome)
	}
}

func newWait() waitFor { return waitFor{make(chan outcome, 1)} }

// signs are what shows that an instance has a call before it is answered.
var signs = map[string]struct {
	waiter   func(waitFor) Waiter
	instance string
	frame    func(seq uint64) wire.Frame
}{
	"a heartbeat": {func(w waitFor) Waiter { return w }, "i1", func(seq uint64) wire.Frame {
		return wire.Frame{Kind: wire.KindRunning, Body: wire.AppendNumber(nil, seq)}
	}},
	"a heartbeat of nobody knows whom": {func(w waitFor) Waiter { return w }, "", func(seq uint64) wire.Frame {
		return wire.Frame{Kind: wire.KindRunning, Body: wire.AppendNumber(nil, seq)}
	}},
	"a part": {func(w waitFor) Waiter { return heard{w} }, "i1", func(seq uint64) wire.Frame {
		return wire.Frame{Kind: wire.KindChunkCredit, Seq: seq, Time: 1}
	}},
	"credit": {func(w waitFor) Waiter { return followed{w} }, "", func(seq uint64) wire.Frame {
		return wire.Frame{Kind: wire.KindCredit, Seq: seq, Body: wire.AppendCredit(nil, wire.Credit{})}
	}},
}

func TestACallThatAnInstanceHasIsNeverRefusedForCertainAndNeitherAreThoseBesideIt(t *testing.T) {
	for name, sign := range signs {
		for _, over := range []bool{false, true} {
			r := newDenier(t)
			running, beside, next := newWait(), newWait(), newWait()
			c := r.send("add", sign.waiter(running), true)
			r.come(sign.instance, sign.frame(c.Seq()))
			if over && !r.Take(c) {
				t.Fatalf("%s: the call isn't in flight", name)
			}
			r.send("add", beside, true)
			r.links.bus.denials().refused("helium.call.math.add")
			if !over {
				r.wantRefused(name+": the call", running, helium.ErrNotPermitted, helium.Unknown)
			}
			r.wantRefused(name+": the one beside it", beside, helium.ErrNotPermitted, helium.Unknown)
			r.send("add", next, true)
			r.links.bus.denials().refused("helium.call.math.add")
			r.wantRefused(name+": the next one", next, helium.ErrNotPermitted, helium.NotExecuted)
		}
	}
}

func TestACallThatAnInstanceHasIsntSentAgainOnItsMethodsOwnSubject(t *testing.T) {
	for name, sign := range signs {
		r := newDenier(t)
		running, other, later := newWait(), newWait(), newWait()
		shared := r.Endpoint("math", "").batcher
		shared.Cork() // so that both are in one message
		c := r.send("add", sign.waiter(running), false)
		r.send("sub", other, false)
		shared.Uncork()
		r.come(sign.instance, sign.frame(c.Seq()))
		r.send("add", later, true)
		r.links.bus.denials().refused("helium.call.math")
		r.wantRefused(name+": the call", running, helium.ErrNotPermitted, helium.Unknown)
		r.wantRefused(name+": the one in its message", other, helium.ErrNotPermitted, helium.Unknown)
		r.links.bus.denials().refused("helium.call.math.add") // of which nothing is known
		r.wantRefused(name+": the one on another subject", later, helium.ErrNotPermitted, helium.NotExecuted)
	}
}

func TestASignOfACallThatLeftLongAgoCountsForTheOthersOfItsSubject(t *testing.T) {
	r := newDenier(t)
	running, beside := newWait(), newWait()
	c := r.send("add", running, true)
	r.links.sent.leaving(c.left.In()+uint64(len(r.links.sent.slots)), 0, false) // so how this one left is forgotten
	r.come("i1", signs["a heartbeat"].frame(c.Seq()))
	r.send("add", beside, true)
	r.links.bus.denials().refused("helium.call.math.add")
	r.wantRefused("the call", running, helium.ErrNotPermitted, helium.Unknown)
	r.wantRefused("the one beside it", beside, helium.ErrNotPermitted, helium.Unknown)
}

func TestTheFirstRefusalOnASubjectOfWhichNothingCameIsCertain(t *testing.T) {
	r := newDenier(t)
	one, two := newWait(), newWait()
	r.send("add", one, true)
	r.send("add", two, true)
	r.links.bus.denials().refused("helium.call.math.add")
	r.wantRefused("the first", one, helium.ErrNotPermitted, helium.NotExecuted)
	r.wantRefused("the second", two, helium.ErrNotPermitted, helium.NotExecuted)
}

func TestACallWhoseResultWasAskedForOnARefusedControlSubjectIsOver(t *testing.T) {
	for name, at := range map[string]string{"any instance": "", "a named one": "i1"} {
		r := newDenier(t)
		asked, other := newWait(), newWait()
		c := r.sendTo(at, "add", heard{asked}, true)
		r.sendTo(at, "add", heard{other}, true)
		r.come("i1", wire.Frame{Kind: wire.KindLargeReply, Seq: c.Seq(), Body: wire.AppendExtent(nil, wire.ExtentOf([]byte("result")))})
		if e := r.AskForChunks(c, wire.AppendMessageHeader(nil)); e != nil {
			t.Fatal(e)
		}
		r.links.bus.denials().refused("helium.ctl.math.i2")
		r.links.bus.denials().refused("helium.ctl.math.i1")
		r.wantRefused(name+": the call", asked, helium.ErrNotPermitted, helium.Unknown)
		select {
		case got := <-other.ended:
			t.Errorf("%s: the call whose result nobody asked for ended with %v, want it to go on", name, got.err())
		default:
		}
	}
}

func TestOnceAControlSubjectIsRefusedTheNextStreamAsksAgainWhetherItIsPermitted(t *testing.T) {
	r := newDenier(t)
	came, err := r.links.bus.nc.SubscribeSync("helium.ctl.math.i1")
	if err != nil {
		t.Fatal(err)
	}
	asks := func() (n int) {
		t.Helper()
		if e := r.PermitsControl(t.Context(), r.Endpoint("math", "i1").Method("add"), ""); e != nil {
			t.Fatal(e)
		}
		n, _, err := came.Pending()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if first, second := asks(), asks(); first != 1 || second != 1 {
		t.Fatalf("it was asked %d times, then %d, want once", first, second)
	}
	open := newWait()
	r.sendTo("i1", "add", followed{open}, true)
	r.links.bus.denials().refused("helium.ctl.math.i1")
	r.wantRefused("the stream", open, helium.ErrNotPermitted, helium.Unknown)
	if again := asks(); again != 2 {
		t.Errorf("after the refusal it was asked %d times in all, want 2", again)
	}
}
