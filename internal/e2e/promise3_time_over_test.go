package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// lingerer is the service "linger", whose handlers last until their contexts end and tell why they did.
type lingerer struct{ ended chan error }

func (l *lingerer) linger(ctx context.Context) {
	<-ctx.Done()
	l.ended <- ctx.Err()
}

// Give gives one item, and at its end an error.
func (l *lingerer) Give(ctx context.Context) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		if yield(1, nil) {
			l.linger(ctx)
			yield(0, ctx.Err())
		}
	}
}

// Flood gives items as long as somebody takes them.
func (l *lingerer) Flood(ctx context.Context) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		defer l.linger(ctx)
		for yield(1, nil) {
		}
	}
}

// Take takes what comes.
func (l *lingerer) Take(ctx context.Context, xs iter.Seq2[int, error]) error {
	var last error
	for _, last = range xs {
	}
	l.linger(ctx)
	if last != nil && !errors.Is(last, context.DeadlineExceeded) {
		return fmt.Errorf("what is taken ended with %w", last)
	}
	return ctx.Err()
}

// Keep takes a value.
func (l *lingerer) Keep(ctx context.Context, _ []byte) error {
	l.linger(ctx)
	return ctx.Err()
}

func TestPromise3AHandlerWhoseTimeIsOverIsToldSoWhateverItsCallIs(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		l := &lingerer{ended: make(chan error, 1000)}
		srv := serve(t, n.dial(), n.config(rpcserver.Config{}), "linger", l)
		c := n.client(rpcclient.Config{})
		n.link(t, c, "linger", 1)
		endless := func(yield func(int, error) bool) {
			for yield(1, nil) {
			}
		}
		drain := func(items iter.Seq2[int, error]) (last error) {
			for _, last = range items {
			}
			return last
		}
		for name, call := range map[string]func(context.Context) error{
			"a call":                  func(ctx context.Context) error { return c.Call(ctx, "linger.keep", nil, []byte{1}) },
			"a call of a large value": func(ctx context.Context) error { return c.Call(ctx, "linger.keep", nil, make([]byte, 1<<21)) },
			"a stream that stalls":    func(ctx context.Context) error { return drain(rpcclient.Stream[int](ctx, c, "linger.give")) },
			"a stream that flows":     func(ctx context.Context) error { return drain(rpcclient.Stream[int](ctx, c, "linger.flood")) },
			"a stream that is sent": func(ctx context.Context) error {
				return c.Call(ctx, "linger.take", nil, iter.Seq2[int, error](endless))
			},
		} {
			t.Run(name, func(t *testing.T) {
				ran := 0
				for left := 50 * time.Millisecond; ran < 10; {
					ctx, cancel := context.WithTimeout(context.Background(), left)
					err := call(ctx)
					cancel()
					if helium.CodeOf(err) != helium.CodeDeadlineExceeded {
						t.Fatalf("error %v, want deadline_exceeded", err)
					}
					eventually(t, "a server at rest", func() error {
						if s := srv.Stats(); s.Running+s.Waiting+s.Streams > 0 {
							return errors.New("calls are under way")
						}
						return nil
					})
					select {
					case why := <-l.ended:
						ran++
						if why != context.DeadlineExceeded {
							t.Fatalf("the context of handler %d ended with %v, want context.DeadlineExceeded", ran, why)
						}
					default: // its time was over before its turn came
						left += left / 2
					}
				}
			})
		}
	})
}
