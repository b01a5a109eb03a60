package e2e_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
)

// overloadPhase is how long calls are counted.
const overloadPhase = 2 * time.Second

// callsAtBest counts the calls that are done for a few callers of whom each waits for an answer.
func callsAtBest(t *testing.T, call func(time.Duration) error) int64 {
	t.Helper()
	const patient = 4
	var done atomic.Int64
	var wg sync.WaitGroup
	began := time.Now()
	for range patient {
		wg.Go(func() {
			for time.Since(began) < overloadPhase {
				if err := call(patience); err != nil {
					t.Errorf("without overload: %v", err)
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return done.Load()
}

// callsUnderTenTimes makes calls of a second each, ten times as many as are done at best, and counts how they
// end. What a busy machine has it make too late it makes at once, or it would be less of a load.
func callsUnderTenTimes(t *testing.T, best int64, call func(time.Duration) error) (done, refused, late int64) {
	t.Helper()
	var ends struct{ done, refused, late atomic.Int64 }
	var wg sync.WaitGroup
	began := time.Now()
	for i := range 10 * best {
		time.Sleep(time.Until(began.Add(time.Duration(i) * overloadPhase / time.Duration(10*best))))
		wg.Go(func() {
			switch err := call(time.Second); {
			case err == nil:
				ends.done.Add(1)
			case errors.Is(err, helium.ErrOverloaded) && helium.OutcomeOf(err) == helium.NotExecuted:
				ends.refused.Add(1)
			case helium.CodeOf(err) == helium.CodeDeadlineExceeded:
				ends.late.Add(1)
			default:
				t.Errorf("under overload: %v, outcome %v", err, helium.OutcomeOf(err))
			}
		})
	}
	wg.Wait()
	return ends.done.Load(), ends.refused.Load(), ends.late.Load()
}

func TestPromise10OverloadCostsLittleMoreThanWhatIsTooMuch(t *testing.T) {
	t.Parallel()
	overEachLinkInTurn(t, func(t *testing.T, n network) {
		const steps = 5_000_000 // some 5 ms
		launch(t, part{URL: n.broker.URL(), Server: &serverPart{Processors: 1, Listen: n.over.listen}})
		c := n.client(rpcclient.Config{MaxAttempts: 1})
		n.link(t, c, "work", 1)
		var last atomic.Int64
		compute := func(limit time.Duration) error {
			ctx, cancel := context.WithTimeout(context.Background(), limit)
			defer cancel()
			return c.Call(ctx, "work.compute", nil, last.Add(1), int64(steps))
		}

		best := callsAtBest(t, compute)
		done, refused, late := callsUnderTenTimes(t, best, compute)
		t.Logf("%d calls at best; under ten times as many %d done, %d refused, %d late", best, done, refused, late)
		if want := best / 3; done < want {
			t.Errorf("%d calls were done, want at least %d, a third of what was done at best", done, want)
		}
		if late > refused {
			t.Errorf("%d calls ran into their deadlines and %d were refused, want most of what is too much refused", late, refused)
		}
		if err := compute(patience); err != nil {
			t.Errorf("after the overload: %v", err)
		}
	})
}
