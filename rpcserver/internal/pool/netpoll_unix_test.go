//go:build unix

package pool

import (
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestWhoYieldsToTheNetworkLetsTheProgramReadWhatHasCome(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	a, b := connection(t)
	var read atomic.Bool
	go func() {
		_, _ = b.Read(make([]byte, 1))
		read.Store(true)
	}()
	// The reader has to wait for its socket before anything comes by it.
	time.Sleep(10 * time.Millisecond)
	yielder := newNetpollYielder()
	defer yielder.close()
	yielder.yield()
	if _, err := a.Write([]byte{1}); err != nil {
		t.Fatal(err)
	}
	yields := 0
	for began := time.Now(); !read.Load() && time.Since(began) < 20*time.Second; yields++ {
		yielder.yield()
	}
	if !read.Load() {
		t.Errorf("what has come isn't read after %d yields", yields)
	}
}

// connection returns both ends of a connection.
func connection(t *testing.T) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if a, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if b, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

func TestWhoYieldsWhenAnotherHasLookedLooksAgain(t *testing.T) {
	yielder := newNetpollYielder()
	defer yielder.close()
	yielder.busy, yielder.looked = true, true // of somebody whose turn to go on hasn't come yet
	done := make(chan struct{})
	go func() {
		yielder.yield()
		close(done)
	}()
	for waits := false; !waits; runtime.Gosched() { // for that turn
		select {
		case <-done:
			t.Fatal("yield returned, and what came since the last look isn't read")
		default:
		}
		var stacks [1 << 16]byte
		waits = strings.Contains(string(stacks[:runtime.Stack(stacks[:], true)]), "sync.(*Cond).Wait")
	}
	yielder.mu.Lock()
	yielder.busy = false
	yielder.rounds++
	yielder.ended.Broadcast()
	yielder.mu.Unlock()
	<-done
	if yielder.rounds != 2 {
		t.Errorf("%d looks at the network when yield returned, want 2: the one that was over, and its own", yielder.rounds)
	}
}

func TestManyYieldToTheNetworkTogetherAndNoneForEver(t *testing.T) {
	yielder := newNetpollYielder()
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			for range 200 {
				yielder.yield()
			}
		})
	}
	wg.Wait()
	yielder.close()
	yielder.yield() // though it is closed
	yielder.close()
}
