package link

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/wire"
)

// memory is a link to an instance in the same program: it answers each call with its
// arguments, once it is told to go on. It is what a second kind of link has to be.
type memory struct {
	reaches  func(to *Endpoint, method string) bool
	refuses  *helium.Error // of Send
	receiver *Receiver
	name     string // of the instance; "": it leads to several

	mu       sync.Mutex
	messages [][]byte // guarded by mu; taken and not answered
	tokens   []uint64 // guarded by mu; theirs
	canceled []uint64 // guarded by mu
	answered int      // guarded by mu
	told     [][]byte // guarded by mu; about calls in flight
	closed   bool     // guarded by mu
}

func (l *memory) Reaches(to *Endpoint, method string) bool { return l.reaches(to, method) }

func (l *memory) Instance() string { return l.name }

func (l *memory) Send(_ *Endpoint, m *batch.Message) *helium.Error {
	if l.refuses != nil {
		return l.refuses
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.messages, l.tokens = append(l.messages, slices.Clone(m.Data)), append(l.tokens, m.Token)
	return nil
}

func (l *memory) Received(*Call) {}

func (l *memory) Answered(*Call, *helium.Error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answered++
}

func (l *memory) Cancel(c *Call, _ []string, _ bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.canceled = append(l.canceled, c.seq)
}

func (l *memory) Control(_ *Call, _ string, _ uint64, data []byte) *helium.Error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.told = append(l.told, slices.Clone(data))
	return nil
}

func (l *memory) Beat(busy, late bool) {}

func (l *memory) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
}

