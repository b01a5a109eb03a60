package faketime_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// besideLongCalls runs a test by the bus and by a direct link, with a client that has 300 calls at the server
// which last until their contexts end.
func besideLongCalls(t *testing.T, test func(w *world, srv *rpcserver.Server, c *rpcclient.Client)) {
	for name, listen := range map[string]string{"by the bus": "", "by a direct link": inMemory} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(w *world) {
				_, srv := w.serve("server", rpcserver.Config{Listen: listen})
				c := w.client(rpcclient.Config{})
				if listen != "" {
					w.linked(c)
				}
				for i := range 300 {
					one := w.begin(c, "work.hold", fmt.Sprintf("long%d", i))
					w.atEnd(func() { one.wait() })
				}
				if n := srv.Stats().Running; n != 300 {
					t.Fatalf("%d calls are in flight, want 300", n)
				}
				test(w, srv, c)
			})
		})
	}
}

// ends ranges over items, and returns how many there were and the error that came last.
func ends(ctx context.Context, c *rpcclient.Client, size, n int) (items int, end error) {
	for _, err := range rpcclient.Stream[[]byte](ctx, c, "work.blobs", size, n) {
		if end = err; err == nil {
			items++
		}
	}
	return items, end
}

func TestCallsThatTakeLongHoldUpNoStream(t *testing.T) {
	besideLongCalls(t, func(w *world, _ *rpcserver.Server, c *rpcclient.Client) {
		for _, size := range []int{10, 64 << 10, 3 << 20} {
			began := time.Now()
			items, err := ends(context.Background(), c, size, 50)
			if took := time.Since(began); items != 50 || err != nil || took > 5*time.Second {
				w.t.Errorf("a stream of 50 items of %d bytes beside calls that take a minute: %d items, %v, after %v; want all at once", size, items, err, took)
			}
		}
	})
}

func TestStreamsBesideCallsThatTakeLongEndWithTheirContexts(t *testing.T) {
	const after = 500 * time.Millisecond
	besideLongCalls(t, func(w *world, srv *rpcserver.Server, c *rpcclient.Client) {
		for what, limited := range map[string]func() (context.Context, context.CancelFunc){
			"deadline": func() (context.Context, context.CancelFunc) { return context.WithTimeout(context.Background(), after) },
			"cancel": func() (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(context.Background())
				time.AfterFunc(after, cancel)
				return ctx, cancel
			},
		} {
			ctx, cancel := limited()
			began := time.Now()
			next := w.slowReader(ctx, c)
			err := <-next
			cancel()
			if took := time.Since(began); err == nil || took > 2*after {
				w.t.Errorf("%s: the stream ended with %v after %v, want an error after %v", what, err, took, after)
			}
			time.Sleep(after)
			synctest.Wait()
			if n := srv.Stats().Streams; n != 0 {
				w.t.Errorf("%s: %d streams run at the server %v later, want none", what, n, after)
			}
		}
	})
}

// slowReader begins a stream without an end whose reader takes an item each 10 ms, and returns how it ends.
func (w *world) slowReader(ctx context.Context, c *rpcclient.Client) <-chan error {
	end := make(chan error, 1)
	go func() {
		var last error
		for _, err := range rpcclient.Stream[[]byte](ctx, c, "work.blobs", 64<<10, 1<<30) {
			last = err
			time.Sleep(10 * time.Millisecond)
		}
		end <- last
	}()
	return end
}

func TestAShutdownEndsStreamsBesideCallsThatTakeLongAndIsOverInTime(t *testing.T) {
	besideLongCalls(t, func(w *world, srv *rpcserver.Server, c *rpcclient.Client) {
		end := w.slowReader(context.Background(), c)
		time.Sleep(time.Second)
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		began := time.Now()
		shut := make(chan error, 1)
		go func() { shut <- srv.Shutdown(ctx) }()
		if err := <-end; !errors.Is(err, helium.ErrCut) || time.Since(began) > 1500*time.Millisecond {
			w.t.Errorf("the stream ended with %v after %v, want ErrCut after a second", err, time.Since(began))
		}
		if err := <-shut; err == nil || time.Since(began) > 5*time.Second {
			w.t.Errorf("Shutdown with 3 s returned %v after %v, want an error that says how many calls were cut, then", err, time.Since(began))
		}
	})
}
