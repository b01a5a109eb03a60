package link

import (
	"fmt"
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

func TestWhoAnsweredTheLatestCallsIsRemembered(t *testing.T) {
	var log answeredLog
	instances := make([]*Instance, 3*len(log.latest))
	for i := range instances {
		instances[i] = new(Instance)
		log.note(uint64(i+1), instances[i])
		log.note(uint64(i+1), nil) // it takes no room
	}
	for i, want := range instances {
		if i < len(instances)-len(log.latest) {
			want = nil
		}
		if got := log.by(uint64(i + 1)); got != want {
			t.Errorf("call %d of %d was answered by %p, want %p", i, len(instances), got, want)
		}
	}
	if log.by(1000) != nil {
		t.Error("a call that nobody made was answered")
	}
}
