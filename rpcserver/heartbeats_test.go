package rpcserver

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver/internal/clocks"
)

var heeds = wire.Frame{Kind: wire.KindSender, Seq: 77, Abilities: wire.Heartbeats}

// told returns the numbers in heartbeats, sorted, message by message.
func told(t *testing.T, beats [][]wire.Frame) (numbers [][]uint64) {
	t.Helper()
	for _, frames := range beats {
		if len(frames) != 2 || frames[0].Kind != wire.KindInstance || frames[1].Kind != wire.KindRunning {
			t.Fatalf("a heartbeat is %+v, want a frame about the instance and one of numbers", frames)
		}
		if !frames[0].Abilities.Has(wire.Heartbeats) {
			t.Errorf("the instance says that it can do %d, want heartbeats among it", frames[0].Abilities)
		}
		numbers = append(numbers, slices.Sorted(wire.Numbers(frames[1].Body)))
	}
	return numbers
}

// blocking serves a method that lasts until the returned channel is closed.
func blocking(t *testing.T) (*served, chan struct{}) {
	block := make(chan struct{})
	return serve(t, func(ctx context.Context) {
		select {
		case <-block:
		case <-ctx.Done():
		}
	}), block
}

func TestCallersHearWhichOfTheirCallsStillRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, block := blocking(t)
		go r.receive()
		r.hand(heeds, callOf(1), callOf(2))
		time.Sleep(wire.HeartbeatInterval / 2)
		r.hand(callOf(3))
		time.Sleep(2 * wire.HeartbeatInterval)
		if got, want := told(t, r.heard()), [][]uint64{{1, 2, 3}}; !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("after two intervals and a half: told of %v, want %v", got, want)
		}
		r.callers.cancel("memory", 2, canceled)
		time.Sleep(2 * wire.HeartbeatInterval)
		if got, want := told(t, r.heard()), [][]uint64{{1, 3}, {1, 3}}; !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("two intervals after one has ended: told of %v, want %v", got, want)
		}
		close(block)
		time.Sleep(time.Minute)
		if got := told(t, r.heard()); len(got) != 0 {
			t.Errorf("with no call in flight: told of %v, want nothing", got)
		}
		r.stop()
	})
}

func TestCallsThatWaitForTheirTurnAreToldOfAsWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, block := blocking(t)
		go r.receive()
		frames := []wire.Frame{heeds}
		for seq := range uint64(2000) { // more than run at once
			frames = append(frames, callOf(seq+1))
		}
		r.hand(frames...)
		time.Sleep(2*wire.HeartbeatInterval + time.Millisecond)
		got := told(t, r.heard())
		if len(got) != 1 || len(got[0]) != 2000 {
			t.Errorf("told of %d messages, the first of %d calls; want one of 2000", len(got), len(slices.Concat(got...)))
		}
		close(block)
		r.stop()
	})
}

func TestManyCallsTakeSeveralHeartbeats(t *testing.T) {
	s, l := someCallers(t), newMemoryLink(t)
	h := newHeartbeats(s.callers, clocks.NewPulse(), func(string) bool { return true }, new(atomic.Uint64))
	now := time.Now()
	var calls []*Call
	for seq := range uint64(wire.MaxRunning + 10) {
		calls = append(calls, callUntil(seq+1, now.Add(time.Hour)))
	}
	s.callers.admit(l, l.from, sender{speaks: true, abilities: wire.Heartbeats}, "math", calls, now)
	h.Beat(now)
	h.Beat(now)
	got := told(t, l.heard())
	if all := slices.Concat(got...); len(got) != 2 || len(got[0]) != wire.MaxRunning || len(all) != len(calls) {
		t.Errorf("%d heartbeats of %d calls, want 2 of %d", len(got), len(all), len(calls))
	}
}

func TestOnlyCallersWhoTakeThemGetHeartbeats(t *testing.T) {
	for name, begin := range map[string]struct {
		sender wire.Frame
		from   link.Caller
	}{
		"says nothing of itself":    {wire.Frame{Kind: wire.KindNotify, Time: 1, Body: callOf(1).Body}, link.Caller{Key: "memory"}},
		"can't":                     {wire.Frame{Kind: wire.KindSender, Seq: 77, Abilities: ^wire.Heartbeats}, link.Caller{Key: "memory"}},
		"has an inbox a message":    {heeds, link.Caller{Key: "memory", Ephemeral: true}},
		"wants no answers":          {heeds, link.Caller{}},
		"says that it can too late": {wire.Frame{Kind: 127}, link.Caller{Key: "memory"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			r, block := blocking(t)
			r.from = begin.from
			go r.receive()
			r.hand(begin.sender, callOf(1), heeds)
			time.Sleep(10 * wire.HeartbeatInterval)
			if got := r.heard(); len(got) != 0 {
				t.Errorf("a caller who %s: got %+v, want no heartbeats", name, got)
			}
			close(block)
			r.stop()
		})
	}
}

