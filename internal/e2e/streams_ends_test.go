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

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/chaos/proxy"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

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

// allEnds is ends for a stream of each kind of "work", by what it is called.
func (n network) allEnds(c *rpcclient.Client) map[string]<-chan error {
	n.t.Helper()
	return map[string]<-chan error{"a busy stream": n.ends(c, "work.feed"), "an idle stream": n.ends(c, "work.tick"), "a stream that is sent": n.swallowed(c)}
}

// wantAllLost is wantLost for each of them.
func wantAllLost(t *testing.T, ends map[string]<-chan error, wants ...error) {
	t.Helper()
	for what, end := range ends {
		wantLost(t, what, receive(t, "the end of "+what, end), wants...)
	}
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
		ends := n.allEnds(c)
		server.kill()
		want := helium.ErrSilent
		if n.over.listen != "" {
			want = helium.ErrDisconnected // the link's end is told at once
		}
		wantAllLost(t, ends, want)
	})
}

func TestStreamsEndWithTheDirectLinkThatTheyGoBy(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(p *proxy.Proxy){
		"cut":                  (*proxy.Proxy).Cut,
		"half-open":            (*proxy.Proxy).HalfOpen,
		"half-closed":          (*proxy.Proxy).HalfClose,
		"nothing gets through": func(p *proxy.Proxy) { p.Set(proxy.Conditions{Held: true}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, _, p, c := throughProxy(t)
			ends := n.allEnds(c)
			fault(p)
			wantAllLost(t, ends, helium.ErrDisconnected)
			if err := callWithin(patience, c, 1); err != nil {
				t.Errorf("the next call: %v, want it to go by the bus", err)
			}
		})
	}
}

func TestStreamsByTheBusEndWithTheirBrokerAndThoseByDirectLinksGoOn(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		n.launchWorker()
		nc := n.dial()
		c := newClient(t, nc, rpcclient.Config{})
		n.link(t, c, "work", 1)
		ends := n.allEnds(c)
		n.broker.Close()
		if n.over.listen == "" {
			wantAllLost(t, ends, helium.ErrDisconnected)
			return
		}
		eventually(t, "the client knows that its broker is gone", func() error {
			if nc.IsConnected() {
				return errors.New("it doesn't")
			}
			return nil
		})
		n.allEnds(c) // more of them begin, and bring items
		for what, end := range ends {
			select {
			case err := <-end:
				t.Errorf("%s by a direct link ended with %v, want it to go on", what, err)
			default:
			}
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
