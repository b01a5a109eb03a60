package rpcserver_test

import (
	"slices"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestWhoSaysWhoCallsHearsWhoAnswersAndOthersDont(t *testing.T) {
	w, srv, _, _ := start(t, rpcserver.Config{})
	p := w.peer()

	p.send(echo, "a", message(callFrame(1, "x")))
	wantResult(t, p.one(), 1, "x")

	about := wire.Frame{Kind: wire.KindSender, Seq: 77, Time: 5}
	p.send(echo, "b", message(about, callFrame(2, "x")))
	_, frames := p.next()
	if len(frames) != 2 || frames[0].Kind != wire.KindInstance || string(frames[0].Body) != srv.Instance() {
		t.Fatalf("a caller that says who it is got %+v, want a frame about instance %s and its reply", frames, srv.Instance())
	}
	wantResult(t, frames[1], 2, "x")

	p.send(echo, "c", message(about, callFrame(0, "x")))
	_, frames = p.next()
	if len(frames) != 2 || frames[0].Kind != wire.KindInstance || frames[1].Kind != wire.KindError {
		t.Errorf("the refusal of its message is %+v, want a frame about the instance and an error", frames)
	}
}

func TestAFrameAboutTheSenderThatComesLateIsIgnored(t *testing.T) {
	w, _, _, _ := start(t, rpcserver.Config{})
	p := w.peer()
	about := wire.Frame{Kind: wire.KindSender, Seq: 77, Time: 5}
	p.send(echo, "a", message(callFrame(1, "x"), about))
	wantResult(t, p.one(), 1, "x")
	p.send(echo, "a", message(wire.Frame{Kind: 127}, about, callFrame(2, "x")))
	wantResult(t, p.one(), 2, "x")
}

func TestFramesThatAreIgnoredArentCountedAsCalls(t *testing.T) {
	w, _, _, _ := start(t, rpcserver.Config{})
	p := w.peer()
	oneWay := callFrame(0, "x")
	oneWay.Kind = wire.KindNotify
	full := append(slices.Repeat([]wire.Frame{oneWay}, wire.MaxCalls-1), callFrame(1, "x"), wire.Frame{Kind: 127})
	p.send(echo, "a", message(full...))
	wantResult(t, p.one(), 1, "x")
	p.send(echo, "a", message(append(full, oneWay)...))
	wantError(t, p.one(), helium.ErrBadMessage)
}

func TestHeartbeatsArePromisedOnlyToCallersWhoGetThem(t *testing.T) {
	w, _, _, _ := start(t, rpcserver.Config{})
	p := w.peer()
	about := wire.Frame{Kind: wire.KindSender, Seq: 77, Abilities: wire.Heartbeats}
	for token, want := range map[string]bool{"+1": true, "1": false} {
		for what, data := range map[string][]byte{
			"a call": message(about, callFrame(1, "x")), "a call that is refused": message(about, callFrame(0, "x")), "a question": message(about),
		} {
			p.send(echo, token, data)
			_, frames := p.next()
			if got := frames[0].Abilities.Has(wire.Heartbeats); frames[0].Kind != wire.KindInstance || got != want {
				t.Errorf("%s, to be answered at %s: %+v; want heartbeats promised: %t", what, token, frames[0], want)
			}
		}
	}
}
