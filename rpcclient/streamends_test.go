package rpcclient_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// times is a service whose streams tell of their contexts.
type times struct {
	c     *rpcclient.Client
	begun chan bool // told when a handler that takes items has the first
	took  chan int  // how many items a handler got that was canceled
}

// Left gives the time that the handler has, and -1 if its context has no deadline.
func (x *times) Left(ctx context.Context) iter.Seq2[time.Duration, error] {
	return func(yield func(time.Duration, error) bool) {
		if deadline, ok := ctx.Deadline(); ok {
			yield(time.Until(deadline), nil)
		} else {
			yield(-1, nil)
		}
	}
}

// Hang returns when its context ends.
func (x *times) Hang(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// Nested gives what a call says that the handler makes with its own context, and which hangs.
func (x *times) Nested(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		yield(helium.CodeOf(x.c.Call(ctx, "times.hang", nil)).String(), nil)
	}
}

// Ready gives n numbers.
func (x *times) Ready(n int) iter.Seq2[int, error] { return numbers(n) }

// Slowly takes numbers, and waits for the end of its context behind the first.
func (x *times) Slowly(ctx context.Context, xs iter.Seq2[int, error]) error {
	n := 0
	for _, err := range xs {
		if err != nil {
			break
		}
		if n++; n == 1 {
			x.begun <- true
			<-ctx.Done()
		}
		time.Sleep(time.Millisecond)
	}
	x.took <- n
	return nil
}

func TestAStreamsHandlerHasNoDeadlineButItsCallers(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.New(t)
		hasty := env.NewClient(rpcclient.Config{Timeout: 100 * time.Millisecond})
		serveOver(t, over, env, env.Client, rpcserver.Config{}, "times", &times{c: hasty})
		left, err := gather(rpcclient.Stream[time.Duration](t.Context(), env.Client, "times.left"))
		if err != nil || len(left) != 1 || left[0] != -1 {
			t.Errorf("without a deadline: the handler has %v, %v; want no deadline", left, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		left, err = gather(rpcclient.Stream[time.Duration](ctx, env.Client, "times.left"))
		if err != nil || len(left) != 1 || left[0] <= 0 || left[0] > time.Minute {
			t.Errorf("with a minute: the handler has %v, %v; want a minute at most", left, err)
		}
		// What the handler calls has the time of a call, so one that hangs ends.
		said, err := gather(rpcclient.Stream[string](t.Context(), env.Client, "times.nested"))
		if err != nil || len(said) != 1 || said[0] != helium.CodeDeadlineExceeded.String() {
			t.Errorf("a call that the handler makes: %v, %v; want deadline_exceeded", said, err)
		}
	})
}

func TestADeadlineOfAStreamFarAwayIsNoDeadlineAtOnce(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.New(t)
		serveOver(t, over, env, env.Client, rpcserver.Config{}, "times", &times{})
		for name, deadline := range map[string]time.Time{"the year 9999": time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), "the longest time": time.Now().Add(math.MaxInt64)} {
			ctx, cancel := context.WithDeadline(t.Context(), deadline)
			left, err := gather(rpcclient.Stream[time.Duration](ctx, env.Client, "times.left"))
			cancel()
			if err != nil || len(left) != 1 || left[0] < 300*24*time.Hour {
				t.Errorf("%s: the handler has %v, %v; want about a year", name, left, err)
			}
		}
	})
}

func TestWhenAStreamsContextEndsItsLoopEndsWhateverItemsWait(t *testing.T) {
	const n = 10_000 // in one message, or few
	overEachLink(t, func(t *testing.T, over linkage) {
		for name, want := range map[string]error{"a cancel": context.Canceled, "a deadline": context.DeadlineExceeded} {
			end := func(ctx context.Context) (context.Context, func()) {
				if name == "a cancel" {
					return context.WithCancel(ctx)
				}
				return context.WithTimeout(ctx, time.Second)
			}
			env := heliumtest.New(t)
			x := &times{begun: make(chan bool, 1), took: make(chan int, 1)}
			serveOver(t, over, env, env.Client, rpcserver.Config{}, "times", x)
			ctx, cancel := end(t.Context())
			items := 0
			var err error
			for _, e := range rpcclient.Stream[int](ctx, env.Client, "times.ready", n) {
				if err = e; err != nil {
					break
				}
				if items++; items == 1 {
					if name == "a cancel" {
						eventually(t, func() error {
							if came := env.Client.Stats().ItemsReceived; came < n {
								return fmt.Errorf("%d of %d items have come", came, n)
							}
							return nil
						})
						cancel()
					}
					<-ctx.Done()
				}
				time.Sleep(time.Millisecond) // so that it isn't through before the end is noticed
			}
			cancel()
			if items == n || !errors.Is(err, want) {
				t.Errorf("%s, items that come: got %d of them, %v; want few, %v", name, items, err, want)
			}

			ctx, cancel = end(t.Context())
			if name == "a cancel" {
				go func() {
					<-x.begun
					cancel()
				}()
			}
			err = env.Client.Call(ctx, "times.slowly", nil, numbers(n))
			cancel()
			if took := within(t, x.took, "end of the handler"); took == n || !errors.Is(err, want) {
				t.Errorf("%s, items that are sent: the handler got %d of them, the caller %v; want few, %v", name, took, err, want)
			}
		}
	})
}
