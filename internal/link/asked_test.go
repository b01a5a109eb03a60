package link

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// message returns a message of answers.
func message(frames ...wire.Frame) []byte {
	data := wire.AppendMessageHeader(nil)
	for i := range frames {
		data = wire.AppendFrame(data, &frames[i])
	}
	return data
}

var refusal = wire.Frame{Kind: wire.KindError, Body: wire.AppendError(nil, helium.ErrBadMessage.WithOutcome(helium.NotExecuted))}

func answerTo(seq uint64) wire.Frame {
	return wire.Frame{Kind: wire.KindReply, Seq: seq, Body: []byte{0xc0}}
}

// receiverOf returns the receiver of a link.
func receiverOf(table *inFlight) *Receiver {
	return &Receiver{carrier: new(carrier), link: new(memory), inFlight: table, manifests: &manifests{inFlight: table}, instances: new(instances), sent: new(sentLog), counters: new(Counters), answered: new(answeredLog), abandoned: new(abandonedLog)}
}

func take(t *testing.T, r *Receiver, token uint64, frames ...wire.Frame) {
	t.Helper()
	if err := r.Receive(message(frames...), token); err != nil {
		t.Fatal(err)
	}
}

func TestWhatComesByAnotherLinkEndsNoCall(t *testing.T) {
	var table inFlight
	r, other := receiverOf(&table), receiverOf(&table)
	_, o := waiting(&table, r.carrier, 7, 70)
	take(t, other, 70, answerTo(7))
	take(t, other, 70, wire.Frame{Kind: wire.KindError, Seq: 7, Body: refusal.Body})
	take(t, other, 70, refusal)
	other.Nobody(70)
	if len(o.answers)+len(o.errs) > 0 {
		t.Fatalf("a call ended with %+v, which came by a link that it hadn't left by", o)
	}
	if n := other.counters.Unmatched.Load(); n != 3 || other.counters.NoResponders.Load() != 1 {
		t.Errorf("%d answers are counted as unmatched and %d messages as finding nobody, want 3 and 1", n, other.counters.NoResponders.Load())
	}
	take(t, r, 70, answerTo(7))
	if len(o.answers) != 1 {
		t.Error("the answer by its own link doesn't arrive")
	}
}

func TestWhatConcernsAWholeMessageConcernsItsOwnCallsAlone(t *testing.T) {
	for name, refuse := range map[string]func(r *Receiver, token uint64){
		"a refusal":        func(r *Receiver, token uint64) { take(t, r, token, refusal) },
		"nobody listening": func(r *Receiver, token uint64) { r.Nobody(token) },
	} {
		var table inFlight
		r := receiverOf(&table)
		_, one := waiting(&table, r.carrier, 1, 70)
		_, two := waiting(&table, r.carrier, 2, 70)
		_, other := waiting(&table, r.carrier, 3, 71)
		_, queued := waiting(&table, r.carrier, 4, 0)
		for _, unknown := range []uint64{0, 1, 69, 72} {
			refuse(r, unknown)
		}
		if len(one.errs)+len(two.errs)+len(other.errs)+len(queued.errs) > 0 {
			t.Errorf("%s of a message that doesn't exist ended calls", name)
		}
		refuse(r, 70)
		if len(one.errs) != 1 || len(two.errs) != 1 || len(other.errs)+len(queued.errs) > 0 {
			t.Errorf("%s ended %d, %d, %d, %d calls of the message and of others, want 1, 1, 0, 0", name, len(one.errs), len(two.errs), len(other.errs), len(queued.errs))
		}
	}
}

func TestAMessageIsRefusedOnce(t *testing.T) {
	var table inFlight
	r := receiverOf(&table)
	_, o := waiting(&table, r.carrier, 1, 70)
	take(t, r, 70, refusal, refusal, refusal)
	if n := r.counters.Unmatched.Load(); len(o.errs) != 1 || n != 2 {
		t.Errorf("the call ended %d times, and %d refusals are counted as unmatched; want 1 and 2", len(o.errs), n)
	}
}

