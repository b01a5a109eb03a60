package e2e_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// watcher hands the contexts of its handlers to the test.
type watcher struct {
	contexts chan handed
	ended    chan error        // why the context of a Watch ended
	next     *rpcclient.Client // whom Ask calls
}

// handed is the context of a handler, and when it had it.
type handed struct {
	context.Context
	at time.Time
}

func newWatcher() *watcher {
	return &watcher{contexts: make(chan handed, 100), ended: make(chan error, 100)}
}

// Pass returns at once, and tells nobody.
func (w *watcher) Pass() {}

// Look returns at once.
func (w *watcher) Look(ctx context.Context) { w.contexts <- handed{ctx, time.Now()} }

// Watch lasts until its context ends.
func (w *watcher) Watch(ctx context.Context) error {
	w.contexts <- handed{ctx, time.Now()}
	<-ctx.Done()
	w.ended <- ctx.Err()
	return ctx.Err()
}

// Ask calls another service in its own context.
func (w *watcher) Ask(ctx context.Context) error { return w.next.Call(ctx, "last.look", nil) }

func TestPromise3DeadlinesAndCancellationReachTheHandler(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		w, last := newWatcher(), newWatcher()
		w.next = n.client(rpcclient.Config{})
		srv := serve(t, n.dial(), n.config(rpcserver.Config{}), "watch", w)
		serve(t, n.dial(), n.config(rpcserver.Config{}), "last", last)
		c := n.client(rpcclient.Config{})
		n.link(t, c, "watch", 1)
		n.link(t, w.next, "last", 1)

		// checkDeadline fails the test unless the deadline of a handler is its caller's, of
		// a call that began at a certain time. What travels is the time left, in whole
		// milliseconds, rounded up; so how long the call was on its way comes on top.
		checkDeadline := func(t *testing.T, h handed, began, want time.Time) {
			t.Helper()
			got, ok := h.Deadline()
			late, journey := got.Sub(want), h.at.Sub(began)
			if !ok || late < 0 || late > journey+10*time.Millisecond {
				t.Errorf("the handler's deadline is %v after its caller's (has one: %v), want the same or, after a journey of %v, so much later", late, ok, journey)
			}
		}
		// watch makes calls of watch.watch until a handler has had one, and returns how that
		// ended. On a machine that stands still the time of a call can be over before.
		watch := func(t *testing.T, c *rpcclient.Client, call func() error) (h handed, err error) {
			t.Helper()
			eventually(t, "a call that runs before its time is over", func() error {
				if err = call(); helium.CodeOf(err) != helium.CodeDeadlineExceeded {
					t.Fatalf("error %v, want deadline_exceeded", err)
				}
				// This one comes after it, and then the server has none left.
				if err := c.Call(testContext(t), "watch.pass", nil); err != nil {
					t.Fatal(err)
				}
				eventually(t, "a server at rest", func() error {
					if s := srv.Stats(); s.Running+s.Waiting > 0 {
						return errors.New("calls are under way")
					}
					return nil
				})
				select {
				case h = <-w.contexts:
					return nil
				default:
					return errors.New("it didn't run")
				}
			})
			return h, err
		}
		t.Run("the handler has its caller's deadline", func(t *testing.T) {
			// Far from every default, so that it can only be the caller's.
			for _, left := range []time.Duration{2 * time.Minute, 5 * time.Minute, 48 * time.Hour} {
				began := time.Now()
				ctx, cancel := context.WithTimeout(context.Background(), left)
				defer cancel()
				if err := c.Call(ctx, "watch.look", nil); err != nil {
					t.Fatal(err)
				}
				want, _ := ctx.Deadline()
				checkDeadline(t, receive(t, "a context", w.contexts), began, want)
			}
		})
		t.Run("the services that it calls have it too", func(t *testing.T) {
			began := time.Now()
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
			defer cancel()
			if err := c.Call(ctx, "watch.ask", nil); err != nil {
				t.Fatal(err)
			}
			want, _ := ctx.Deadline()
			checkDeadline(t, receive(t, "a context", last.contexts), began, want)
		})
		t.Run("the client's default stands in where the caller has none", func(t *testing.T) {
			const short, usual = 300 * time.Millisecond, 10 * time.Second
			impatient := n.client(rpcclient.Config{Timeout: short})
			n.link(t, impatient, "watch", 1)
			var began time.Time
			h, _ := watch(t, impatient, func() error {
				began = time.Now()
				return impatient.Call(context.Background(), "watch.watch", nil)
			})
			checkDeadline(t, h, began, began.Add(short))
			if err := receive(t, "the end of the handler", w.ended); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the handler's context ended with %v, want context.DeadlineExceeded", err)
			}
			began = time.Now()
			if err := n.client(rpcclient.Config{}).Call(context.Background(), "watch.look", nil); err != nil {
				t.Fatal(err)
			}
			checkDeadline(t, receive(t, "a context", w.contexts), began, began.Add(usual))
		})
		t.Run("it ends the handler's context, and the call", func(t *testing.T) {
			_, err := watch(t, c, func() error {
				ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
				defer cancel()
				err := c.Call(ctx, "watch.watch", nil)
				if left := time.Until(deadlineOf(ctx)); left > 0 {
					t.Errorf("error %v with %v left, want deadline_exceeded, and not before", err, left)
				}
				return err
			})
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v, want context.DeadlineExceeded", err)
			}
			if err := receive(t, "the end of the handler", w.ended); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the handler's context ended with %v, want context.DeadlineExceeded", err)
			}
		})
		t.Run("so does a cancel, long before the deadline", func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), 4*patience)
			defer cancel()
			answer := make(chan error, 1)
			go func() { answer <- c.Call(ctx, "watch.watch", nil) }()
			receive(t, "a context", w.contexts)
			cancel()
			if err := receive(t, "an answer", answer); !errors.Is(err, context.Canceled) {
				t.Errorf("error %v, want canceled", err)
			}
			if err := receive(t, "the end of the handler", w.ended); !errors.Is(err, context.Canceled) {
				t.Errorf("the handler's context ended with %v, want context.Canceled", err)
			}
		})
		t.Run("the handler's context ends when it has returned", func(t *testing.T) {
			if err := c.Call(testContext(t), "watch.look", nil); err != nil {
				t.Fatal(err)
			}
			left := receive(t, "a context", w.contexts)
			select {
			case <-left.Done():
			case <-time.After(patience):
				t.Errorf("it hasn't ended %v later, want an end for what the handler left behind", patience)
			}
		})
	})
}

