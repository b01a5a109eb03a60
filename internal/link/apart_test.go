package link

import (
	"testing"

	"github.com/helium-rpc/helium/internal/wire"
)

// answerAs answers all that the link has taken, with a frame about the instance.
func (l *memory) answerAs(t *testing.T, instance string, abilities wire.Abilities) {
	t.Helper()
	l.mu.Lock()
	messages, tokens := l.messages, l.tokens
	l.messages, l.tokens = nil, nil
	l.mu.Unlock()
	for i, data := range messages {
		about := wire.Frame{Kind: wire.KindInstance, Body: []byte(instance), Abilities: abilities}
		reply := wire.AppendFrame(wire.AppendMessageHeader(nil), &about)
		frames, err := wire.ReadMessage(data)
		for err == nil && frames.More() {
			var f wire.Frame
			if err = frames.Next(&f); err == nil && f.Kind == wire.KindCall {
				reply = wire.AppendFrame(reply, &wire.Frame{Kind: wire.KindReply, Seq: f.Seq, Body: []byte{0xc0}})
			}
		}
		if err == nil {
			err = l.receiver.Receive(reply, tokens[i])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func always(string) bool { return true }

func TestCallsLeaveApartWhereAnInstanceAnswersOnce(t *testing.T) {
	d, _ := newTestDispatcher(t)
	l := addMemory(t, d)
	hear := func(instance string, abilities wire.Abilities) {
		t.Helper()
		_, w := send(t, d, d.Endpoint("math", "").Method("add"))
		l.answerAs(t, instance, abilities)
		w.wait(t)
	}
	want := func(apart bool, instance string, after string) {
		t.Helper()
		if got := d.Endpoint("math", instance).apart.yes.Load(); got != apart {
			t.Errorf("%s, calls to %q leave apart: %v, want %v", after, instance, got, apart)
		}
	}
	want(false, "", "before anything is known")
	hear("i1", wire.AnswersOnce)
	want(true, "", "after an answer that says so")
	hear("i2", 0)
	want(true, "", "after another instance's answer")
	hear("i1", 0)
	want(false, "", "after an answer that says so no more")
	hear("i1", wire.AnswersOnce)
	d.Told("math", func(instance string) bool { return instance != "i1" }, nil)
	want(false, "", "once the instance has gone")
	d.Told("math", always, []string{"i2"})
	want(true, "", "by a record")
	want(true, "i2", "by a record")
	want(false, "i3", "by another one's record")
	hear("i2", 0)
	want(false, "", "after the instance's own word")
	d.Told("math", always, []string{"i2"})
	d.Forget("math")
	want(false, "", "once the service is forgotten")
	d.Told("math", always, []string{"i2"})
	d.Endpoint("text", "")
	if d.Endpoint("text", "").apart.yes.Load() {
		t.Error("calls to another service leave apart")
	}
}
