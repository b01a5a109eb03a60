package e2e_test

import (
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium/internal/chaos/proxy"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// How much waits for a slow reader internal/faketime tests, where time is exact.
func TestOnALongWayMoreOfAStreamIsUnderWayAndAsMuchAsEverForWhoReadsNothing(t *testing.T) {
	t.Parallel()
	const size, window = 64 << 10, 256 << 10
	n := newNetwork(t)
	p, err := proxy.Start(strings.TrimPrefix(n.broker.URL(), "nats://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	p.Set(proxy.Conditions{Delay: 20 * time.Millisecond})
	srv := serve(t, n.dial(), rpcserver.Config{}, "feed", newFeeder())
	c := newClient(t, dial(t, "nats://"+p.Address()), rpcclient.Config{})

	next, end := iter.Pull2(rpcclient.Stream[[]byte](testContext(t), c, "feed.blobs", size))
	defer end()
	if _, err, _ := next(); err != nil { // and no more of it
		t.Fatal(err)
	}
	eventually(t, "a window of the stream that nobody reads", func() error {
		if sent := srv.Stats().ItemsSent; sent != window/size {
			return fmt.Errorf("%d items", sent)
		}
		return nil
	})
	read, most, begun := uint64(0), uint64(0), time.Now()
	for blob, err := range rpcclient.Stream[[]byte](testContext(t), c, "feed.blobs", size) {
		if err != nil || len(blob) != size {
			t.Fatalf("an item of %d bytes, %v", len(blob), err)
		}
		read++
		if sent := srv.Stats().ItemsSent - window/size; sent > read {
			most = max(most, sent-read)
		}
		if most*size > 4*window || time.Since(begun) > patience {
			break
		}
	}
	if most*size <= 4*window {
		t.Errorf("%d bytes were under way at most, want more than %d: the window didn't grow", most*size, 4*window)
	}
}