func deadlineOf(ctx context.Context) time.Time {
	deadline, _ := ctx.Deadline()
	return deadline
}

func TestPromise3ACallWhoseTimeRanOutOrWhoWasCanceledInTheQueueIsNotRun(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		w := newWorker("w")
		srv := serve(t, n.dial(), n.config(rpcserver.Config{MaxInFlight: 1, MaxQueue: 10}), "work", w)
		c := n.client(rpcclient.Config{})
		n.link(t, c, "work", 1)
		held := make(chan error, 1)
		go func() { held <- c.Call(testContext(t), "work.hold", nil, 1) }()
		receive(t, "a Hold that began", w.began)
		waits := func(count int) {
			t.Helper()
			eventually(t, "calls that wait", func() error {
				if got := srv.Stats().Waiting; got != count {
					return errors.New("too few")
				}
				return nil
			})
		}

		canceled, cancel := context.WithCancel(context.Background())
		defer cancel()
		answer := make(chan error, 1)
		go func() { answer <- c.Call(canceled, "work.run", nil, 2) }()
		waits(1)
		cancel()
		if err := receive(t, "an answer", answer); !errors.Is(err, context.Canceled) {
			t.Errorf("the call that was canceled: error %v, want canceled", err)
		}
		const limit = 300 * time.Millisecond
		eventually(t, "a call that is sent", func() error {
			err := callWithin(limit, c, 3)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the call that ran out of time: error %v, want deadline_exceeded", err)
			}
			if helium.OutcomeOf(err) == helium.NotExecuted {
				return err // on a machine that stood still it didn't even leave
			}
			return nil
		})
		waits(2)
		received := time.Now() // at the latest; the server counts the time left from then
		// Times travel in whole milliseconds, rounded up.
		time.Sleep(time.Until(received.Add(limit + 2*time.Millisecond)))

		close(w.release)
		if err := receive(t, "the end of Hold", held); err != nil {
			t.Errorf("hold: %v, want nil", err)
		}
		if err := callWithin(patience, c, 4); err != nil { // the last in the queue
			t.Fatal(err)
		}
		for id, want := range map[int64]int{2: 0, 3: 0, 4: 1} {
			if got := w.times(id); got != want {
				t.Errorf("call %d ran %d times, want %d", id, got, want)
			}
		}
	})
}
