package mathsvc_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/mathsvc"
)

// BenchmarkAdd calls math.add within one process, with so many goroutines that share
// one client, and reports how many calls share a message.
func BenchmarkAdd(b *testing.B) {
	for _, inFlight := range []int{1, 16, 256} {
		b.Run(fmt.Sprintf("inflight=%d", inFlight), func(b *testing.B) {
			env := heliumtest.New(b)
			serveGenerated(b, env)
			math := mathsvc.NewClient(env.Client)
			ctx := context.Background()
			if _, err := math.Add(ctx, 1, 2); err != nil {
				b.Fatal(err)
			}
			var left atomic.Int64
			left.Store(int64(b.N))
			before := env.Client.Stats()
			b.ReportAllocs()
			b.ResetTimer()
			var wg sync.WaitGroup
			for range inFlight {
				wg.Go(func() {
					for left.Add(-1) >= 0 {
						if sum, err := math.Add(ctx, 1, 2); err != nil || sum != 3 {
							b.Errorf("Add(1, 2) = %v, %v; want 3, nil", sum, err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			after := env.Client.Stats()
			b.ReportMetric(float64(after.FramesSent-before.FramesSent)/float64(after.MessagesSent-before.MessagesSent), "calls/message")
		})
	}
}