// answer answers all that was taken, each message of calls with one of answers.
func (l *memory) answer(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	messages, tokens := l.messages, l.tokens
	l.messages, l.tokens = nil, nil
	l.mu.Unlock()
	for i, data := range messages {
		reply := wire.AppendMessageHeader(nil)
		frames, err := wire.ReadMessage(data)
		for err == nil && frames.More() {
			var f wire.Frame
			if err = frames.Next(&f); err == nil && f.Kind == wire.KindCall {
				reply = wire.AppendFrame(reply, &wire.Frame{Kind: wire.KindReply, Seq: f.Seq, Time: 3, Body: f.Body})
			}
		}
		if err == nil {
			err = l.receiver.Receive(reply, tokens[i])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// taken returns how many messages the link has taken and not answered.
func (l *memory) taken() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.messages)
}

// newTestDispatcher returns a dispatcher on a broker that nobody else is on.
func newTestDispatcher(t *testing.T) (*Dispatcher, *nats.Conn) {
	t.Helper()
	return newTestDispatcherThatLogs(t, slog.DiscardHandler)
}

func newTestDispatcherThatLogs(t *testing.T, log slog.Handler) (*Dispatcher, *nats.Conn) {
	t.Helper()
	b, err := broker.Start(t.Context(), broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	nc, err := b.Connect("caller")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	subjects, _ := wire.NewSubjects("")
	d := NewDispatcher(nc, subjects, slog.New(log))
	events := Events{Refused: func(string) {}, Reconnected: func() {}}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := d.Open(ctx, events, func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !d.Closed() {
			d.Close()
		}
	})
	return d, nc
}

// addMemory adds a link that reaches all instances of "math".
func addMemory(t *testing.T, d *Dispatcher) *memory {
	t.Helper()
	l := &memory{reaches: func(to *Endpoint, _ string) bool { return to.Service == "math" }}
	if l.receiver = d.Add(l); l.receiver == nil {
		t.Fatal("the dispatcher takes no second link")
	}
	return l
}

// waitFor waits for the one thing that a call gets.
type waitFor struct{ ended chan outcome }

func (w waitFor) Arrive(f *wire.Frame, e *helium.Error) {
	o := outcome{answers: []wire.Frame{*f}}
	if e != nil {
		o.errs = append(o.errs, e)
	}
	w.ended <- o
}

func (w waitFor) Fail(e *helium.Error) { w.ended <- outcome{errs: []*helium.Error{e}} }

func (w waitFor) wait(t *testing.T) outcome {
	t.Helper()
	select {
	case o := <-w.ended:
		return o
	case <-time.After(10 * time.Second):
		t.Fatal("the call hasn't ended after 10 s")
		return outcome{}
	}
}

// send sends a call of a method.
func send(t *testing.T, d *Dispatcher, to *Method) (*Call, waitFor) {
	t.Helper()
	return sendCall(t, d, &Call{To: to})
}

// sendCall sends a call that says where it goes.
func sendCall(t *testing.T, d *Dispatcher, c *Call) (*Call, waitFor) {
	t.Helper()
	w := waitFor{make(chan outcome, 1)}
	c.Deadline, c.Waiter = time.Now().Add(time.Minute), w
	args := codec.NewWriter(make([]byte, wire.Room))
	args.ArrayHeader(0)
	if e := d.Send(c, &wire.Frame{Kind: wire.KindCall, Time: 60000, Body: args.Bytes()}, &args, false); e != nil {
		t.Fatal(e)
	}
	return c, w
}

func TestMessagesGoByASecondLinkWhereItReaches(t *testing.T) {
	d, _ := newTestDispatcher(t)
	l := addMemory(t, d)
	_, w := send(t, d, d.Endpoint("math", "").Method("add"))
	l.answer(t)
	if o := w.wait(t); o.err() != nil || len(o.answers) != 1 || o.answers[0].Kind != wire.KindReply {
		t.Errorf("the call ended with %v, want its answer", o)
	}
	if l.answered != 1 {
		t.Errorf("the link was told of %d answered calls, want 1", l.answered)
	}
	_, w = send(t, d, d.Endpoint("text", "").Method("upper"))
	if err := w.wait(t).err(); err != ErrNobody {
		t.Errorf("a call to a service that the link doesn't reach ended with %v, want the bus to say that nobody listens", err)
	}
}

func TestWhatALinkDoesNotTakeGoesByTheBus(t *testing.T) {
	d, _ := newTestDispatcher(t)
	l := addMemory(t, d)
	l.refuses = helium.ErrNotSent.WithOutcome(helium.NotExecuted)
	_, w := send(t, d, d.Endpoint("math", "").Method("add"))
	if err := w.wait(t).err(); err != ErrNobody {
		t.Errorf("the call ended with %v, want the bus to say that nobody listens", err)
	}
	l.refuses = helium.ErrDisconnected.WithOutcome(helium.Unknown)
	_, w = send(t, d, d.Endpoint("math", "").Method("add"))
	if err := w.wait(t).err(); helium.OutcomeOf(err) != helium.Unknown {
		t.Errorf("a call that may have left ended with %v, want it made once and its outcome unknown", err)
	}
}

func TestTheLossOfALinkFailsItsCallsAndNoOthers(t *testing.T) {
	d, nc := newTestDispatcher(t)
	l := addMemory(t, d)
	sub, err := nc.SubscribeSync("helium.call.text.upper")
	if err != nil {
		t.Fatal(err)
	}
	byBus, busWaits := send(t, d, d.Endpoint("text", "").Method("upper"))
	_, linkWaits := send(t, d, d.Endpoint("math", "").Method("add"))
	if _, err := sub.NextMsg(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	d.Remove(l.receiver, errors.New("it is gone"))
	if err := linkWaits.wait(t).err(); err == nil || helium.OutcomeOf(err) != helium.Unknown {
		t.Errorf("the call by the link ended with %v, want an unknown outcome", err)
	}
	if len(busWaits.ended) > 0 || !d.Take(byBus) {
		t.Error("the call by the bus ended with the link; want it to go on")
	}
	_, w := send(t, d, d.Endpoint("math", "").Method("add"))
	if err := w.wait(t).err(); err != ErrNobody {
		t.Errorf("the next call ended with %v, want it to go by the bus", err)
	}
}

func TestACancelGoesByTheLinkThatHasTheCall(t *testing.T) {
	d, nc := newTestDispatcher(t)
	l := addMemory(t, d)
	sub, err := nc.SubscribeSync("helium.ctl.>")
	if err != nil {
		t.Fatal(err)
	}
	byLink, _ := send(t, d, d.Endpoint("math", "").Method("add"))
	if !d.Take(byLink) {
		t.Fatal("the call isn't in flight")
	}
	d.Cancel(byLink, []string{"i1", "i2"}, false)
	if len(l.canceled) != 1 || l.canceled[0] != byLink.seq {
		t.Errorf("the link was told of cancels %v, want of call %d", l.canceled, byLink.seq)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	if n, _, _ := sub.Pending(); n != 0 {
		t.Errorf("%d cancels went by the bus, want none", n)
	}
}

func TestOfTwoLinksTheOneWithLessExpectedWorkIsTaken(t *testing.T) {
	d, _ := newTestDispatcher(t)
	stuck, quick := addMemory(t, d), addMemory(t, d)
	const calls = 20
	for range calls {
		send(t, d, d.Endpoint("math", "").Method("add"))
		quick.answer(t)
	}
	// The stuck one gets a call while both are idle, and none as long as it has that.
	if n := stuck.taken(); n > 1 {
		t.Errorf("a link that doesn't answer took %d of %d calls, want one at most", n, calls)
	}
	if n := quick.receiver.carrier.inFlight.Load(); n != 0 {
		t.Errorf("the link that has answered all has %d calls in flight, want 0", n)
	}
}

func TestAMethodGoesByTheLinksThatHaveIt(t *testing.T) {
	d, _ := newTestDispatcher(t)
	l := addMemory(t, d)
	l.reaches = func(_ *Endpoint, method string) bool { return method != "sub" }
	send(t, d, d.Endpoint("math", "").Method("add"))
	_, w := send(t, d, d.Endpoint("math", "").Method("sub"))
	if err := w.wait(t).err(); err != ErrNobody || l.taken() != 1 {
		t.Errorf("a call of the method that the link lacks ended with %v, and the link took %d messages; want the bus to say that nobody listens, and 1", err, l.taken())
	}
}

func TestASubjectThatNATSRefusesConcernsNoCallByAnotherLink(t *testing.T) {
	d, _ := newTestDispatcher(t)
	l := addMemory(t, d)
	c, w := send(t, d, d.Endpoint("math", "").Method("add"))
	d.links.bus.denials().refused(c.To.Subject)
	d.links.bus.denials().refused(c.To.Endpoint.subject)
	l.answer(t)
	if o := w.wait(t); o.err() != nil {
		t.Errorf("the call by the link ended with %v, want its answer", o.err())
	}
}

func TestARemovedLinkTakesNoMessageThatWasAboutToLeaveByIt(t *testing.T) {
	d, _ := newTestDispatcher(t)
	l := addMemory(t, d)
	l.reaches = func(*Endpoint, string) bool { // it breaks as it is chosen
		d.Remove(l.receiver, errors.New("it is gone"))
		return true
	}
	_, w := send(t, d, d.Endpoint("math", "").Method("add"))
	if err := w.wait(t).err(); err != ErrNobody || l.taken() != 0 {
		t.Errorf("the call ended with %v, and the link took %d messages; want it to go by the bus, and 0", err, l.taken())
	}
}

func TestCloseFailsTheCallsOfAllLinksAndClosesThem(t *testing.T) {
	d, _ := newTestDispatcher(t)
	l := addMemory(t, d)
	_, w := send(t, d, d.Endpoint("math", "").Method("add"))
	d.Close()
	if err := w.wait(t).err(); err == nil || helium.OutcomeOf(err) != helium.Unknown {
		t.Errorf("the call in flight ended with %v, want an unknown outcome", err)
	}
	if !l.closed {
		t.Error("the link wasn't closed")
	}
	c := &Call{To: d.Endpoint("math", "").Method("add"), Deadline: time.Now().Add(time.Minute), Waiter: new(outcome)}
	args := codec.NewWriter(make([]byte, wire.Room))
	if e := d.Send(c, &wire.Frame{Kind: wire.KindCall}, &args, false); e == nil || e.Outcome != helium.NotExecuted {
		t.Errorf("a call after Close ended with %v, want it not executed", e)
	}
	if n := d.InFlight(); n != 0 {
		t.Errorf("%d calls are in flight, want none", n)
	}
	if d.Add(l) != nil {
		t.Error("a closed dispatcher takes another link")
	}
}
