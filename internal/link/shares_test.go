package link

import (
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
)

// fleet is a registry of instances that have all methods.
type fleet []Peer

func (f fleet) Peers(string, string) []Peer { return f }
func (fleet) Silent(string, string, bool)   {}

// newTestFleet returns a dispatcher with a link to the instance "linked" of "math", and the method "add" of
// which messages are addressed to its other peers.
func newTestFleet(t *testing.T, peers ...Peer) (*Dispatcher, *nats.Conn, *Method) {
	t.Helper()
	d, nc := newTestDispatcher(t)
	d.links.registry = append(fleet{{Name: "linked"}}, peers...)
	addMemory(t, d).name = "linked"
	add := d.Endpoint("math", "").Method("add")
	waitAddressed(t, d, add)
	return d, nc, add
}

// waitAddressed waits until messages of a method are addressed.
func waitAddressed(t *testing.T, d *Dispatcher, to *Method) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); d.links.routed(to) == nil; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("after 10 s no message is addressed, want some to be")
		}
	}
}

// routed returns where some of many messages of a method would be addressed; nil: none would be.
func (l *links) routed(to *Method) *Endpoint {
	for range 1000 {
		if _, at := l.choose(to.Endpoint, to.Name, time.Time{}, false); at != nil {
			return at
		}
	}
	return nil
}

// sendAddressed sends calls until one is addressed, and returns that.
func sendAddressed(t *testing.T, d *Dispatcher, to *Method) (*Call, waitFor) {
	t.Helper()
	for range 1000 {
		c, w := send(t, d, to)
		var at *Method
		waits := false
		d.inFlight.show(c.seq, func(c *Call) { at, waits = c.at, true })
		if !waits { // it has ended already, as nobody listens where it went
			o := w.wait(t)
			w.ended <- o
			at = c.at
		}
		if at != nil {
			return c, w
		}
		d.Take(c)
	}
	t.Fatal("none of 1000 calls was addressed")
	return nil, waitFor{}
}

func TestEachInstanceHasItsShareAndTheQueueGroupThatOfTheRest(t *testing.T) {
	near, far, gone := Peer{Name: "near"}, Peer{Name: "far", Far: true}, Peer{Name: "gone", Away: true}
	for _, test := range []struct {
		peers                  []Peer // beside a linked one
		linked, addressed, any float64
	}{
		// Of the share of "near" one in 16 goes to the queue group, which is as even.
		{[]Peer{near}, 31.0 / 64, 31.0 / 64, 2.0 / 64},
		{[]Peer{near, far, gone}, 47.0 / 144, 47.0 / 144, 50.0 / 144},
	} {
		d, _, add := newTestFleet(t, test.peers...)
		const messages = 100_000
		var linked, addressed, any int
		for range messages {
			switch by, at := d.links.choose(add.Endpoint, "add", time.Time{}, false); {
			case by != d.links.bus.receiver:
				linked++
			case at == nil:
				any++
			case at.Instance != "near":
				t.Fatalf("a message is addressed to %q, want those alone to be that can be", at.Instance)
			default:
				addressed++
			}
		}
		for _, share := range []struct {
			what string
			got  int
			want float64
		}{{"to the linked instance", linked, test.linked}, {"to the one nearby", addressed, test.addressed}, {"to any", any, test.any}} {
			if got := float64(share.got) / messages; got < share.want-0.01 || got > share.want+0.01 { // 6 standard deviations
				t.Errorf("beside %d peers %.3f of the messages go %s, want %.3f", len(test.peers), got, share.what, share.want)
			}
		}
	}
}

