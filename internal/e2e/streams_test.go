package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// feeder is the service "feed", with a stream of each kind.
type feeder struct {
	over chan error // told how each handler ended
}

func newFeeder() *feeder { return &feeder{over: make(chan error, 1000)} }

// Numbers gives the numbers below n, and for ever if n is negative.
func (f *feeder) Numbers(ctx context.Context, n int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		defer func() { f.over <- context.Cause(ctx) }()
		for i := 0; i != n; i++ {
			if !yield(i, nil) {
				return
			}
		}
	}
}

// Blobs gives values of so many bytes, for ever.
func (f *feeder) Blobs(ctx context.Context, size int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		defer func() { f.over <- context.Cause(ctx) }()
		for blob := make([]byte, size); yield(blob, nil); {
		}
	}
}

// Sum adds up what it is sent.
func (f *feeder) Sum(ctx context.Context, xs iter.Seq2[int, error]) (sum int, err error) {
	defer func() { f.over <- err }()
	for x, err := range xs {
		if err != nil {
			return 0, err
		}
		sum += x
	}
	return sum, nil
}

// Double gives twice what it is sent.
func (f *feeder) Double(ctx context.Context, xs iter.Seq2[int, error]) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		defer func() { f.over <- context.Cause(ctx) }()
		for x, err := range xs {
			if err != nil || !yield(2*x, nil) {
				return
			}
		}
	}
}

// Feed gives the numbers from 0 on, for ever.
func (w *worker) Feed(ctx context.Context) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := 0; yield(i, nil); i++ {
		}
	}
}

// Tick gives a number, and another one each 10 ms.
func (w *worker) Tick(ctx context.Context) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := 0; yield(i, nil); i++ {
			select {
			case <-ctx.Done():
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
}

// Swallow takes all that it is sent.
func (w *worker) Swallow(xs iter.Seq2[int, error]) (n int, err error) {
	for _, err := range xs {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func TestStreamsBringAllThatIsSentInOrder(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		serve(t, n.dial(), n.config(rpcserver.Config{}), "feed", newFeeder())
		c := n.client(rpcclient.Config{})
		n.link(t, c, "feed", 1)
		const items = 200_000
		want := 0
		for got, err := range rpcclient.Stream[int](testContext(t), c, "feed.numbers", items) {
			if err != nil || got != want {
				t.Fatalf("item %d is %d, %v", want, got, err)
			}
			want++
		}
		if want != items {
			t.Errorf("%d items came, want %d", want, items)
		}
		sum, err := rpcclient.Call[int](testContext(t), c, "feed.sum", iter.Seq2[int, error](func(yield func(int, error) bool) {
			for i := range items {
				if !yield(i, nil) {
					return
				}
			}
		}))
		if sum != items*(items-1)/2 || err != nil {
			t.Errorf("the sum is %d, %v; want %d", sum, err, items*(items-1)/2)
		}
	})
}

func TestAStreamThatNobodyReadsHoldsUpNoOtherAndNoCall(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		srv := serve(t, n.dial(), n.config(rpcserver.Config{}), "feed", newFeeder())
		c := n.client(rpcclient.Config{})
		n.link(t, c, "feed", 1)
		const slow = 100
		ctx, stop := context.WithCancel(testContext(t))
		defer stop()
		for range slow { // each takes one item and no more
			next, end := iter.Pull2(rpcclient.Stream[[]byte](ctx, c, "feed.blobs", 10_000))
			defer end()
			if _, err, _ := next(); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			got, err := gather(rpcclient.Stream[int](testContext(t), c, "feed.numbers", 10_000))
			if len(got) != 10_000 || err != nil {
				t.Errorf("another stream brought %d items, %v; want 10,000", len(got), err)
			}
		}
		if err := c.Call(testContext(t), "feed.sum", nil, iter.Seq2[int, error](func(yield func(int, error) bool) { yield(1, nil) })); err != nil {
			t.Errorf("what is sent beside them: %v", err)
		}
		// What waits is bounded, and doesn't grow.
		sent := srv.Stats().ItemsSent
		if most := uint64(16<<20/10_000 + 2*slow + 30_000); sent > most {
			t.Errorf("%d items were sent though nobody read them, want at most %d", sent, most)
		}
	})
}

// gather returns the items of a stream and the error that ended it.
func gather[T any](items iter.Seq2[T, error]) (all []T, err error) {
	for item, e := range items {
		if e != nil {
			err = e
			continue
		}
		all = append(all, item)
	}
	return all, err
}

// ends returns where the end of a stream that goes on will be told, once some items have come.
func (n network) ends(c *rpcclient.Client, method string) <-chan error {
	n.t.Helper()
	came, end := make(chan bool, 1), make(chan error, 1)
	go func() {
		items := 0
		var err error
		for _, e := range rpcclient.Stream[int](context.Background(), c, method) {
			if err = e; err == nil {
				if items++; items == 3 {
					came <- true
				}
			}
		}
		end <- err
	}()
	receive(n.t, "items", came)
	return end
}

// swallowed is ends for a stream that is sent.
func (n network) swallowed(c *rpcclient.Client) <-chan error {
	n.t.Helper()
	began, end := make(chan bool, 1), make(chan error, 1)
	go func() {
		end <- c.Call(context.Background(), "work.swallow", nil, iter.Seq2[int, error](func(yield func(int, error) bool) {
			for i := 0; yield(i, nil); i++ {
				if i == 3 {
					began <- true
				}
			}
		}))
	}()
	receive(n.t, "items that are taken", began)
	return end
}

