//go:build !race

// The race detector has memory of its own for each byte that is touched, so these tests, which are of memory, would
// take long with it and find nothing that those of large values don't.

package e2e_test

import (
	"bytes"
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// mirror is the service "mirror".
type mirror struct{}

// Show returns what it is given.
func (mirror) Show(data []byte) []byte { return data }

// heap returns how many bytes objects have, those among them that nobody has any more and that weren't collected yet.
func heap() int {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return int(sample[0].Value.Uint64())
}

func TestALargeEchoTakesASmallMultipleOfItsSizeOfBothEndsAndTheBrokerTogether(t *testing.T) {
	const size, values = 32 << 20, 2
	overEachLinkInTurn(t, func(t *testing.T, n network) {
		serve(t, n.dial(), n.config(rpcserver.Config{}), "mirror", mirror{})
		c := n.client(rpcclient.Config{})
		n.link(t, c, "mirror", 1)
		defer debug.SetGCPercent(debug.SetGCPercent(5)) // so that what nobody has any more counts little
		value := bytes.Repeat([]byte("glass and silver"), size/16)
		runtime.GC()
		before := heap()
		stop, most := make(chan struct{}), make(chan int, 1)
		go func() {
			tick := time.NewTicker(time.Millisecond)
			defer tick.Stop()
			for seen := 0; ; {
				select {
				case <-stop:
					most <- seen
					return
				case <-tick.C:
					seen = max(seen, heap())
				}
			}
		}()
		for range values { // one after another: what is left behind would add up
			got, err := rpcclient.Call[[]byte](context.Background(), c, "mirror.show", value)
			if err != nil || !bytes.Equal(got, value) {
				t.Errorf("%d bytes came back as %d, %v", size, len(got), err)
			}
		}
		close(stop)
		took := <-most - before
		t.Logf("%.1f times the value", float64(took)/size)
		// The client has the arguments encoded and the result, the server the arguments and the result encoded, and
		// who puts one together has for a moment another copy of what has come.
		if took > 8*size {
			t.Errorf("an echo of %d bytes took %d bytes of memory at its most beside the value, want 8 times as much at most", size, took)
		}
	})
}