func TestAMessageForWhoeverTakesItIsNotAddressed(t *testing.T) {
	d, nc, add := newTestFleet(t, Peer{Name: "i2"})
	sub, err := nc.SubscribeSync("helium.at.math.i2.add")
	if err != nil {
		t.Fatal(err)
	}
	for range 500 {
		c, _ := sendCall(t, d, &Call{To: add, Anyone: true})
		d.Take(c)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	if n, _, _ := sub.Pending(); n != 0 {
		t.Errorf("%d messages were addressed, want none", n)
	}
}

func TestACallThatFindsNobodyWhereItWasAddressedIsForAnyInstanceAndTheNextAreNotAddressedThere(t *testing.T) {
	d, _, add := newTestFleet(t, Peer{Name: "i2"})
	c, w := sendAddressed(t, d, add)
	if err := w.wait(t).err(); err != ErrMissed {
		t.Errorf("the call ended with %v, want %v", err, ErrMissed)
	}
	if at := c.Addressed(); at == nil || at.Subject != "helium.at.math.i2.add" {
		t.Errorf("the call says that it went to %+v, want to the method's subject at i2", at)
	}
	if at := d.links.routed(add); at != nil {
		t.Errorf("a message after that is addressed to %q, want none to be", at.Instance)
	}
	d.Remove((*d.links.others.Load())[0], errors.New("it is gone"))
	if _, w = sendCall(t, d, c); w.wait(t).err() != ErrNobody || c.Addressed() != nil {
		t.Errorf("sent again to anyone the call was addressed to %+v, want to nobody", c.Addressed())
	}
}

func TestWhatNATSRefusesWhereItWasAddressedIsForAnyInstanceAndNothingIsAddressedAfterIt(t *testing.T) {
	for _, test := range []struct {
		answered bool // a call before it was
		is       error
		outcome  helium.Outcome
	}{
		{false, ErrMissed, helium.NotExecuted},
		{true, helium.ErrNotPermitted, helium.Unknown}, // permissions changed meanwhile
	} {
		d, nc, add := newTestFleet(t, Peer{Name: "i2"})
		if _, err := nc.SubscribeSync("helium.at.math.i2.add"); err != nil {
			t.Fatal(err)
		}
		if test.answered {
			c, _ := sendAddressed(t, d, add)
			d.links.bus.Answered(c, nil)
			d.Take(c)
		}
		_, w := sendAddressed(t, d, add)
		d.links.bus.denials().refused("helium.at.math.i2.add")
		if err := w.wait(t).err(); !errors.Is(err, test.is) || helium.OutcomeOf(err) != test.outcome {
			t.Errorf("answered before: %v; the call ended with %v (%v), want %v (%v)", test.answered, err, helium.OutcomeOf(err), test.is, test.outcome)
		}
		if at := d.links.routed(add); at != nil {
			t.Errorf("answered before: %v; a message after that is addressed to %q, want none to be", test.answered, at.Instance)
		}
	}
}

func TestACancelOfACallThatWasAddressedGoesThereAlone(t *testing.T) {
	d, nc, add := newTestFleet(t, Peer{Name: "i2"})
	if _, err := nc.SubscribeSync("helium.at.math.i2.add"); err != nil {
		t.Fatal(err)
	}
	sub, err := nc.SubscribeSync("helium.ctl.>")
	if err != nil {
		t.Fatal(err)
	}
	c, _ := sendAddressed(t, d, add)
	if !d.Take(c) {
		t.Fatal("the call isn't in flight")
	}
	d.Cancel(c, []string{"linked", "i2", "i3"}, false)
	msg, err := sub.NextMsg(10 * time.Second)
	if err != nil || msg.Subject != "helium.ctl.math.i2" {
		t.Fatalf("a cancel went to %+v, %v; want to i2", msg, err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	if n, _, _ := sub.Pending(); n != 0 {
		t.Errorf("%d more cancels were sent, want none", n)
	}
}

func TestWhatMayBeAddressedIsFoundOutAnewByEachConnection(t *testing.T) {
	d, _, add := newTestFleet(t, Peer{Name: "i2"})
	d.links.bus.epoch.Add(1)
	if at := d.links.routed(add); at != nil {
		t.Errorf("by a new connection a message is addressed to %q before that was found out", at.Instance)
	}
	d.Told("math", always, nil)
	waitAddressed(t, d, add)
}

func TestTheVigilLooksForACallThatWasAddressedThereAlone(t *testing.T) {
	d, nc, add := newTestFleet(t, Peer{Name: "i2"})
	if _, err := nc.SubscribeSync("helium.at.math.i2.add"); err != nil {
		t.Fatal(err)
	}
	d.vigil.pace.going.Store(true) // the test takes the steps
	c, _ := sendAddressed(t, d, add)
	d.vigil.long(2)
	calls := d.vigil.long(2 + askAfter)
	if len(calls) != 1 {
		t.Fatalf("%d calls take long, want 1", len(calls))
	}
	d.vigil.peers = make(map[*Method][]suspect)
	if all := d.vigil.suspects(&calls[0]); len(all) != 1 || all[0].Name != "i2" {
		t.Errorf("%d instances may have the call, want i2 alone: %+v", len(all), all)
	}
	d.Take(c)
	d.vigil.noteOverdue(c)
	for at := range d.vigil.overdue.take() {
		if at.to.Endpoint.Instance != "i2" {
			t.Errorf("an overdue call may be at %q, want i2", at.to.Endpoint.Instance)
		}
	}
}
