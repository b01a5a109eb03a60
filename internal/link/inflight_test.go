package link

import (
	"fmt"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/batch"
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
func waiting(t *inFlight, by *carrier, seq, message uint64) (*Call, *outcome) {
	o := new(outcome)
	c := &Call{seq: seq, Deadline: time.Now().Add(time.Hour), Waiter: o, To: &Method{Endpoint: new(Endpoint)}, by: by, batcher: batch.New(nil, nil, func(*batch.Message) {})}
	c.left.Set(message, message)
	t.add(c)
	t.count.Add(1)
	return c, o
}

func TestALostConnectionTakesTheCallsThatItHadTakenAndNoOthers(t *testing.T) {
	var table inFlight
	var sent sentLog
	r := &Receiver{carrier: new(carrier), inFlight: &table, sent: &sent, counters: new(Counters)}
	left := make(map[string]*outcome)
	_, left["queued"] = waiting(&table, r.carrier, 1, 0)
	_, left["leaving"] = waiting(&table, r.carrier, 2, 1)
	_, taken := waiting(&table, r.carrier, 3, 2)
	_, left["taken by another link"] = waiting(&table, new(carrier), 4, 3)
	_, left["taken by another link long ago"] = waiting(&table, new(carrier), 5, 4)
	sent.leaving(1, 0, false)
	sent.leaving(2, 0, true)
	sent.taken(2)
	sent.leaving(3, 0, true)
	sent.taken(3)
	sent.leaving(4+uint64(len(sent.slots)), 0, true) // nothing is remembered of message 4
	r.Lost()
	if err := taken.err(); err == nil || helium.OutcomeOf(err) != helium.Unknown {
		t.Errorf("the call that was taken ended with %v, want an error of unknown outcome", err)
	}
	for name, o := range left {
		if err := o.err(); err != nil {
			t.Errorf("the call that was %s ended with %v; want it left to who sends it", name, err)
		}
	}
	if n := table.count.Load(); n != 4 {
		t.Errorf("%d calls are in flight, want 4", n)
	}
}

func TestACancelThatFoundNobodyFailsNoCall(t *testing.T) {
	var table inFlight
	r := &Receiver{inFlight: &table, manifests: &manifests{inFlight: &table}, sent: new(sentLog), counters: new(Counters)}
	_, queued := waiting(&table, new(carrier), 1, 0)
	r.Nobody(tokenOf("_INBOX.abc.+0"))
	r.Nobody(tokenOf("_INBOX.abc.nothing"))
	if err := queued.err(); err != nil {
		t.Errorf("a call that hasn't left yet ended with %v, and could run all the same", err)
	}
}

func TestEachCallIsTakenOutOfTheTableOnce(t *testing.T) {
	var table inFlight
	for i := range uint64(200) {
		waiting(&table, new(carrier), i+1, i%4+1)
	}
	taken := table.takeIf(func(c *Call) bool { return c.left.In() == 1 })
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

func TestACallIsShownAnswersWithoutLeavingTheTable(t *testing.T) {
	var table inFlight
	c, o := waiting(&table, new(carrier), 7, 1)
	for range 3 {
		table.show(7, func(c *Call) { c.Waiter.Arrive(&wire.Frame{Kind: wire.KindReply, Seq: 7}, nil) })
	}
	if n := table.count.Load(); len(o.answers) != 3 || n != 1 {
		t.Errorf("%d answers arrived and %d calls are in flight, want 3 and 1", len(o.answers), n)
	}
	if table.take(7) != c {
		t.Fatal("the call can't be taken after the answers")
	}
	table.show(7, func(*Call) { t.Error("a call that is over is shown") })
}

func TestALinkIsLoadedWithItsCallsUntilTheyAreOver(t *testing.T) {
	var table inFlight
	first, second := new(carrier), new(carrier)
	for i := range uint64(4) {
		waiting(&table, first, i+1, i+1)
		table.show(i+1, func(c *Call) { c.leavesBy(first) })
	}
	table.show(4, func(c *Call) { c.leavesBy(second) }) // the first didn't take it
	if a, b := first.inFlight.Load(), second.inFlight.Load(); a != 3 || b != 1 {
		t.Errorf("the links have %d and %d calls, want 3 and 1", a, b)
	}
	table.take(1)
	table.takeOf([]uint64{1, 2, 3}, func(c *Call) bool { return c.left.In() == 2 })
	table.expire(time.Now().Add(2*time.Hour), func(*Call) {})
	if a, b := first.inFlight.Load(), second.inFlight.Load(); a != 0 || b != 0 {
		t.Errorf("once all calls are over the links have %d and %d, want 0", a, b)
	}
}
