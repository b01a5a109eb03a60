package link

import (
	"fmt"
	"testing"

	"github.com/helium-rpc/helium/internal/wire"
)

func TestACallThatTwoInstancesAnsweredWhenNobodyWaitedAnyMoreIsToldOf(t *testing.T) {
	failed := wire.Frame{Kind: wire.KindError, Seq: 7, Body: refusal.Body}
	for _, c := range []struct {
		name    string
		answers [][]wire.Frame
		want    string
	}{
		{"by one instance", [][]wire.Frame{{said("i1"), answerTo(7)}}, ""},
		{"by two instances", [][]wire.Frame{{said("i1"), answerTo(7)}, {said("i2"), answerTo(7)}}, "sums: i1, i2"},
		{"by a result and an error", [][]wire.Frame{{said("i1"), answerTo(7)}, {said("i2"), failed}}, "sums: i1, i2"},
		{"twice by one instance", [][]wire.Frame{{said("i1"), answerTo(7)}, {said("i1"), answerTo(7)}}, ""},
		{"by one that doesn't say who it is, and two others", [][]wire.Frame{{answerTo(7)}, {said("i1"), answerTo(7)}, {said("i2"), answerTo(7)}}, "sums: i1, i2"},
		{"of which the second names another call", [][]wire.Frame{{said("i1"), answerTo(7)}, {said("i2"), answerTo(8)}}, ""},
		{"that nobody made", [][]wire.Frame{{said("i1"), answerTo(9)}, {said("i2"), answerTo(9)}}, ""},
	} {
		var table inFlight
		r := receiverOf(&table)
		told := ""
		r.twice = func(first, second *Instance) {
			told += fmt.Sprintf("%s: %s, %s", first.Service, first.Name, second.Name)
		}
		for _, seq := range []uint64{8, 7} {
			r.abandoned.note(seq, "sums")
		}
		for _, answer := range c.answers {
			take(t, r, 7, answer...)
		}
		if told != c.want || r.counters.Twice.Load() != uint64(len(c.want))/12 {
			t.Errorf("a call that is over, answered %s: told %q, counted %d; want %q", c.name, told, r.counters.Twice.Load(), c.want)
		}
		if got := r.counters.Unmatched.Load(); got != uint64(len(c.answers)) {
			t.Errorf("%s: %d answers are unmatched, want all %d", c.name, got, len(c.answers))
		}
	}
}

func TestOfCallsThatAreOverTheLatestAreKnownAndNoMoreThanAThousand(t *testing.T) {
	var log abandonedLog
	by := &Instance{Name: "i1"}
	sender := func(string) *Instance { return by }
	const calls = 100_000
	numbers := make([]uint64, calls)
	for i := range numbers {
		numbers[i] = unguessable()
		log.note(numbers[i], "sums")
	}
	known, latest := 0, 0
	for i, seq := range numbers {
		log.by(seq, sender)
		if log.by(seq, sender) != by {
			continue
		}
		if known++; i >= calls-100 {
			latest++
		}
	}
	if known > len(log.latest) || latest < 80 {
		t.Errorf("%d of %d calls are known, and %d of the last 100; want at most %d, and most", known, calls, latest, len(log.latest))
	}
}