func TestWhatAnInstanceSaysOfItselfCountsForTheServicesWhoseCallsItAnswers(t *testing.T) {
	var table inFlight
	r := receiverOf(&table)
	const bank, sums = 1, 2
	of := func(seq uint64, service string) *Call {
		c, _ := waiting(&table, r.carrier, seq, seq)
		c.To = &Method{Endpoint: &Endpoint{Service: service}}
		return c
	}
	said := func(abilities wire.Abilities) wire.Frame {
		return wire.Frame{Kind: wire.KindInstance, Body: []byte("i1"), Abilities: abilities}
	}
	asked := of(bank, "bank")
	take(t, r, bank, said(wire.Heartbeats), answerTo(bank))
	take(t, r, 0, said(0), answerTo(99)) // nobody's
	first := of(sums, "sums")
	take(t, r, sums, said(wire.AnswersOnce), answerTo(sums))
	if got := asked.Instance; got == nil || got.Name != "i1" || got.Abilities() != wire.Heartbeats {
		t.Errorf("the bank's instance is %+v after another service claimed its name, want what it said itself", got)
	}
	if got := first.Instance; got == nil || got == asked.Instance || got.Abilities() != wire.AnswersOnce {
		t.Errorf("the other service's instance is %+v, want another one of that name", got)
	}
	// A server may answer calls of several services together.
	again, too := of(bank, "bank"), of(sums, "sums")
	take(t, r, bank, said(wire.AnswersOnce), answerTo(sums), answerTo(bank))
	if again.Instance != asked.Instance || too.Instance != first.Instance {
		t.Error("answers to calls of two services aren't those of its two instances")
	}
	for i := range uint64(100) {
		take(t, r, 0, wire.Frame{Kind: wire.KindInstance, Body: []byte{'x', byte('0' + i%10), byte('0' + i/10)}}, answerTo(i+100))
	}
	if n := len(r.instances.known); n != 2 {
		t.Errorf("%d instances are kept, want the 2 that answered calls", n)
	}
	r.instances.prune("bank", func(string) bool { return false })
	if n := len(r.instances.known); n != 1 {
		t.Errorf("%d instances are kept after all of a service have gone, want 1", n)
	}
}

func TestAServiceThatMakesUpInstancesTakesNoRoomFromOthers(t *testing.T) {
	var all instances
	for i := range maxInstances + 1 {
		all.heard("evil", fmt.Appendf(nil, "x%d", i), 0)
	}
	if one := all.named("evil", "another"); one != nil {
		t.Errorf("of a service with %d instances one more is kept, want %d at most", maxInstances, maxInstances)
	}
	if one := all.heard("math", []byte("i1"), wire.Heartbeats); one == nil || !one.Abilities().Has(wire.Heartbeats) {
		t.Errorf("an instance of another service is %+v, want one that sends heartbeats", one)
	}
}

func TestAFrameAboutTheInstanceCountsAtTheBeginningAlone(t *testing.T) {
	var table inFlight
	r := receiverOf(&table)
	one, o := waiting(&table, r.carrier, 1, 70)
	two, p := waiting(&table, r.carrier, 2, 70)
	take(t, r, 70, answerTo(1), said("i1"), answerTo(2))
	if one.Instance != nil || two.Instance != nil || len(o.answers) != 1 || len(p.answers) != 1 {
		t.Errorf("the calls were answered by %+v and %+v, want by nobody who says who it is", one.Instance, two.Instance)
	}
	three, _ := waiting(&table, r.carrier, 3, 71)
	take(t, r, 71, said("i1"), said("i2"), answerTo(3))
	if three.Instance == nil || three.Instance.Name != "i1" {
		t.Errorf("the call was answered by %+v, want by i1", three.Instance)
	}
}

// warnings counts what is logged.
type warnings struct {
	slog.Handler
	n atomic.Int64
}

func (w *warnings) Enabled(context.Context, slog.Level) bool { return true }

func (w *warnings) Handle(context.Context, slog.Record) error {
	w.n.Add(1)
	return nil
}

func TestAFloodOfAnswersThatBreakTheProtocolIsCountedAndDoesNotFillTheLog(t *testing.T) {
	told := &warnings{Handler: slog.DiscardHandler}
	d, nc := newTestDispatcherThatLogs(t, told)
	const flood = 1000
	began := time.Now()
	for range flood {
		if err := nc.Publish(d.Inbox()+".+1", []byte("no answer")); err != nil {
			t.Fatal(err)
		}
	}
	for d.Counters.Malformed.Load() < flood {
		time.Sleep(time.Millisecond)
	}
	if n, most := told.n.Load(), 1+int64(time.Since(began)/time.Second); n < 1 || n > most {
		t.Errorf("%d lines were logged of %d answers, want 1 to %d", n, flood, most)
	}
}
