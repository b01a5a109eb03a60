//go:build unix

package rpcserver

import (
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestWhoBreathesLetsTheProgramReadWhatHasCome(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	a, b := connection(t)
	var read atomic.Bool
	go func() {
		_, _ = b.Read(make([]byte, 1))
		read.Store(true)
	}()
	// The reader has to wait for its socket before anything comes by it.
	time.Sleep(10 * time.Millisecond)
	breather := newBreather()
	defer breather.close()
	breather.breathe()
	if _, err := a.Write([]byte{1}); err != nil {
		t.Fatal(err)
	}
	breaths := 0
	for began := time.Now(); !read.Load() && time.Since(began) < 20*time.Second; breaths++ {
		breather.breathe()
	}
	if !read.Load() {
		t.Errorf("what has come isn't read after %d breaths", breaths)
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

func TestManyBreatheTogetherAndNoneForEver(t *testing.T) {
	breather := newBreather()
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			for range 200 {
				breather.breathe()
			}
		})
	}
	wg.Wait()
	breather.close()
	breather.breathe() // though it is closed
	breather.close()
}
