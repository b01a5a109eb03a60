package rpcserver

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver/internal/clocks"
	"github.com/helium-rpc/helium/rpcserver/internal/heartbeat"
	"github.com/helium-rpc/helium/signature"
)

// absent is a caller with a stream, a call, or both, who isn't there for a while.
type absent struct {
	stream, call *Call
	beats        int
}

// after begins calls now and has heartbeats sent as they are due; those between from and to find nobody. It
// returns what happened in ten seconds: when the stream and the call ended, zero if they go on.
func (a *absent) after(t *testing.T, from, to time.Duration) (streamEnded, callEnded time.Duration) {
	t.Helper()
	s, l := someCallers(t), newMemoryLink(t)
	pulse, born := clocks.NewPulse(), time.Now()
	h := newHeartbeats(s.callers, pulse, func(string) bool { return true }, new(atomic.Uint64))
	var calls []*Call
	if a.stream != nil {
		a.stream.method = &method{signature: &signature.Method{Yields: &signature.Type{Kind: signature.Bytes}}}
		a.stream.answer = newServerStream(a.stream, new(wire.Terms), nil, new(streams), 0)
		calls = append(calls, a.stream)
	}
	if a.call != nil {
		calls = append(calls, a.call)
	}
	c, _ := s.callers.admit(l, l.from, sender{speaks: true, abilities: wire.Heartbeats}, "math", calls, born)
	ended := func(call *Call, at *time.Duration, now time.Duration) {
		if call != nil && *at == 0 && call.ctx.Err() != nil {
			*at = now
		}
	}
	for now := wire.HeartbeatInterval; now < 10*time.Second; {
		for beaten := time.Duration(0); beaten < now; beaten += clocks.PulseInterval {
			pulse.Beat(born.Add(beaten))
		}
		next := h.Beat(born.Add(now))
		if sent := len(l.heard()); sent > 0 {
			a.beats += sent
			if now >= from && now < to {
				s.callers.missing(l.from.Key, c.sign, born.Add(now+time.Millisecond))
				ended(a.stream, &streamEnded, now)
				ended(a.call, &callEnded, now)
			}
		}
		if next.IsZero() {
			break
		}
		now = next.Sub(born)
	}
	return streamEnded, callEnded
}

const forGood = time.Hour

func TestTheStreamsOfACallerWhoIsGoneEndWithinTwoSecondsAndItsCallsLater(t *testing.T) {
	for from := time.Duration(0); from < 3*time.Second; from += 10 * time.Millisecond {
		now := time.Now()
		for what, a := range map[string]*absent{
			"both":     {stream: callUntil(1, now.Add(time.Hour)), call: callUntil(2, now.Add(time.Hour))},
			"a stream": {stream: callUntil(1, now.Add(time.Hour))},
			"a call":   {call: callUntil(2, now.Add(time.Hour))},
		} {
			stream, call := a.after(t, from, forGood)
			if a.stream != nil && (stream == 0 || stream-from > 1800*time.Millisecond) {
				t.Errorf("%s, gone after %v: the stream ended at %v, want 1.8 s later at most", what, from, stream)
			}
			if a.call != nil && (call-from < 2*time.Second || call-from > 3500*time.Millisecond) {
				t.Errorf("%s, gone after %v: the call ended at %v, want 2 to 3.5 s later", what, from, call)
			}
		}
	}
}

func TestACallerWhoSeemsGoneForAMomentKeepsItsStreams(t *testing.T) {
	for from := time.Duration(0); from < 3*time.Second; from += 10 * time.Millisecond {
		now := time.Now()
		a := &absent{stream: callUntil(1, now.Add(time.Hour)), call: callUntil(2, now.Add(time.Hour))}
		if stream, call := a.after(t, from, from+1200*time.Millisecond); stream != 0 || call != 0 {
			t.Errorf("gone from %v on, for 1.2 s: the stream ended at %v, the call at %v; want neither", from, stream, call)
		}
	}
}

func TestHeartbeatsKeepTheirTimesWhereNobodySeemsGone(t *testing.T) {
	for what, a := range map[string]*absent{
		"a stream": {stream: callUntil(1, time.Now().Add(time.Hour))},
		"a call":   {call: callUntil(2, time.Now().Add(time.Hour))},
	} {
		a.after(t, 0, 0)
		if want := 19; a.beats != want && a.beats != want-1 { // a call isn't in the first one
			t.Errorf("%s: %d heartbeats in ten seconds, want %d", what, a.beats, want)
		}
	}
}

func TestACallWithAnIdempotencyKeyGoesOnThoughItsCallerIsGone(t *testing.T) {
	s, l := someCallers(t), newMemoryLink(t)
	now := time.Now()
	plain, keyed := callUntil(1, now.Add(time.Hour)), callUntil(2, now.Add(time.Hour))
	keyed.key = "order-1"
	c, _ := s.callers.admit(l, l.from, sender{speaks: true, abilities: wire.Heartbeats}, "math", []*Call{plain, keyed}, now)
	for i := range heartbeat.FewestMisses {
		s.callers.missing(l.from.Key, c.sign, now.Add(time.Duration(i)*heartbeat.MissedFor))
	}
	abandoned := s.abandoned.Load()
	if plain.ctx.Err() == nil || keyed.ctx.Err() != nil || abandoned != 1 {
		t.Errorf("the call's context ended with %v, that of the one with a key with %v, and %d were abandoned; want canceled, nil and 1", plain.ctx.Err(), keyed.ctx.Err(), abandoned)
	}
}
