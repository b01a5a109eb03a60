package rpcclient_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// lastOnes are the calls that a server has when it shuts down.
type lastOnes struct {
	began   chan struct{}
	release chan struct{}
}

// Make returns so many bytes once it is released.
func (l *lastOnes) Make(size int) []byte {
	l.began <- struct{}{}
	<-l.release
	return bytes.Repeat([]byte{7}, size)
}

// Hold lasts until its context ends.
func (l *lastOnes) Hold(ctx context.Context) error {
	l.began <- struct{}{}
	<-ctx.Done()
	return ctx.Err()
}

// Trickle gives one item, and lasts until its context ends.
func (l *lastOnes) Trickle(ctx context.Context) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		if yield(1, nil) {
			l.began <- struct{}{}
			<-ctx.Done()
		}
	}
}

func newLastOnes() *lastOnes {
	return &lastOnes{began: make(chan struct{}, 100), release: make(chan struct{})}
}

func TestTheLargeResultsOfAServersLastCallsArrive(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.New(t)
		const size, calls = 2 << 20, 3
		for round := range 10 {
			name := fmt.Sprintf("last%d", round)
			l, c := newLastOnes(), env.NewClient(rpcclient.Config{}) // without a link to the server before
			srv := serveOver(t, over, env, c, rpcserver.Config{DrainTimeout: patience}, name, l)
			ends := make(chan error, calls)
			for range calls {
				go func() {
					got, err := rpcclient.Call[[]byte](t.Context(), c, name+".make", size)
					if err == nil && !bytes.Equal(got, bytes.Repeat([]byte{7}, size)) {
						err = fmt.Errorf("got %d bytes, want %d sevens", len(got), size)
					}
					ends <- err
				}()
				within(t, l.began, "call that began")
			}
			left := make(chan error, 1)
			go func() { left <- srv.Shutdown(t.Context()) }()
			close(l.release)
			for range calls {
				if err := within(t, ends, "result"); err != nil {
					t.Errorf("round %d: a call that ran when its server shut down got %v, want its result", round, err)
				}
			}
			if err := within(t, left, "end of Shutdown"); err != nil {
				t.Errorf("round %d: Shutdown = %v, want nil", round, err)
			}
		}
	})
}

func TestCallsAndStreamsThatAShutdownCutsAreToldSo(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.New(t)
		const each = 3
		for round := range 10 {
			name := fmt.Sprintf("last%d", round)
			l, c := newLastOnes(), env.NewClient(rpcclient.Config{})
			srv := serveOver(t, over, env, c, rpcserver.Config{DrainTimeout: 10 * time.Millisecond}, name, l)
			ends := make(chan error, 2*each)
			for range each {
				go func() { ends <- c.Call(t.Context(), name+".hold", nil) }()
				go func() {
					_, err := gather(rpcclient.Stream[int](t.Context(), c, name+".trickle"))
					ends <- err
				}()
			}
			for range 2 * each {
				within(t, l.began, "call that began")
			}
			_ = srv.Shutdown(t.Context()) // the error says that calls were cut
			for range 2 * each {
				if err := within(t, ends, "end"); !errors.Is(err, helium.ErrCut) {
					t.Errorf("round %d: a call that Shutdown cut got %v, want helium.ErrCut", round, err)
				}
			}
		}
	})
}
