package link

import (
	"fmt"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// outcome waits for how a call ends.
type outcome struct {
	answers []wire.Frame
	errs    []*helium.Error
}

func (o *outcome) Arrive(f *wire.Frame, e *helium.Error) {
	o.answers = append(o.answers, *f)
	if e != nil {
		o.errs = append(o.errs, e)
	}
}

func (o *outcome) Fail(e *helium.Error) { o.errs = append(o.errs, e) }

func (o outcome) err() error {
	if len(o.errs) == 0 {
		return nil
	}
	return o.errs[0]
}

// waiting enters a call that left, or is to leave, in a message.
func waiting(t *inFlight, seq, message uint64) (*Call, *outcome) {
	o := new(outcome)
	c := &Call{seq: seq, Deadline: time.Now().Add(time.Hour), Waiter: o, To: new(Method)}
	c.message.Store(message)
	t.add(c)
	return c, o
}

func TestALostConnectionTakesTheCallsThatItHadTakenAndNoOthers(t *testing.T) {
	var table inFlight
	var sent sentLog
	r := &Receiver{id: 3, inFlight: &table, sent: &sent, counters: new(Counters)}
	left := make(map[string]*outcome)
	_, left["queued"] = waiting(&table, 1, 0)
	_, left["leaving"] = waiting(&table, 2, 1)
	_, taken := waiting(&table, 3, 2)
	_, left["taken by another link"] = waiting(&table, 4, 3)
	sent.leaving(1, 3, false)
	sent.leaving(2, 3, true)
	sent.taken(2)
	sent.leaving(3, 4, true)
	sent.taken(3)
	r.Lost()
	if err := taken.err(); err == nil || helium.OutcomeOf(err) != helium.Unknown {
		t.Errorf("the call that was taken ended with %v, want an error of unknown outcome", err)
	}
	for name, o := range left {
		if err := o.err(); err != nil {
			t.Errorf("the call that was %s ended with %v; want it left to who sends it", name, err)
		}
	}
	if n := table.count.Load(); n != 3 {
		t.Errorf("%d calls are in flight, want 3", n)
	}
}

func TestACancelThatFoundNobodyFailsNoCall(t *testing.T) {
	var table inFlight
	r := &Receiver{inFlight: &table, sent: new(sentLog), counters: new(Counters)}
	_, queued := waiting(&table, 1, 0)
	r.Nobody(messageID("_INBOX.abc.+0"))
	r.Nobody(messageID("_INBOX.abc.nothing"))
	if err := queued.err(); err != nil {
		t.Errorf("a call that hasn't left yet ended with %v, and could run all the same", err)
	}
}

func TestEachCallIsTakenOutOfTheTableOnce(t *testing.T) {
	var table inFlight
	for i := range uint64(200) {
		waiting(&table, i+1, i%4+1)
	}
	taken := table.takeIf(func(c *Call) bool { return c.message.Load() == 1 })
	for seq := range uint64(200) {
		if c := table.take(seq + 1); c != nil {
			taken = append(taken, c)
		}
		if table.take(seq+1) != nil {
			t.Fatal("a call was taken twice")
		}
	}
	if n := table.count.Load(); len(taken) != 200 || n != 0 {
		t.Errorf("%d calls were taken and %d are left, want 200 and 0", len(taken), n)
	}
}

func TestTheTableKnowsWhichDeadlineIsNext(t *testing.T) {
	var table inFlight
	now := time.Now()
	for i := range 300 {
		table.add(&Call{seq: uint64(i + 1), Deadline: now.Add(time.Duration(i-100) * time.Second)})
	}
	due, earliest := table.takeDue(now)
	if got, want := fmt.Sprint(len(due), earliest.Sub(now)), fmt.Sprint(101, time.Second); got != want {
		t.Errorf("due and next are %s, want %s", got, want)
	}
	due, earliest = table.takeDue(now.Add(time.Hour))
	if len(due) != 199 || !earliest.IsZero() {
		t.Errorf("%d are due later and the next is at %v, want 199 and none", len(due), earliest)
	}
}
