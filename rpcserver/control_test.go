package rpcserver_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver"
)

func cancelFrame(seq uint64) wire.Frame { return wire.Frame{Kind: wire.KindCancel, Seq: seq} }

func TestACancelCountsWithItsCallersReplySubjectOnly(t *testing.T) {
	w, srv, p, _ := start(t, rpcserver.Config{})
	own, other := w.peer(), w.peer()
	control := "helium.ctl.probe." + srv.Instance()
	for _, c := range []struct {
		name, call, cancel string // tokens of the inbox
		from               *peer
		seq                uint64
		reaches            bool
	}{
		{"the call's own", "a", "a", own, 7, true},
		{"another of an inbox that doesn't share", "a", "b", own, 7, false},
		{"a shared one for a call that isn't", "a", "+a", own, 7, false},
		{"its own token for a call that shares", "+a", "a", own, 7, false},
		{"any shared one", "+a", "+b", own, 7, true},
		{"the bare mark", "+a", "+", own, 7, true},
		{"a shared one below the inbox", "+a", "x.+a", own, 7, false},
		{"another caller's", "+a", "+a", other, 7, false},
		{"another number", "+a", "+a", own, 8, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := srv.Stats()
			own.send("helium.call.probe.block", c.call, message(callFrame(7)))
			ctx := receive(t, "the call", p.entered)
			c.from.send(control, c.cancel, message(cancelFrame(c.seq)))
			want := rpcserver.Stats{Cancels: before.Cancels, StrayCancels: before.StrayCancels + 1}
			if c.reaches {
				want = rpcserver.Stats{Cancels: before.Cancels + 1, StrayCancels: before.StrayCancels}
			}
			eventually(t, "the cancel is counted", func() bool {
				s := srv.Stats()
				return s.Cancels+s.StrayCancels > before.Cancels+before.StrayCancels
			})
			if s := srv.Stats(); s.Cancels != want.Cancels || s.StrayCancels != want.StrayCancels {
				t.Errorf("Cancels = %d, StrayCancels = %d; want %d, %d", s.Cancels, s.StrayCancels, want.Cancels, want.StrayCancels)
			}
			if canceled := errors.Is(ctx.Err(), context.Canceled); canceled != c.reaches {
				t.Errorf("the handler's context ended: %t, want %t", canceled, c.reaches)
			}
			p.release <- struct{}{}
			wantResult(t, own.one(), 7, nil)
		})
	}
}

func TestAControlSubjectRefusesWhatIsNoCancel(t *testing.T) {
	w, srv, p, _ := start(t, rpcserver.Config{})
	peer := w.peer()
	control := "helium.ctl.probe." + srv.Instance()
	peer.send("helium.call.probe.block", "+1", message(callFrame(7)))
	ctx := receive(t, "the call", p.entered)
	for name, data := range map[string][]byte{
		"a call after a cancel":    message(cancelFrame(7), callFrame(8, "x")),
		"an answer after a cancel": message(cancelFrame(7), wire.Frame{Kind: wire.KindReply, Seq: 7, Body: []byte{0xc0}}),
		"no frames":                message(),
		"half a frame":             append(message(cancelFrame(7)), 0x92, 0x05),
	} {
		t.Run(name, func(t *testing.T) {
			peer.send(control, "1", data)
			f := peer.one()
			if wantError(t, f, helium.ErrBadMessage); f.Seq != 0 {
				t.Errorf("the refusal has the number %d, want 0", f.Seq)
			}
		})
	}
	if ctx.Err() != nil {
		t.Error("a cancel in a message that was refused whole ended its call")
	}
	msg, err := peer.nc.Request(control, []byte(`{"cancel": 7}`), patience)
	if err != nil {
		t.Fatalf("a plain request on the control subject: %v, want an answer", err)
	}
	checkPlainError(t, "a plain request on the control subject", msg, "400")
	if !bytes.Contains(msg.Data, []byte("helium.bad_message")) {
		t.Errorf("got %s, want helium.bad_message", msg.Data)
	}
	// What has no reply subject has nobody to hear of it, and is no call that nobody hears of.
	if err := peer.nc.Publish(control, message(cancelFrame(7), callFrame(8, "x"))); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is counted", func() bool { return srv.Stats().Malformed == 6 })
	if got := srv.Stats().Unheard; got != 0 {
		t.Errorf("Unheard = %d, want 0", got)
	}
	p.releaseAll()
	peer.one()
}

