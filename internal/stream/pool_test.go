package stream_test

import (
	"runtime"
	"testing"

	"github.com/helium-rpc/helium/internal/stream"
)

// connection stands for one to NATS.
type connection struct{ _ [64]byte }

func TestWhoSharesAConnectionSharesItsPoolAndNobodyElseDoes(t *testing.T) {
	one, other := new(connection), new(connection)
	if a, b := stream.PoolOf(one), stream.PoolOf(one); a != b {
		t.Error("two that have one connection have a pool each")
	}
	if stream.PoolOf(one) == stream.PoolOf(other) {
		t.Error("two connections have one pool")
	}
	runtime.KeepAlive(one)
	runtime.KeepAlive(other)
}

func TestThePoolOfAConnectionThatIsGoneIsGone(t *testing.T) {
	gone := make(chan struct{})
	func() {
		nc := new(connection)
		runtime.AddCleanup(stream.PoolOf(nc), func(c chan struct{}) { close(c) }, gone)
	}()
	for {
		runtime.GC()
		select {
		case <-gone:
			return
		default: // the test's own time ends this
			runtime.Gosched()
		}
	}
}