func TestWhoSaysOnlyWhoItIsHearsWhoIsAsked(t *testing.T) {
	for name, test := range map[string]struct {
		frames  []wire.Frame
		answers bool
	}{
		"a frame about the sender":       {[]wire.Frame{heeds}, true},
		"and one that is ignored":        {[]wire.Frame{heeds, {Kind: wire.KindRunning}}, false},
		"one that is ignored, before it": {[]wire.Frame{{Kind: wire.KindRunning}, heeds}, false},
		"one that is ignored":            {[]wire.Frame{{Kind: wire.KindRunning}}, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			r, block := blocking(t)
			close(block)
			go r.receive()
			r.hand(test.frames...)
			synctest.Wait()
			got := r.take()
			if answered := len(got) == 1 && len(got[0]) == 1 && got[0][0].Kind == wire.KindInstance && string(got[0][0].Body) == r.reader.instance; answered != test.answers || !answered && len(got) > 0 {
				t.Errorf("%s: got %+v, want it answered by a frame about the instance alone: %t", name, got, test.answers)
			}
			r.stop()
		})
	}
}

func TestTheCallsOfACallerWhoIsGoneEnd(t *testing.T) {
	const beat = wire.HeartbeatInterval
	for name, test := range map[string]struct {
		misses []bool // of the heartbeats, which found nobody
		calls  int    // another call comes after so many; 0: none
		ended  int    // calls
	}{
		"for long":                     {[]bool{true, true, true, true, true}, 0, 2},
		"not long enough":              {[]bool{true, true, true, true}, 0, 0},
		"with one who came back":       {[]bool{true, true, true, false, true, true, true}, 0, 0},
		"in whose name somebody calls": {[]bool{true, true, true, true, true}, 3, 3},
		"and calls again":              {[]bool{true, true, true, true, true, false, true, true, true, true}, 5, 2},
		"and is gone again":            {[]bool{true, true, true, true, true, false, true, true, true, true, true}, 5, 3},
		"and seemed gone once before":  {[]bool{true, false, true, true, true, true, true}, 0, 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			r, block := blocking(t)
			go r.receive()
			r.hand(heeds, callOf(1), callOf(2))
			time.Sleep(2*beat - time.Millisecond)
			r.heard()
			for i, missed := range test.misses {
				if i > 0 && i == test.calls {
					r.hand(heeds, callOf(3))
				}
				time.Sleep(beat)
				if missed {
					r.callers.missing("memory", r.signed(), time.Now())
				}
			}
			synctest.Wait()
			want := test.ended
			if got := len(slices.Concat(r.taken()...)); got != want {
				t.Errorf("%s: %d calls have ended, want %d", name, got, want)
			}
			if got := r.counters.abandoned.Load(); got != uint64(want) {
				t.Errorf("%s: Abandoned = %d, want %d", name, got, want)
			}
			if r.callers.missing("somebody else", r.signed(), time.Now()); r.counters.abandoned.Load() != uint64(want) {
				t.Errorf("%s: a miss of somebody else counts", name)
			}
			close(block)
			r.stop()
		})
	}
}

func TestWhoCallsInAnothersNameTakesNothingBackThatThatOneSaid(t *testing.T) {
	for name, forged := range map[string]wire.Frame{
		"it can do nothing":          {Kind: wire.KindSender, Seq: 78},
		"it can do other things":     {Kind: wire.KindSender, Seq: 78, Abilities: ^wire.Heartbeats},
		"nothing of itself":          {Kind: 127},
		"the same, by its clock":     {Kind: wire.KindSender, Seq: heeds.Seq, Time: 1 << 60},
		"nothing, and it came first": {},
	} {
		synctest.Test(t, func(t *testing.T) {
			r, block := blocking(t)
			go r.receive()
			first := forged.Kind == 0
			if first {
				r.hand(wire.Frame{Kind: wire.KindSender, Seq: 78}, callOf(9))
			}
			r.hand(heeds, callOf(1))
			time.Sleep(wire.HeartbeatInterval + time.Millisecond)
			if !first {
				r.hand(forged, callOf(9))
			}
			r.heard()
			time.Sleep(4 * wire.HeartbeatInterval)
			if got := told(t, r.heard()); len(got) != 4 || !slices.Contains(got[3], 1) {
				t.Errorf("after a message that says %s: told of %v, want call 1 each of four intervals", name, got)
			}
			close(block)
			r.stop()
		})
	}
}

