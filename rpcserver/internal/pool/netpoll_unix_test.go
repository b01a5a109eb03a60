//go:build unix

package pool

import (
	"net"
	"runtime"
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
