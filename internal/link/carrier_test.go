package link

import (
	"testing"
	"time"
)

func TestALinkThatTakesLongerIsExpectedToUntilThatIsLongAgo(t *testing.T) {
	quick, slow := new(carrier), new(carrier)
	now := time.Now()
	slow.leaves(now.Add(-time.Second), []uint64{1, 2})
	quick.leaves(now.Add(-time.Millisecond), []uint64{3})
	if a, b := quick.load(now), slow.load(now); b < time.Second || a >= time.Second {
		t.Errorf("while the links owe answers they are expected to take %v and %v, want at least the time that they have taken already", a, b)
	}
	slow.answered(1) // which isn't the one that is timed
	slow.answered(2)
	quick.answered(3)
	now = time.Now()
	before := slow.load(now)
	if a := quick.load(now); before < time.Second || a >= time.Second {
		t.Errorf("the links are expected to take %v and %v, want what they took", a, before)
	}
	if later := slow.load(now.Add(time.Minute)); later >= before/1000 {
		t.Errorf("a minute later the slow link is expected to take %v instead of %v, want next to nothing", later, before)
	}
}

func TestACallThatIsAnsweredIsTimed(t *testing.T) {
	var table inFlight
	by := new(carrier)
	waiting(&table, by, 7, 1)
	table.show(7, func(c *Call) { c.leavesBy(by) })
	by.leaves(time.Now().Add(-time.Second), []uint64{7})
	table.takeAnswered(by, 7, func(string) *Instance { return nil })
	if took := time.Duration(by.took.Load()); took < time.Second || by.inFlight.Load() != 0 {
		t.Errorf("a call that took a second counts as %v, and %d calls are in flight; want its time, and none", took, by.inFlight.Load())
	}
}

func TestALinkWithMoreCallsInFlightIsExpectedToTakeLonger(t *testing.T) {
	var table inFlight
	by := new(carrier)
	now := time.Now()
	idle := by.load(now)
	for i := range uint64(3) {
		waiting(&table, by, i+1, i+1)
		table.show(i+1, func(c *Call) { c.leavesBy(by) })
	}
	if busy := by.load(now); busy != 4*idle {
		t.Errorf("with 3 calls in flight the link is expected to take %v, want four times the %v of one without", busy, idle)
	}
	by.leaves(now, []uint64{3})
	table.take(3)
	if by.timed.Load() != 0 {
		t.Error("a call is timed that is over")
	}
}
