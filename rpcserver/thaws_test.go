package rpcserver

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

// frozen is a server in a bubble whose process can stand still.
type frozen struct {
	*served
	born     time.Time     // when the pulse began
	asleep   time.Duration // for which its clock has stood still
	deadline time.Time     // of the call that ran last
}

func serveFrozen(t *testing.T) *frozen {
	f := new(frozen)
	f.served = serve(t, func(ctx context.Context) { f.deadline, _ = ctx.Deadline() })
	f.born = time.Now()
	f.pulse.Beat(f.born)
	go f.receive()
	return f
}

// freeze has the process stand still, its monotonic clock for a part of that.
func (f *frozen) freeze(still, asleep time.Duration) {
	time.Sleep(still - asleep)
	f.pulse.Backdate(0, asleep)
	f.asleep += asleep
}

// call sends a call in a message that was begun a while ago. It returns why it wasn't run, nil if
// it was.
func (f *frozen) call(clock uint64, ago, left time.Duration) *helium.Error {
	f.t.Helper()
	call := callOf(1)
	call.Time = wire.Milliseconds(left)
	reading := time.Since(f.born) + f.asleep - ago
	f.hand(wire.Frame{Kind: wire.KindSender, Seq: clock, Time: uint64((time.Hour + reading) / time.Microsecond)}, call)
	synctest.Wait()
	answers := f.take()
	if len(answers) != 1 {
		f.t.Fatalf("%d messages of answers, want 1", len(answers))
	}
	answer := answers[0][len(answers[0])-1]
	if answer.Kind == wire.KindReply {
		return nil
	}
	e, err := wire.ReadError(answer.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	if e.Outcome != helium.NotExecuted {
		f.t.Errorf("%v is %v, want not executed", e, e.Outcome)
	}
	return e
}

func TestWhatCameWhileTheServerStoodStillRunsOnlyIfItsTimeIsNotOver(t *testing.T) {
	for name, asleep := range map[string]time.Duration{
		"stopped by a signal":                   0,
		"suspended with its machine":            10 * time.Second,
		"without processor time, and suspended": 7 * time.Second,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := serveFrozen(t)
				defer f.stop()
				const known, unknown = 1000, 2000
				for _, clock := range []uint64{known, known + 1} {
					if err := f.call(clock, time.Millisecond, time.Minute); err != nil {
						t.Fatal(err)
					}
				}
				f.freeze(10*time.Second, asleep)
				for _, c := range []struct {
					who       uint64
					ago, left time.Duration
					want      error
				}{
					{known, 9 * time.Second, 5 * time.Second, helium.ErrExpired},
					{known, 9 * time.Second, time.Minute, nil},
					{known + 1, 5 * time.Millisecond, time.Second, nil}, // it came after the standstill
					{known, 10 * time.Second, 9900 * time.Millisecond, helium.ErrExpired},
					{unknown, 9 * time.Second, 5 * time.Second, helium.ErrFrozen},
					{unknown + 1, 0, 5 * time.Second, helium.ErrFrozen}, // nobody can tell it from the one before
					{unknown, 9 * time.Second, time.Minute, nil},
					{unknown, 0, 5 * time.Second, helium.ErrFrozen}, // nothing was learnt meanwhile
				} {
					err := f.call(c.who, c.ago, c.left)
					if (err == nil) != (c.want == nil) || err != nil && !errors.Is(err, c.want) {
						t.Errorf("clock %d, begun %v ago with %v left: %v, want %v", c.who, c.ago, c.left, err, c.want)
					}
					if least := time.Until(f.deadline); err == nil && (least > c.left-c.ago+5*time.Millisecond || least < c.left-10100*time.Millisecond) {
						t.Errorf("clock %d, begun %v ago with %v left: it ran with %v left", c.who, c.ago, c.left, least)
					}
					if errors.Is(err, helium.ErrExpired) {
						ms, _ := strconv.Atoi(err.Details[wire.WaitedDetail])
						if waited := time.Duration(ms) * time.Millisecond; waited > c.ago || waited < c.ago-10*time.Millisecond {
							t.Errorf("clock %d, begun %v ago: its error says that it waited %v", c.who, c.ago, waited)
						}
					}
				}
				_, of := f.pulse.Look(time.Now())
				f.come <- link.Incoming{Reached: func() { f.reader.clocks.Over(of, time.Since(f.born)) }}
				for _, clock := range []uint64{unknown, unknown + 2, known, known + 1} {
					if err := f.call(clock, time.Millisecond, 5*time.Second); err != nil {
						t.Errorf("clock %d, once all that came meanwhile was received: %v", clock, err)
					}
				}
				if err := f.call(unknown, 5*time.Second, 4*time.Second); !errors.Is(err, helium.ErrExpired) {
					t.Errorf("a clock that is known since the thaw, begun 5s ago with 4s left: %v, want ErrExpired", err)
				}
				if got := f.counters.expired.Load(); got != 3 {
					t.Errorf("%d calls are counted as expired, want 3", got)
				}
				if got := f.counters.frozen.Load(); got != 3 {
					t.Errorf("%d calls are counted as frozen, want 3", got)
				}
			})
		})
	}
}

// A mark that was put in line after one standstill says nothing of the next.
func TestAThawLastsUntilAllStandstillsAreOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serveFrozen(t)
		defer f.stop()
		f.freeze(10*time.Second, 0)
		at, first := f.pulse.Look(time.Now())
		f.freeze(3*time.Second, 0)
		if err := f.call(1, 0, 12*time.Second); !errors.Is(err, helium.ErrFrozen) {
			t.Errorf("with 12s left, after 13s: %v, want ErrFrozen", err)
		}
		f.come <- link.Incoming{Reached: func() { f.reader.clocks.Over(first, at) }}
		if err := f.call(1, 0, 2*time.Second); !errors.Is(err, helium.ErrFrozen) {
			t.Errorf("with 2s left, 3s after the mark was put in line: %v, want ErrFrozen", err)
		}
		if err := f.call(1, 0, 4*time.Second); err != nil {
			t.Errorf("with 4s left, 3s after the mark was put in line: %v, want nil", err)
		}
		at, second := f.pulse.Look(time.Now())
		f.come <- link.Incoming{Reached: func() { f.reader.clocks.Over(second, at) }}
		if err := f.call(1, 0, time.Second); err != nil {
			t.Errorf("after the mark of the second: %v, want nil", err)
		}
	})
}
