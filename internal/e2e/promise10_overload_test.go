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

func TestPromise10OverloadCostsLittleMoreThanWhatIsTooMuch(t *testing.T) {
	t.Parallel()
	overEachLinkInTurn(t, func(t *testing.T, n network) {
		const steps, patient = 5_000_000, 4 // some 5 ms; callers of whom each waits for an answer
		launch(t, part{URL: n.broker.URL(), Server: &serverPart{Processors: 1, Listen: n.over.listen}})
		c := n.client(rpcclient.Config{MaxAttempts: 1})
		n.link(t, c, "work", 1)
		var last atomic.Int64
		compute := func(limit time.Duration) error {
			ctx, cancel := context.WithTimeout(context.Background(), limit)
			defer cancel()
			return c.Call(ctx, "work.compute", nil, last.Add(1), int64(steps))
		}

		// What it does at its best.
		const phase = 2 * time.Second
		var best atomic.Int64
		var wg sync.WaitGroup
		began := time.Now()
		for range patient {
			wg.Go(func() {
				for time.Since(began) < phase {
					if err := compute(patience); err != nil {
						t.Errorf("without overload: %v", err)
						return
					}
					best.Add(1)
				}
			})
		}
		wg.Wait()
		if t.Failed() {
			return
		}

		// Ten times as much.
		var done, refused, late atomic.Int64
		pause := phase / time.Duration(10*best.Load())
		tick := time.NewTicker(pause)
		defer tick.Stop()
		for began := time.Now(); time.Since(began) < phase; <-tick.C {
			wg.Go(func() {
				switch err := compute(time.Second); {
				case err == nil:
					done.Add(1)
				case errors.Is(err, helium.ErrOverloaded) && helium.OutcomeOf(err) == helium.NotExecuted:
					refused.Add(1)
				case helium.CodeOf(err) == helium.CodeDeadlineExceeded:
					late.Add(1)
				default:
					t.Errorf("under overload: %v, outcome %v", err, helium.OutcomeOf(err))
				}
			})
		}
		wg.Wait()
		t.Logf("%d calls at best; under ten times as many %d done, %d refused, %d late", best.Load(), done.Load(), refused.Load(), late.Load())
		if got, want := done.Load(), best.Load()/3; got < want {
			t.Errorf("%d calls were done, want at least %d, a third of what was done at best", got, want)
		}
		if got, want := late.Load(), refused.Load(); got > want {
			t.Errorf("%d calls ran into their deadlines and %d were refused, want most of what is too much refused", got, want)
		}
		if err := compute(patience); err != nil {
			t.Errorf("after the overload: %v", err)
		}
	})
}
