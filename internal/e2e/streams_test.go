package e2e_test

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"testing"
	"time"

	"github.com/helium-rpc/helium/bus/broker"
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

// Ignore takes the first item that it is sent, and nothing more until its context ends.
func (f *feeder) Ignore(ctx context.Context, xs iter.Seq2[[]byte, error]) error {
	for range xs {
		<-ctx.Done()
		break
	}
	return ctx.Err()
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

func TestItemsThatLeaveTogetherFitTheMessagesOfANATSServerThatTakesSmallOnes(t *testing.T) {
	t.Parallel()
	n := network{t: t, broker: startBroker(t, broker.Config{Listen: "127.0.0.1:0", MaxPayload: 4 << 10})}
	startBinder(t, n.dial(), longLease)
	serve(t, n.dial(), rpcserver.Config{}, "feed", newFeeder())
	c := n.client(rpcclient.Config{})
	const items = 100_000 // as quick as they come, of which many gather
	got, err := gather(rpcclient.Stream[int](testContext(t), c, "feed.numbers", items))
	if len(got) != items || err != nil {
		t.Errorf("%d items came, %v; want %d", len(got), err, items)
	}
	sum, err := rpcclient.Call[int](testContext(t), c, "feed.sum", ints(got...))
	if sum != items*(items-1)/2 || err != nil {
		t.Errorf("the sum of what was sent is %d, %v; want %d", sum, err, items*(items-1)/2)
	}
}

func TestAThousandStreamsAtOnceMoveAndWhenTheyAreLeftAllHandlersDeferredCallsRun(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		const streams = 1000
		f := newFeeder()
		srv := serve(t, n.dial(), n.config(rpcserver.Config{}), "feed", f)
		c := n.client(rpcclient.Config{})
		n.link(t, c, "feed", 1)
		var next []func() (int, error, bool)
		var leave []func()
		for range streams {
			pull, stop := iter.Pull2(rpcclient.Stream[int](context.Background(), c, "feed.numbers", -1))
			next, leave = append(next, pull), append(leave, stop)
		}
		for round := range 3 { // so that all are under way while each is read
			for i := range next {
				if got, err, ok := next[i](); got != round || err != nil || !ok {
					t.Fatalf("stream %d: item %d is %d, %v, %t", i, round, got, err, ok)
				}
			}
		}
		if got := srv.Stats().Streams; got != streams {
			t.Errorf("%d streams run, want %d", got, streams)
		}
		for _, stop := range leave {
			stop()
		}
		for range streams {
			_ = receive(t, "what a handler has deferred", f.over)
		}
		eventually(t, "no streams on both sides", func() error {
			if here, there := c.Stats().InFlight, srv.Stats().Streams; here != 0 || there != 0 {
				return fmt.Errorf("%d in flight here, %d streams there", here, there)
			}
			return nil
		})
	})
}

func TestAStreamThatNobodyReadsHoldsUpNoOtherAndNoCall(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		srv := serve(t, n.dial(), n.config(rpcserver.Config{}), "feed", newFeeder())
		c := n.client(rpcclient.Config{})
		n.link(t, c, "feed", 1)
		const slow = 100
		var senders sync.WaitGroup
		defer senders.Wait()
		ctx, stop := context.WithCancel(testContext(t))
		defer stop()
		for range slow { // each takes one item and no more
			next, end := iter.Pull2(rpcclient.Stream[[]byte](ctx, c, "feed.blobs", 10_000))
			defer end()
			if _, err, _ := next(); err != nil {
				t.Fatal(err)
			}
		}
		for range slow { // of each of these the handler takes one
			senders.Go(func() { _ = c.Call(ctx, "feed.ignore", nil, endlessly(10_000)) })
		}
		eventually(t, "all of them have begun", func() error {
			if n := srv.Stats().Streams; n != 2*slow {
				return fmt.Errorf("%d run, want %d", n, 2*slow)
			}
			return nil
		})
		for range 3 {
			got, err := gather(rpcclient.Stream[int](testContext(t), c, "feed.numbers", 10_000))
			if len(got) != 10_000 || err != nil {
				t.Errorf("another stream brought %d items, %v; want 10,000", len(got), err)
			}
		}
		if err := c.Call(testContext(t), "feed.sum", nil, iter.Seq2[int, error](func(yield func(int, error) bool) { yield(1, nil) })); err != nil {
			t.Errorf("what is sent beside them: %v", err)
		}
		for range 100 {
			if got, err := rpcclient.Call[[]byte](testContext(t), c, "feed.grow", []byte("x"), 1); len(got) != 2 || err != nil {
				t.Fatalf("a call beside them: %d bytes, %v; want 2", len(got), err)
			}
		}
		// What waits is bounded, and doesn't grow.
		const most = 16<<20/10_000 + 2*slow
		if sent := srv.Stats().ItemsSent; sent > most+30_000 {
			t.Errorf("%d items were sent by the server though nobody read them, want at most %d", sent, most+30_000)
		}
		if sent := c.Stats().ItemsSent; sent > most+1 {
			t.Errorf("%d items were sent by the client though nobody read them, want at most %d", sent, most+1)
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

func TestWhatComesUnreadToAClientAndAServerOfOneConnectionIsBoundedTogether(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	shared := n.dial()
	serve(t, shared, rpcserver.Config{}, "sink", newFeeder())
	reader := newClient(t, shared, rpcclient.Config{})
	source := serve(t, n.dial(), rpcserver.Config{}, "source", newFeeder())
	writer := n.client(rpcclient.Config{})

	const each, size = 100, 10_000
	ctx, stop := context.WithCancel(testContext(t))
	var senders sync.WaitGroup
	defer senders.Wait()
	defer stop()
	for range each { // of each of these the handler takes one item
		senders.Go(func() { _ = writer.Call(ctx, "sink.ignore", nil, endlessly(size)) })
	}
	for range each { // and of these the client does
		next, leave := iter.Pull2(rpcclient.Stream[[]byte](ctx, reader, "source.blobs", size))
		defer leave()
		if _, err, _ := next(); err != nil {
			t.Fatal(err)
		}
	}
	// Until nothing more leaves.
	sent := func() uint64 { return source.Stats().ItemsSent + writer.Stats().ItemsSent }
	var before uint64
	eventually(t, "all that may come to have come", func() error {
		time.Sleep(200 * time.Millisecond)
		if now := sent(); now != before || now < 2*each {
			before = now
			return fmt.Errorf("%d items have left so far", now)
		}
		return nil
	})
	if most := uint64(16<<20/size + 2*each); before > most {
		t.Errorf("%d items of %d bytes left for one connection though nobody reads them, want at most %d", before, size, most)
	}
}
