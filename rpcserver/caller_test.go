package rpcserver

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

// lone is a server's callers without the server, all by a link in memory.
type lone struct {
	*callers
	link       *memoryLink
	duplicates *atomic.Uint64
}

func someCallers(t *testing.T) *lone {
	duplicates := new(atomic.Uint64)
	return &lone{callers: newCallers(newOpening("i1", wire.Heartbeats), duplicates, new(atomic.Uint64)), link: newMemoryLink(t), duplicates: duplicates}
}

// admit enters calls of a caller, and returns those that were taken.
func (l *lone) admit(from link.Caller, calls []*Call, now time.Time) []*Call {
	_, taken := l.callers.admit(l.link, from, sender{}, "math", calls, now)
	return taken
}

func callUntil(seq uint64, deadline time.Time) *Call {
	call := newCall(deadline)
	call.seq = seq
	return call
}

func TestThousandsOfCallersThatCameAndWentAreForgotten(t *testing.T) {
	cs := someCallers(t)
	now := time.Now()
	var calls []*Call
	for i := range 5000 {
		from := link.Caller{Key: fmt.Sprint("c", i)}
		calls = append(calls, cs.admit(from, []*Call{callUntil(7, now.Add(time.Hour))}, now)...)
	}
	if got := cs.expire(now); got.After(now.Add(idleCaller)) {
		t.Errorf("next look in %v, want within %v though all deadlines are far", got.Sub(now), idleCaller)
	}
	for _, call := range calls {
		call.owner.take(call)
	}
	cs.expire(now.Add(idleCaller / 2))
	if got := len(cs.byKey); got != 5000 {
		t.Errorf("%d callers are remembered for a while, want 5000", got)
	}
	if got := cs.expire(now.Add(idleCaller)); len(cs.byKey) != 0 || !got.IsZero() {
		t.Errorf("%d callers are left, next look at %v; want none and no look", len(cs.byKey), got)
	}
}

func TestACallerThatIsUsedForOneMessageIsForgottenWithItsLastCall(t *testing.T) {
	cs := someCallers(t)
	now := time.Now()
	calls := cs.admit(link.Caller{Key: "c", Ephemeral: true}, []*Call{callUntil(1, now), callUntil(2, now)}, now)
	calls[0].owner.take(calls[0])
	if got := len(cs.byKey); got != 1 {
		t.Errorf("%d callers with a call in flight, want 1", got)
	}
	calls[1].owner.take(calls[1])
	if got := len(cs.byKey); got != 0 {
		t.Errorf("%d callers without, want 0", got)
	}
}

func TestInboxesBeyondManyAreForgottenAtOnce(t *testing.T) {
	cs := someCallers(t)
	now := time.Now()
	for i := range manyCallers + 1000 {
		from := link.Caller{Key: fmt.Sprint("c", i)}
		for _, call := range cs.admit(from, []*Call{callUntil(1, now)}, now) {
			call.owner.take(call)
		}
	}
	if got := len(cs.byKey); got != manyCallers {
		t.Errorf("%d callers are remembered, want %d", got, manyCallers)
	}
}

func TestDeadlinesEndContextsAndTheNextOneIsKnown(t *testing.T) {
	cs := someCallers(t)
	now := time.Now()
	early, late := callUntil(1, now.Add(time.Second)), callUntil(2, now.Add(3*time.Second))
	cs.admit(link.Caller{Key: "c", Address: "1"}, []*Call{late, early}, now)

	if got := cs.expire(now); !got.Equal(early.ctx.deadline) {
		t.Errorf("next look in %v, want 1 s", got.Sub(now))
	}
	got := cs.expire(now.Add(time.Second))
	if early.ctx.Err() != context.DeadlineExceeded || late.ctx.Err() != nil {
		t.Errorf("after 1 s: %v and %v, want deadline exceeded and nil", early.ctx.Err(), late.ctx.Err())
	}
	if !got.Equal(late.ctx.deadline) {
		t.Errorf("next look in %v, want 3 s", got.Sub(now))
	}
	cs.expire(now.Add(3 * time.Second))
	if late.ctx.Err() != context.DeadlineExceeded {
		t.Errorf("after 3 s: %v, want deadline exceeded", late.ctx.Err())
	}
	// Overdue and not done yet: an earlier deadline must still be found.
	next := callUntil(3, now.Add(4*time.Second))
	cs.admit(link.Caller{Key: "c", Address: "2"}, []*Call{next}, now.Add(3*time.Second))
	cs.expire(now.Add(4 * time.Second))
	if next.ctx.Err() != context.DeadlineExceeded {
		t.Errorf("a call beside overdue ones, after its time: %v, want deadline exceeded", next.ctx.Err())
	}
}

func TestASequenceNumberInFlightIsTakenOnce(t *testing.T) {
	cs := someCallers(t)
	now := time.Now()
	first := callUntil(5, now)
	if got := cs.admit(link.Caller{Key: "c", Address: "1"}, []*Call{first, callUntil(5, now)}, now); len(got) != 1 || got[0] != first {
		t.Errorf("took %d calls of two with one number, want the first", len(got))
	}
	if got := cs.admit(link.Caller{Key: "c", Address: "2"}, []*Call{callUntil(5, now)}, now); len(got) != 0 {
		t.Errorf("took %d more with that number, want none", len(got))
	}
	if got := cs.admit(link.Caller{Key: "d", Address: "1"}, []*Call{callUntil(5, now)}, now); len(got) != 1 {
		t.Errorf("took %d with that number of another caller, want 1", len(got))
	}
	if got := cs.duplicates.Load(); got != 2 {
		t.Errorf("duplicates = %d, want 2", got)
	}
	if _, ok := first.owner.take(first); !ok {
		t.Error("the call can't be taken, want it once")
	}
	if _, ok := first.owner.take(first); ok {
		t.Error("the call was taken twice: it would be answered twice")
	}
}

func TestACancelReachesItsCallersCallOnly(t *testing.T) {
	cs := someCallers(t)
	now := time.Now()
	mine, other := callUntil(5, now.Add(time.Hour)), callUntil(5, now.Add(time.Hour))
	cs.admit(link.Caller{Key: "c", Address: "1"}, []*Call{mine}, now)
	cs.admit(link.Caller{Key: "d", Address: "1"}, []*Call{other}, now)
	cs.cancel("c", 5, canceled)
	cs.cancel("c", 6, canceled)
	cs.cancel("e", 5, canceled)
	if mine.ctx.Err() != context.Canceled || other.ctx.Err() != nil {
		t.Errorf("after the cancel: mine %v, other %v; want canceled, nil", mine.ctx.Err(), other.ctx.Err())
	}
}
