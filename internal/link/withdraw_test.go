package link

import (
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/wire"
)

// frozen is a link whose first Send doesn't return until it thaws.
type frozen struct {
	memory
	began, thaw chan struct{}
}

func (l *frozen) Send(to *Endpoint, m *batch.Message) *helium.Error {
	select {
	case l.began <- struct{}{}:
	default:
	}
	<-l.thaw
	return l.memory.Send(to, m)
}

// freeze adds such a link, with a call that hangs in it.
func freeze(t *testing.T, d *Dispatcher) *frozen {
	t.Helper()
	l := &frozen{memory: memory{reaches: func(to *Endpoint, _ string) bool { return to.Service == "math" }}, began: make(chan struct{}, 1), thaw: make(chan struct{})}
	l.receiver = d.Add(l)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		sendUntil(d, d.Endpoint("math", "").Method("add"), time.Now().Add(time.Minute))
	}()
	<-l.began
	t.Cleanup(func() { <-sent })
	return l
}

func sendUntil(d *Dispatcher, to *Method, deadline time.Time) (*Call, waitFor) {
	w := waitFor{make(chan outcome, 1)}
	c := &Call{To: to, Deadline: deadline, Waiter: w}
	args := codec.NewWriter(make([]byte, wire.Room))
	args.ArrayHeader(0)
	_ = d.Send(c, &wire.Frame{Kind: wire.KindCall, Time: 60000, Body: args.Bytes()}, &args, false)
	return c, w
}

// sentCalls returns how many calls the link has taken.
func (l *frozen) sentCalls(t *testing.T) (calls int) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, data := range l.messages {
		frames, err := wire.ReadMessage(data)
		for err == nil && frames.More() {
			var f wire.Frame
			if err = frames.Next(&f); err == nil && f.Kind == wire.KindCall {
				calls++
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return calls
}

func TestCallsBehindAMessageThatHangsEndAtTheirDeadlinesAndDontLeaveAfterwards(t *testing.T) {
	d, _ := newTestDispatcher(t)
	l := freeze(t, d)
	to := d.Endpoint("math", "").Method("add")
	var waiting []waitFor
	for range 20 {
		_, w := sendUntil(d, to, time.Now().Add(20*time.Millisecond))
		waiting = append(waiting, w)
	}
	_, stays := sendUntil(d, to, time.Now().Add(time.Minute))
	for _, w := range waiting {
		if err := w.wait(t).err(); err != ErrTooLate {
			t.Errorf("a call behind the message ended with %v, want that it wasn't sent", err)
		}
	}
	close(l.thaw)
	eventually(t, "the link has taken what is left", func() bool { return l.sentCalls(t) == 2 })
	l.answer(t)
	if err := stays.wait(t).err(); err != nil {
		t.Errorf("the call that still had time ended with %v", err)
	}
	if n := l.sentCalls(t); n != 0 {
		t.Errorf("%d more calls left, want none", n)
	}
}

func TestACallThatIsGivenUpInTheQueueIsWithdrawnAndOneThatMayHaveLeftIsnt(t *testing.T) {
	d, _ := newTestDispatcher(t)
	l := freeze(t, d)
	to := d.Endpoint("math", "").Method("add")
	behind, _ := sendUntil(d, to, time.Now().Add(time.Minute))
	if !d.Take(behind) || !d.Withdraw(behind) {
		t.Error("a call in the queue can't be withdrawn")
	}
	close(l.thaw)
	eventually(t, "the link has taken the first call", func() bool { return l.sentCalls(t) == 1 })
	gone, _ := send(t, d, to)
	if !d.Take(gone) || d.Withdraw(gone) {
		t.Error("a call that has left was withdrawn")
	}
}

func TestACloseTellsCallsThatHaventLeftThatTheyDidntRun(t *testing.T) {
	d, _ := newTestDispatcher(t)
	l := freeze(t, d)
	_, w := sendUntil(d, d.Endpoint("math", "").Method("add"), time.Now().Add(time.Minute))
	d.Close()
	if err := w.wait(t).err(); helium.OutcomeOf(err) != helium.NotExecuted {
		t.Errorf("it ended with %v, %v; want that it wasn't executed", err, helium.OutcomeOf(err))
	}
	close(l.thaw)
}

func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("still not so after 10 s: %s", what)
		}
	}
}