func TestWhoDoesNotSeeHeartbeatsCannotSayThatTheyFoundNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, block := blocking(t)
		go r.receive()
		r.hand(heeds, callOf(1))
		for range 12 {
			time.Sleep(wire.HeartbeatInterval)
			for _, sign := range []uint64{0, r.signed() - 1, r.signed() + 1} {
				r.callers.missing("memory", sign, time.Now())
			}
		}
		if got := r.counters.abandoned.Load(); got != 0 || len(r.taken()) > 0 {
			t.Errorf("Abandoned = %d, want none", got)
		}
		close(block)
		r.stop()
	})
}

// probedLink is a link that finds out itself whether its caller is there.
type probedLink struct {
	*memoryLink
	late []bool // of each probe
}

func (l *probedLink) Probe(late bool) { l.late = append(l.late, late) }

func TestCallersOfALinkThatFindsOutItselfAreProbedWhileTheyHaveCallsInFlight(t *testing.T) {
	s, l := someCallers(t), &probedLink{memoryLink: newMemoryLink(t)}
	pulse := clocks.NewPulse()
	h := newHeartbeats(s.callers, pulse, func(string) bool { return true }, new(atomic.Uint64))
	now := time.Now()
	pulse.Beat(now)
	beat := func(after time.Duration) (goesOn bool) {
		if now = now.Add(after); after < clocks.LongestPause {
			pulse.Beat(now)
		}
		return !h.Beat(now).IsZero()
	}
	call := callUntil(1, now.Add(time.Hour))
	// Whether it takes heartbeats is no matter: whoever speaks by links answers pings.
	c, _ := s.callers.admit(l, l.from, sender{}, "math", []*Call{call}, now)
	for _, after := range []time.Duration{clocks.PulseInterval, clocks.PulseInterval, 10 * clocks.LongestPause, clocks.PulseInterval} {
		if !beat(after) {
			t.Error("no more beats are due, want some while a call is in flight")
		}
	}
	if want := []bool{false, false, true, false}; !slices.Equal(l.late, want) {
		t.Errorf("the link is probed with %v, want %v: the third time the process stood still before", l.late, want)
	}
	if got := l.heard(); len(got) != 0 {
		t.Errorf("%d heartbeats are sent, want none", len(got))
	}
	c.take(call)
	if beat(clocks.PulseInterval) || len(l.late) != 4 {
		t.Errorf("the link is probed %d times, want 4: no call is in flight any more", len(l.late))
	}
	s.callers.admit(l, l.from, sender{}, "math", []*Call{callUntil(2, now.Add(time.Hour))}, now)
	if s.callers.gone(l.from.Key); s.abandoned.Load() != 1 {
		t.Errorf("%d calls are abandoned, want 1", s.abandoned.Load())
	}
	if beat(clocks.PulseInterval) || len(l.late) != 4 {
		t.Error("a caller that is gone is probed")
	}
}

func TestWhoSendsALargeCallByALinkThatFindsOutItselfIsProbedThoughItTakesNoHeartbeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		l := &probedLink{memoryLink: r.memoryLink}
		r.link, r.direct = l, true
		go r.receive()
		r.hand(wire.Frame{Kind: wire.KindSender, Seq: 77, Abilities: wire.Chunks},
			wire.Frame{Kind: wire.KindLargeCall, Seq: 1, Time: 10_000, Body: wire.AppendExtent(nil, wire.Extent{Length: 1 << 20})})
		time.Sleep(3 * wire.HeartbeatInterval)
		synctest.Wait()
		if len(l.late) < 2 {
			t.Errorf("the link was probed %d times in three intervals, want each while the call is in flight", len(l.late))
		}
		r.callers.cancel("memory", 1, canceled)
		r.stop()
	})
}