func TestAnswersAndCancelsHaveNoPlaceAmongCalls(t *testing.T) {
	w, _, p, _ := start(t, rpcserver.Config{})
	peer := w.peer()
	for name, f := range map[string]wire.Frame{
		"a reply":  {Kind: wire.KindReply, Seq: 1, Body: []byte{0xc0}},
		"an error": {Kind: wire.KindError, Seq: 1, Body: []byte{0x90}},
		"a cancel": cancelFrame(1),
	} {
		for _, subject := range []string{echo, service} {
			peer.send(subject, "1", message(methodFrame(callFrame(1, "x"), "echo"), f))
			if refusal := peer.one(); refusal.Seq != 0 {
				t.Errorf("%s on %s: the refusal has the number %d, want 0", name, subject, refusal.Seq)
			} else {
				wantError(t, refusal, helium.ErrBadMessage)
			}
		}
	}
	if got := p.calls.Load(); got != 0 {
		t.Errorf("%d calls of refused messages ran, want none", got)
	}
}

func TestAMessageThatHoldsNoCallIsNotAnswered(t *testing.T) {
	w, srv, _, _ := start(t, rpcserver.Config{})
	peer := w.peer()
	// Tools send kind 127; later versions may send others, however large.
	for _, kind := range []string{"\x7f", "\xcc\xff", "\xcd\x01\x00", "\xcf\xff\xff\xff\xff\xff\xff\xff\xff", "\x00", "\xd0\x06"} {
		data := append(message(), "\x91"+kind...)
		peer.send(echo, "1", data)
		peer.send(service, "+1", data)
		peer.send("helium.ctl.probe."+srv.Instance(), "1", data)
	}
	peer.quietly()
	if s := srv.Stats(); s.Malformed != 0 || s.StrayCancels != 0 {
		t.Errorf("Malformed = %d, StrayCancels = %d; want none", s.Malformed, s.StrayCancels)
	}
}

func TestTheFirstReasonNotToRunACallIsTheOneGiven(t *testing.T) {
	w, _, _, _ := start(t, rpcserver.Config{})
	peer := w.peer()
	expired := callFrame(1, "too", "many", "arguments")
	expired.Time = 0
	noMethod := methodFrame(expired, "nonsense")
	noMethod.Metadata = []byte{0x2a}
	badMetadata := expired
	badMetadata.Metadata = []byte{0x2a}
	for _, c := range []struct {
		name, subject string
		frame         wire.Frame
		want          error
	}{
		{"the method before the metadata", service, noMethod, helium.ErrNoMethod},
		{"the metadata before the time", echo, badMetadata, helium.ErrBadMessage},
		{"the time before the arguments", echo, expired, helium.ErrExpired},
	} {
		peer.send(c.subject, "1", message(c.frame))
		if e := wantError(t, peer.one(), c.want); e == nil {
			t.Errorf("%s: no error", c.name)
		}
	}
}

func TestToolsPingByAMethodThatNobodyHas(t *testing.T) {
	w, srv, _, _ := start(t, rpcserver.Config{})
	msg, err := w.conn().Request("helium.at.probe."+srv.Instance()+".helium-ping", []byte("[]"), patience)
	if err != nil {
		t.Fatal(err)
	}
	checkPlainError(t, "helium-ping", msg, "501")

	other := rpcserver.New((*nats.Conn)(nil), rpcserver.Config{})
	err = other.Handle(rpcserver.Service{Name: "x", Methods: []rpcserver.Method{{
		Name: "helium-ping", Signature: "helium-ping()", Handler: func(context.Context, *rpcserver.Call) error { return nil },
	}}})
	wants(t, err, "helium-ping", "kept for tools", "rename it")
}
