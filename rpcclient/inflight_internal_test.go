package rpcclient

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/link"
)

// waiting enters a call that left, or is to leave, in a message.
func (c *core) waiting(message uint64) *Invocation {
	call := invocationPool.New().(*Invocation)
	call.seq, call.deadline = c.nextSeq(), time.Now().Add(time.Hour)
	s := &service{core: c, name: "math"}
	call.method = &Method{client: &Client{core: c}, service: s, name: "add"}
	call.message.Store(message)
	c.inflight.add(call)
	return call
}

func ended(call *Invocation) error {
	select {
	case <-call.done:
		return call.err
	default:
		return nil
	}
}

func TestALostConnectionTakesTheCallsThatItHadTakenAndNoOthers(t *testing.T) {
	c := &core{inflight: new(inflight)}
	queued, leaving, taken := c.waiting(0), c.waiting(1), c.waiting(2)
	c.sent.leaving(1, false)
	c.sent.leaving(2, true)
	c.sent.taken(2)
	c.lost()
	if err := ended(taken); err == nil || helium.OutcomeOf(err) != helium.Unknown {
		t.Errorf("the call that was taken ended with %v, want an error of unknown outcome", err)
	}
	for name, call := range map[string]*Invocation{"queued": queued, "leaving": leaving} {
		if err := ended(call); err != nil {
			t.Errorf("the call that was %s ended with %v; want it left to who sends it", name, err)
		}
	}
	if n := c.inflight.count.Load(); n != 2 {
		t.Errorf("%d calls are in flight, want 2", n)
	}
}

func TestACallThatOvertakesCloseIsNotSent(t *testing.T) {
	c := &core{inflight: new(inflight), deadlines: link.NewSweep(func(time.Time) time.Time { return time.Time{} })}
	call := c.waiting(0)
	c.inflight.take(call.seq)
	c.closed.Store(true) // since the call was found ready
	e := c.attempt(t.Context(), call, &way{path: &path{destination: &destination{core: c}}}, time.Now(), time.Now().Add(time.Hour))
	if !errors.Is(e, helium.ErrClientClosed) || e.Outcome != helium.NotExecuted {
		t.Errorf("the attempt ended with %v (%v), want helium.ErrClientClosed, not executed", e, e.Outcome)
	}
	if n := c.inflight.count.Load(); n != 0 {
		t.Errorf("%d calls are in flight, want none", n)
	}
	c.deadlines.Stop()
}

func TestACancelThatFoundNobodyFailsNoCall(t *testing.T) {
	c := &core{inflight: new(inflight)}
	queued := c.waiting(0)
	c.failNobody(messageID("_INBOX.abc.+0"))
	c.failMessage(messageID("_INBOX.abc.nothing"), helium.ErrNoInstance)
	if err := ended(queued); err != nil {
		t.Errorf("a call that hasn't left yet ended with %v, and could run all the same", err)
	}
}

func TestEachCallIsTakenOutOfTheTableOnce(t *testing.T) {
	c := &core{inflight: new(inflight)}
	calls := make(map[uint64]*Invocation)
	for i := range 200 {
		call := c.waiting(uint64(i%4 + 1))
		calls[call.seq] = call
	}
	taken := c.inflight.takeIf(func(call *Invocation) bool { return call.message.Load() == 1 })
	for seq := range calls {
		if call := c.inflight.take(seq); call != nil {
			taken = append(taken, call)
		}
		if c.inflight.take(seq) != nil {
			t.Fatal("a call was taken twice")
		}
	}
	if n := c.inflight.count.Load(); len(taken) != 200 || n != 0 {
		t.Errorf("%d calls were taken and %d are left, want 200 and 0", len(taken), n)
	}
}

func TestTheTableKnowsWhichDeadlineIsNext(t *testing.T) {
	c := &core{inflight: new(inflight)}
	now := time.Now()
	for i := range 300 {
		call := c.waiting(1)
		c.inflight.take(call.seq)
		call.deadline = now.Add(time.Duration(i-100) * time.Second)
		c.inflight.add(call)
	}
	due, earliest := c.inflight.takeDue(now)
	if got, want := fmt.Sprint(len(due), earliest.Sub(now)), fmt.Sprint(101, time.Second); got != want {
		t.Errorf("due and next are %s, want %s", got, want)
	}
	due, earliest = c.inflight.takeDue(now.Add(time.Hour))
	if len(due) != 199 || !earliest.IsZero() {
		t.Errorf("%d are due later and the next is at %v, want 199 and none", len(due), earliest)
	}
}

func TestNoDeadlineIsFurtherAwayThanServersTake(t *testing.T) {
	c := &core{config: Config{Timeout: time.Second}}
	now := time.Now()
	for at, want := range map[time.Time]time.Time{
		time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC): now.Add(longest),
		now.Add(time.Hour):                          now.Add(time.Hour),
		now.Add(-time.Hour):                         now.Add(-time.Hour),
	} {
		ctx, cancel := context.WithDeadline(t.Context(), at)
		if got := c.deadline(ctx, now); !got.Equal(want) {
			t.Errorf("with a context until %v, a call has until %v, want %v", at, got, want)
		}
		cancel()
	}
	if got := c.deadline(context.Background(), now); !got.Equal(now.Add(time.Second)) {
		t.Errorf("without a deadline, a call has until %v, want the client's timeout", got)
	}
}
