package direct

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestAListenerClosesAtOnceThoughItsNATSDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		s := listenAs(t, "", func(c *ListenConfig) {
			c.Reachable = func(ctx context.Context) bool {
				asked.Add(1)
				<-ctx.Done()
				return false
			}
		})
		time.Sleep(10 * reviewEvery)
		if n := asked.Load(); n != 0 {
			t.Errorf("NATS was asked %d times without a connection whose right could end, want 0", n)
		}
		meet(t, s)
		time.Sleep(reviewEvery)
		synctest.Wait()
		if n := asked.Load(); n != 1 {
			t.Errorf("NATS was asked %d times in a review, want once", n)
		}
		before := time.Now()
		s.Close()
		if took := time.Since(before); took > goodbyeTime {
			t.Errorf("closing took %v, want no more than the goodbyes", took)
		}
	})
}
