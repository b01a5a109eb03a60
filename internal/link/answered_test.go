package link

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/helium-rpc/helium/internal/wire"
)

// said is what an instance says of itself.
func said(instance string) wire.Frame {
	return wire.Frame{Kind: wire.KindInstance, Body: []byte(instance)}
}

func TestACallThatTwoInstancesAnsweredIsToldOf(t *testing.T) {
	for _, c := range []struct {
		name          string
		first, second []wire.Frame
		want          string
	}{
		{"by two instances", []wire.Frame{said("i1"), answerTo(7)}, []wire.Frame{said("i2"), answerTo(7)}, "sums: i1, i2"},
		{"by a result and an error", []wire.Frame{said("i1"), answerTo(7)}, []wire.Frame{said("i2"), {Kind: wire.KindError, Seq: 7, Body: refusal.Body}}, "sums: i1, i2"},
		{"by one instance", []wire.Frame{said("i1"), answerTo(7)}, []wire.Frame{said("i1"), answerTo(7)}, ""},
		{"in one message", []wire.Frame{said("i1"), answerTo(7), answerTo(7)}, []wire.Frame{said("i1"), answerTo(7)}, ""},
		{"by one that doesn't say who it is", []wire.Frame{said("i1"), answerTo(7)}, []wire.Frame{answerTo(7)}, ""},
		{"first by one that doesn't say who it is", []wire.Frame{answerTo(7)}, []wire.Frame{said("i2"), answerTo(7)}, ""},
		{"of which the second names another call", []wire.Frame{said("i1"), answerTo(7)}, []wire.Frame{said("i2"), answerTo(8)}, ""},
		{"of which the second isn't an answer", []wire.Frame{said("i1"), answerTo(7)}, []wire.Frame{said("i2"), {Kind: wire.KindCancel, Seq: 7}}, ""},
	} {
		var table inFlight
		r := receiverOf(&table)
		told := ""
		r.twice = func(first, second *Instance) {
			told += fmt.Sprintf("%s: %s, %s", first.Service, first.Name, second.Name)
		}
		call, o := waiting(&table, r.carrier, 7, 7)
		call.To = &Method{Endpoint: &Endpoint{Service: "sums"}}
		take(t, r, 7, c.first...)
		take(t, r, 7, c.second...)
		if told != c.want || r.counters.Twice.Load() != uint64(len(c.want))/12 {
			t.Errorf("of a call that was answered twice, %s: told %q, counted %d; want %q", c.name, told, r.counters.Twice.Load(), c.want)
		}
		if len(o.answers) != 1 || r.counters.Unmatched.Load() == 0 {
			t.Errorf("%s: the call got %d answers, and %d are unmatched; want 1, and the others", c.name, len(o.answers), r.counters.Unmatched.Load())
		}
	}
}

// Who answered is remembered for thousands of calls, and of some of them for many more, whatever the
// last bits of their numbers are.
func TestWhoAnsweredTheLatestCallsIsRemembered(t *testing.T) {
	for _, c := range []struct {
		later, first int // calls answered after the first ones
		least        int // of the first ones, how many have to be known
	}{
		{0, 100, 80},
		{400, 100, 60},
		{4_000, 1_000, 100},
		{50_000, 10_000, 40},
		{200_000, 10_000, 1},
	} {
		for _, last := range []uint64{0, 1, shards - 1} {
			log, by := new(answeredLog), new(Instance)
			luck := rand.New(rand.NewPCG(uint64(c.later), last))
			number := func() uint64 { return luck.Uint64()&^(shards-1) | last }
			var first []uint64
			for range c.first {
				first = append(first, number())
				log.note(first[len(first)-1], by)
			}
			for range c.later {
				seq := number()
				log.note(seq, new(Instance))
				log.note(seq, nil) // it takes no room
			}
			known := 0
			for _, seq := range first {
				if got := log.by(seq); got == by {
					known++
				} else if got != nil {
					t.Fatalf("a call was answered by another instance than the one that did")
				}
			}
			if known < c.least {
				t.Errorf("%d calls after %d others, whose numbers end with %d: of %d it is known who answered, want %d at least", c.later, c.first, last, known, c.least)
			}
			for range 10_000 {
				if log.by(number()) != nil {
					t.Fatal("a call that nobody made was answered")
				}
			}
		}
	}
}

func TestAnAnswerByALinkToOneInstanceIsNoSecondOne(t *testing.T) {
	var table inFlight
	r := receiverOf(&table)
	r.answered = nil
	call, _ := waiting(&table, r.carrier, 7, 7)
	call.To = &Method{Endpoint: &Endpoint{Service: "sums"}}
	take(t, r, 7, said("i1"), answerTo(7))
	take(t, r, 7, said("i2"), answerTo(7))
	if n := r.counters.Twice.Load(); n != 0 {
		t.Errorf("%d calls were delivered to two instances by a link that leads to one, want none", n)
	}
}
