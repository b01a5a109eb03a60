package helium_test

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
	contexts chan context.Context
	ended    chan error        // why the context of a Watch ended
	next     *rpcclient.Client // whom Ask calls
}

func newWatcher() *watcher {
	return &watcher{contexts: make(chan context.Context, 100), ended: make(chan error, 100)}
}

// Look returns at once.
func (w *watcher) Look(ctx context.Context) { w.contexts <- ctx }

// Watch lasts until its context ends.
func (w *watcher) Watch(ctx context.Context) error {
	w.contexts <- ctx
	<-ctx.Done()
	w.ended <- ctx.Err()
	return ctx.Err()
}

// Ask calls another service in its own context.
func (w *watcher) Ask(ctx context.Context) error { return w.next.Call(ctx, "last.look", nil) }

func TestPromise3DeadlinesAndCancellationReachTheHandler(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	w, last := newWatcher(), newWatcher()
	w.next = n.client(rpcclient.Config{})
	serve(t, n.dial(), rpcserver.Config{}, "watch", w)
	serve(t, n.dial(), rpcserver.Config{}, "last", last)
	c := n.client(rpcclient.Config{})

	// checkDeadline fails the test unless a handler's deadline is its caller's.
	checkDeadline := func(t *testing.T, ctx context.Context, want time.Time) {
		t.Helper()
		got, ok := ctx.Deadline()
		if off := got.Sub(want); !ok || off < -soon || off > soon {
			t.Errorf("the handler's deadline is %v after its caller's (has one: %v), want the same", off, ok)
		}
	}
	t.Run("the handler has its caller's deadline", func(t *testing.T) {
		// Far from every default, so that it can only be the caller's.
		for _, left := range []time.Duration{time.Minute, 5 * time.Minute, 48 * time.Hour} {
			ctx, cancel := context.WithTimeout(context.Background(), left)
			defer cancel()
			if err := c.Call(ctx, "watch.look", nil); err != nil {
				t.Fatal(err)
			}
			want, _ := ctx.Deadline()
			checkDeadline(t, receive(t, "a context", w.contexts), want)
		}
	})
	t.Run("the services that it calls have it too", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		if err := c.Call(ctx, "watch.ask", nil); err != nil {
			t.Fatal(err)
		}
		want, _ := ctx.Deadline()
		checkDeadline(t, receive(t, "a context", last.contexts), want)
	})
	t.Run("the client's default stands in where the caller has none", func(t *testing.T) {
		impatient := n.client(rpcclient.Config{Timeout: 300 * time.Millisecond})
		err := impatient.Call(context.Background(), "watch.watch", nil)
		if helium.CodeOf(err) != helium.DeadlineExceeded {
			t.Errorf("error %v, want deadline_exceeded", err)
		}
		checkDeadline(t, receive(t, "a context", w.contexts), time.Now())
		if err := receive(t, "the end of the handler", w.ended); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the handler's context ended with %v, want context.DeadlineExceeded", err)
		}
		usual := n.client(rpcclient.Config{})
		if err := usual.Call(context.Background(), "watch.look", nil); err != nil {
			t.Fatal(err)
		}
		checkDeadline(t, receive(t, "a context", w.contexts), time.Now().Add(10*time.Second))
	})
	t.Run("it ends the handler's context, and the call", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		defer cancel()
		err := c.Call(ctx, "watch.watch", nil)
		if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() == nil && time.Until(deadlineOf(ctx)) > 0 {
			t.Errorf("error %v with %v left, want deadline_exceeded, and not before", err, time.Until(deadlineOf(ctx)))
		}
		receive(t, "a context", w.contexts)
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
}

func deadlineOf(ctx context.Context) time.Time {
	deadline, _ := ctx.Deadline()
	return deadline
}

func TestPromise3ACallWhoseTimeRanOutOrWhoWasCanceledInTheQueueIsNotRun(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	w := newWorker("w")
	srv := serve(t, n.dial(), rpcserver.Config{MaxInFlight: 1, MaxQueue: 10}, "work", w)
	c := n.client(rpcclient.Config{})
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
	answers := make(chan error, 2)
	go func() { answers <- c.Call(canceled, "work.run", nil, 2) }()
	waits(1)
	cancel()
	if err := receive(t, "an answer", answers); !errors.Is(err, context.Canceled) {
		t.Errorf("the call that was canceled: error %v, want canceled", err)
	}
	const limit = time.Second
	go func() { answers <- callWithin(limit, c, 3) }()
	waits(2)
	received := time.Now() // at the latest; the server counts the time left from then
	if err := receive(t, "an answer", answers); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the call that ran out of time: error %v, want deadline_exceeded", err)
	}
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
}
