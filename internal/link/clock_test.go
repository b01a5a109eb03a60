package link

import (
	"slices"
	"testing"
	"time"

	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/wire"
)

func TestAMessageSaysWhenItWasBegunAndItsCallsHowMuchTimeTheyHadThen(t *testing.T) {
	c := newClock()
	var sent []wire.Frame
	var began time.Time
	b := batch.New(nil, func(m *batch.Message) { c.open(m, c.of("math")) }, func(m *batch.Message) {
		began = m.Began
		frames, err := wire.ReadMessage(m.Data)
		for err == nil && frames.More() {
			var f wire.Frame
			if err = frames.Next(&f); err == nil {
				sent = append(sent, f)
			}
		}
		if err != nil {
			t.Error(err)
		}
	})
	deadline := time.Now().Add(time.Hour)
	b.Add(&wire.Frame{Kind: wire.KindCall, Seq: 1, Time: 1, Body: []byte{0x90}}, batch.Call{Method: "add", Deadline: deadline}, false)
	if len(sent) != 2 || sent[0].Kind != wire.KindSender || sent[1].Kind != wire.KindCall {
		t.Fatalf("sent %+v, want a frame about the sender and the call", sent)
	}
	if want := uint64(began.Sub(c.born) / time.Microsecond); sent[0].Seq != c.numbers(t, "math")[0] || sent[0].Time != want {
		t.Errorf("the clock is %d and says %d, want %d and %d", sent[0].Seq, sent[0].Time, c.numbers(t, "math")[0], want)
	}
	if want := wire.Milliseconds(deadline.Sub(began)); sent[1].Time != want {
		t.Errorf("the call has %d ms left, want the %d ms between the message's beginning and its deadline", sent[1].Time, want)
	}
}

// numbers returns those by which services know a clock now.
func (c *clock) numbers(t *testing.T, services ...string) (numbers []uint64) {
	t.Helper()
	for _, service := range services {
		var m batch.Message
		c.open(&m, c.of(service))
		frames, err := wire.ReadMessage(m.Data)
		var f wire.Frame
		if err == nil {
			err = frames.Next(&f)
		}
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, f.Seq)
	}
	return numbers
}

func TestEachServiceKnowsTheClockByAnotherNumber(t *testing.T) {
	a, b := newClock(), newClock()
	seen := make(map[uint64]bool)
	for _, number := range append(a.numbers(t, "math", "bank"), b.numbers(t, "math", "bank")...) {
		if seen[number] {
			t.Errorf("the number %d is that of two", number)
		}
		seen[number] = true
	}
	before := a.numbers(t, "math", "bank")
	if again := a.numbers(t, "math", "bank"); !slices.Equal(before, again) {
		t.Errorf("the numbers are %d and then %d, want the same", before, again)
	}
	a.forget("bank")
	if again := a.numbers(t, "math", "bank"); again[0] != before[0] || again[1] == before[1] {
		t.Errorf("the numbers are %d, and when one was forgotten %d; want that one to be another", before, again)
	}
	before = a.numbers(t, "math", "bank")
	a.renew()
	after := a.numbers(t, "math", "bank")
	if before[0] == after[0] || before[1] == after[1] || before[0]^after[0] != before[1]^after[1] {
		t.Errorf("the numbers of a clock are %d and of the next one %d, want others", before, after)
	}
}

func TestASuspendedClockIsAnotherOneAfterwards(t *testing.T) {
	c := newClock()
	for _, step := range []struct {
		ran  time.Duration // ahead, the time of day
		want bool          // whether the clock is another one then
	}{
		{24 * time.Hour, true}, {suspended / 2, false}, {2 * suspended, true}, {-24 * time.Hour, false}, {2 * suspended, true},
	} {
		before := c.numbers(t, "math")
		c.ahead.Add(-int64(step.ran))
		if got := !slices.Equal(before, c.numbers(t, "math")); got != step.want {
			t.Errorf("the time of day ran ahead by %v: another clock: %v, want %v", step.ran, got, step.want)
		}
	}
}

func TestAClockIsDisprovedOnce(t *testing.T) {
	c := newClock()
	math := c.of("math")
	begun := time.Now()
	before := c.numbers(t, "math")
	c.disproved(math, begun)
	second := c.numbers(t, "math")
	c.disproved(math, begun) // another call of a message from before
	third := c.numbers(t, "math")
	if slices.Equal(before, second) || !slices.Equal(second, third) {
		t.Errorf("the clock's numbers are %d, %d when it was disproved, %d when it was again; want another one once", before, second, third)
	}
	c.disproved(math, time.Now())
	if slices.Equal(third, c.numbers(t, "math")) {
		t.Error("the next clock is the same when it was disproved, too")
	}
}

func TestAServiceThatDisprovesTheClockDoesSoForItselfAlone(t *testing.T) {
	c := newClock()
	before := c.numbers(t, "math", "bank")
	c.disproved(c.of("math"), time.Now())
	after := c.numbers(t, "math", "bank")
	if before[0] == after[0] || before[1] != after[1] {
		t.Errorf("the clock's numbers were %d, and are %d after one service has disproved it; want another one for that, and the same for the other", before, after)
	}
}