// wantLost checks that a stream ended as nobody knows what became of it.
func wantLost(t *testing.T, what string, err error, wants ...error) {
	t.Helper()
	if e := helium.AsError(err); err == nil || e.Code != helium.CodeUnavailable || e.Outcome != helium.Unknown || !slices.ContainsFunc(wants, func(want error) bool { return errors.Is(err, want) }) {
		t.Errorf("%s ended with %v, outcome %v; want one of %v, unavailable, unknown", what, err, helium.OutcomeOf(err), wants)
	}
}

func TestAStreamOfAKilledServerEnds(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		server := n.launchWorker()
		c := n.client(rpcclient.Config{})
		n.link(t, c, "work", 1)
		busy, idle, sent := n.ends(c, "work.feed"), n.ends(c, "work.tick"), n.swallowed(c)
		server.kill()
		for what, end := range map[string]<-chan error{"a busy stream": busy, "an idle stream": idle, "a stream that is sent": sent} {
			wantLost(t, what, receive(t, "the end of "+what, end), helium.ErrSilent, helium.ErrDisconnected)
		}
	})
}

func TestAStreamEndsWithTheConnectionThatItGoesBy(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	f := newFeeder()
	srv := serve(t, n.dial(), rpcserver.Config{}, "feed", f)
	nc := n.dial()
	c := newClient(t, nc, rpcclient.Config{})
	next, stop := iter.Pull2(rpcclient.Stream[int](context.Background(), c, "feed.numbers", -1))
	defer stop()
	if _, err, _ := next(); err != nil {
		t.Fatal(err)
	}
	if err := nc.ForceReconnect(); err != nil {
		t.Fatal(err)
	}
	var err error
	for err == nil {
		_, err, _ = next()
	}
	wantLost(t, "the stream", err, helium.ErrDisconnected)
	// The caller's inbox is there again, and its server learns that the stream isn't.
	if err := receive(t, "the end of the handler", f.over); !errors.Is(err, context.Canceled) {
		t.Errorf("the handler's context ended with %v, want context.Canceled", err)
	}
	eventually(t, "no stream runs", func() error {
		if n := srv.Stats().Streams; n != 0 {
			return fmt.Errorf("%d run", n)
		}
		return nil
	})
}

func TestTheServersSideOfAStreamEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		f := newFeeder()
		srv := serve(t, n.dial(), n.config(rpcserver.Config{}), "feed", f)
		nc := n.dial()
		c := newClient(t, nc, rpcclient.Config{})
		n.link(t, c, "feed", 1)
		next, stop := iter.Pull2(rpcclient.Stream[int](context.Background(), c, "feed.numbers", -1))
		defer stop()
		if _, err, _ := next(); err != nil {
			t.Fatal(err)
		}
		caller := launch(t, part{URL: n.broker.URL(), Caller: &callerPart{Stream: true, Linked: n.over.listen != "", Limit: patience}})
		caller.lineWith("came")
		caller.kill()
		for range 3 {
			if err := receive(t, "the end of a handler whose caller was killed", f.over); !errors.Is(err, context.Canceled) {
				t.Errorf("a handler's context ended with %v, want context.Canceled", err)
			}
		}
		eventually(t, "one stream", func() error {
			if n := srv.Stats().Streams; n != 1 {
				return fmt.Errorf("%d run", n)
			}
			return nil
		})
		if _, err, _ := next(); err != nil {
			t.Errorf("the other stream ended with %v, want it to go on", err)
		}
	})
}

// Waves gives values of so many bytes, each filled with its number, in memory that it uses again.
func (f *feeder) Waves(size, n int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		wave := make([]byte, size)
		for i := range n {
			copy(wave, bytes.Repeat([]byte{byte(i)}, size))
			if !yield(wave, nil) {
				return
			}
		}
	}
}

// Collect takes values that are filled with their numbers, keeps all of them, and says which was the first
// that isn't as it was sent.
func (f *feeder) Collect(waves iter.Seq2[[]byte, error]) (bad int, err error) {
	var all [][]byte
	for wave, err := range waves {
		if err != nil {
			return 0, err
		}
		all = append(all, wave)
	}
	return firstOther(all), nil
}

// firstOther returns which of some values isn't filled with its number; -1: none.
func firstOther(all [][]byte) int {
	for i, b := range all {
		if len(b) == 0 || bytes.Count(b, []byte{byte(i)}) != len(b) {
			return i
		}
	}
	return -1
}

func TestItemsAreTheReadersOwnAndTheWriterMayUseItsMemoryAgain(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		serve(t, n.dial(), n.config(rpcserver.Config{}), "feed", newFeeder())
		c := n.client(rpcclient.Config{})
		n.link(t, c, "feed", 1)
		for _, size := range []int{1, 1000, 16 << 10, 64 << 10, 300_000} {
			const items = 50
			var all sync.WaitGroup
			for range 3 { // at once
				all.Go(func() {
					got, err := gather(rpcclient.Stream[[]byte](testContext(t), c, "feed.waves", size, items))
					if bad := firstOther(got); len(got) != items || err != nil || bad >= 0 {
						t.Errorf("%d items of %d bytes came, %v; the first that isn't as it was sent is %d; want %d, none", len(got), size, err, bad, items)
					}
				})
				all.Go(func() {
					bad, err := rpcclient.Call[int](testContext(t), c, "feed.collect", newFeeder().Waves(size, items))
					if err != nil || bad >= 0 {
						t.Errorf("of %d items of %d bytes that were sent %d isn't as it was, %v", items, size, bad, err)
					}
				})
			}
			all.Wait()
		}
	})
}
