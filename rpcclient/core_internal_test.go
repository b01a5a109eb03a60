package rpcclient

import (
	"context"
	"testing"
	"time"

	"github.com/helium-rpc/helium/internal/monotonic"
	"github.com/helium-rpc/helium/internal/wire"
)

func TestNoDeadlineIsFurtherAwayThanServersTake(t *testing.T) {
	c := &core{timeout: time.Second}
	now := time.Now()
	for at, want := range map[time.Time]time.Time{
		time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC): now.Add(wire.MaxTime),
		now.Add(time.Hour):                          now.Add(time.Hour),
		now.Add(-time.Hour):                         now.Add(-time.Hour),
	} {
		ctx, cancel := context.WithDeadline(t.Context(), at)
		if got := c.deadline(ctx, now); !got.Equal(want) {
			t.Errorf("with a context until %v, a call has until %v, want %v", at, got, want)
		}
		cancel()
	}
	if got := c.deadline(context.Background(), now); !got.Equal(now.Add(time.Second)) {
		t.Errorf("without a deadline, a call has until %v, want the client's timeout", got)
	}
}

func TestADeadlineByTheCalendarIsKeptByTheMonotonicClock(t *testing.T) {
	c := &core{timeout: time.Second}
	now := monotonic.Now()
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(time.Hour).Round(0))
	defer cancel()
	if got := c.deadline(ctx, now); !monotonic.Has(got) || got.Sub(now).Round(time.Minute) != time.Hour {
		t.Errorf("a call has until %v, want an hour from %v by the monotonic clock", got, now)
	}
}
