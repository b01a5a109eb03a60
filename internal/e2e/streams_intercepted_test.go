package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// notes are what happened, in order, of one direction each.
type notes struct {
	mu       sync.Mutex
	sent     []string // guarded by mu
	received []string // guarded by mu
}

func (n *notes) add(to *[]string, format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	*to = append(*to, fmt.Sprintf(format, args...))
}

// wrapper makes an interceptor's wraps of a function of the direction and the item.
type wrapper func(direction string, item int, next func(int) error) error

// around returns what wraps the items of one direction.
func (w wrapper) around(direction string) func(next func([]byte) error) func([]byte) error {
	return func(next func([]byte) error) func([]byte) error {
		return func(item []byte) error {
			r := codec.NewReader(item)
			x, err := r.Int(64)
			if err != nil {
				return err
			}
			return w(direction, int(x), func(x int) error {
				var out codec.Writer
				out.Int(int64(x))
				return next(out.Bytes())
			})
		}
	}
}

func (w wrapper) client() rpcclient.Interceptor {
	return func(next rpcclient.Handler) rpcclient.Handler {
		return func(ctx context.Context, call *rpcclient.Invocation) error {
			call.WrapSent(w.around("sent"))
			call.WrapReceived(w.around("received"))
			return next(ctx, call)
		}
	}
}

func (w wrapper) server() rpcserver.Interceptor {
	return func(next rpcserver.Handler) rpcserver.Handler {
		return func(ctx context.Context, call *rpcserver.Call) error {
			call.WrapSent(w.around("sent"))
			call.WrapReceived(w.around("received"))
			return next(ctx, call)
		}
	}
}

// noted is a wrapper that notes each item, and passes it on.
func noted(n *notes, name string) wrapper {
	return func(direction string, item int, next func(int) error) error {
		to := &n.sent
		if direction == "received" {
			to = &n.received
		}
		n.add(to, "%s %d", name, item)
		return next(item)
	}
}

func ints(xs ...int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for _, x := range xs {
			if !yield(x, nil) {
				return
			}
		}
	}
}

func TestInterceptorsWrapTheItemsOfStreamsTheFirstOneOutermost(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		var there, here notes
		add := wrapper(func(direction string, item int, next func(int) error) error { return next(item + 1) })
		serve(t, n.dial(), n.config(rpcserver.Config{Interceptors: []rpcserver.Interceptor{noted(&there, "a").server(), noted(&there, "b").server(), add.server()}}), "feed", newFeeder())
		c := n.client(rpcclient.Config{Interceptors: []rpcclient.Interceptor{noted(&here, "a").client(), add.client(), noted(&here, "b").client()}})
		n.link(t, c, "feed", 1)
		got, err := gather(rpcclient.Stream[int](testContext(t), c, "feed.double", ints(1, 10)))
		// 1 is sent as 2, doubled as 3, which is 6, leaves as 7, and comes as 8.
		if want := []int{8, 26}; err != nil || !slices.Equal(got, want) {
			t.Errorf("got %v, %v; want %v", got, err, want)
		}
		for _, side := range []struct {
			name           string
			notes          *notes
			sent, received []string
		}{
			{"the client's", &here, []string{"a 1", "b 2", "a 10", "b 11"}, []string{"b 7", "a 8", "b 25", "a 26"}},
			{"the server's", &there, []string{"b 7", "a 7", "b 25", "a 25"}, []string{"a 2", "b 2", "a 11", "b 11"}},
		} {
			side.notes.mu.Lock()
			if !slices.Equal(side.notes.sent, side.sent) || !slices.Equal(side.notes.received, side.received) {
				t.Errorf("%s interceptors saw %q leave and %q come, want %q and %q", side.name, side.notes.sent, side.notes.received, side.sent, side.received)
			}
			side.notes.mu.Unlock()
		}
	})
}

func TestAnInterceptorLeavesOutItemsAndAddsSome(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		// Odd ones are left out, and even ones come twice.
		even := wrapper(func(direction string, item int, next func(int) error) error {
			if item%2 == 1 {
				return nil
			}
			if err := next(item); err != nil {
				return err
			}
			return next(item)
		})
		plain := wrapper(func(_ string, item int, next func(int) error) error { return next(item) })
		for name, at := range map[string]struct{ server, client wrapper }{"the server": {even, plain}, "the client": {plain, even}} {
			srv := serve(t, n.dial(), n.config(rpcserver.Config{Interceptors: []rpcserver.Interceptor{at.server.server()}}), "feed", newFeeder())
			c := n.client(rpcclient.Config{Interceptors: []rpcclient.Interceptor{at.client.client()}}).At(srv.Instance())
			got, err := gather(rpcclient.Stream[int](testContext(t), c, "feed.numbers", 5))
			if want := []int{0, 0, 2, 2, 4, 4}; err != nil || !slices.Equal(got, want) {
				t.Errorf("at %s: numbers gave %v, %v; want %v", name, got, err, want)
			}
			sum, err := rpcclient.Call[int](testContext(t), c, "feed.sum", ints(1, 2, 3, 4))
			if sum != 12 || err != nil {
				t.Errorf("at %s: the sum is %d, %v; want 12", name, sum, err)
			}
		}
	})
}

var errTooMuch = helium.NewError(helium.CodeOutOfRange, "feed.too_much", "an item is too large")

// bounded refuses items that are too large, in one direction.
func bounded(in string) wrapper {
	return func(direction string, item int, next func(int) error) error {
		if direction == in && item >= 3 {
			return errTooMuch
		}
		return next(item)
	}
}

func TestAnErrorOfAnInterceptorAmongTheItemsEndsTheStreamAsTheIteratorsOwn(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		for _, test := range []struct {
			name           string
			server, client string // the direction in which items are bounded there
			outcome        helium.Outcome
			sends          bool // the bounded items are sent by the caller
		}{
			{"the server's, of what leaves", "sent", "", helium.Executed, false},
			{"the server's, of what comes", "received", "", helium.Executed, true},
			{"the client's, of what leaves", "", "sent", helium.Executed, true},
			{"the client's, of what comes", "", "received", helium.Unknown, false},
		} {
			feed := newFeeder()
			srv := serve(t, n.dial(), n.config(rpcserver.Config{Interceptors: []rpcserver.Interceptor{bounded(test.server).server()}}), "feed", feed)
			c := n.client(rpcclient.Config{Interceptors: []rpcclient.Interceptor{bounded(test.client).client()}})
			at := c.At(srv.Instance())
			var got []int
			var err error
			if test.sends {
				err = at.Call(testContext(t), "feed.sum", nil, ints(1, 2, 3, 4))
				if e := receive(t, test.name+": the handler's end", feed.over); !errors.Is(e, errTooMuch) {
					t.Errorf("%s: the handler got %v, want %v", test.name, e, errTooMuch)
				}
			} else {
				got, err = gather(rpcclient.Stream[int](testContext(t), at, "feed.numbers", -1))
				receive(t, test.name+": the handler's end", feed.over)
				if want := []int{0, 1, 2}; !slices.Equal(got, want) {
					t.Errorf("%s: got %v, want %v", test.name, got, want)
				}
			}
			if e := helium.AsError(err); !errors.Is(err, errTooMuch) || e.Outcome != test.outcome {
				t.Errorf("%s: %v, %v; want %v, %v", test.name, err, e.Outcome, errTooMuch, test.outcome)
			}
			noStreamsAt(t, srv)
		}
	})
}

func noStreamsAt(t *testing.T, srv *rpcserver.Server) {
	t.Helper()
	eventually(t, "no stream runs", func() error {
		if n := srv.Stats().Streams; n > 0 {
			return fmt.Errorf("%d run", n)
		}
		return nil
	})
}

func TestAnInterceptorThatPassesOnWhatIsNoItemIsTold(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		for name, bytes := range map[string]string{"nothing": "", "two values": "\x01\x02", "half of one": "\x92\x01"} {
			junk := func(next func([]byte) error) func([]byte) error {
				return func([]byte) error { return next([]byte(bytes)) }
			}
			srv := serve(t, n.dial(), n.config(rpcserver.Config{Interceptors: []rpcserver.Interceptor{func(next rpcserver.Handler) rpcserver.Handler {
				return func(ctx context.Context, call *rpcserver.Call) error {
					call.WrapSent(junk)
					return next(ctx, call)
				}
			}}}), "feed", newFeeder())
			c := n.client(rpcclient.Config{Interceptors: []rpcclient.Interceptor{func(next rpcclient.Handler) rpcclient.Handler {
				return func(ctx context.Context, call *rpcclient.Invocation) error {
					call.WrapSent(junk)
					return next(ctx, call)
				}
			}}}).At(srv.Instance())
			_, err := gather(rpcclient.Stream[int](testContext(t), c, "feed.numbers", 5))
			if !errors.Is(err, helium.ErrInterceptor) {
				t.Errorf("%s from the server's interceptor: %v, want ErrInterceptor", name, err)
			}
			if err := c.Call(testContext(t), "feed.sum", nil, ints(1)); !errors.Is(err, helium.ErrInterceptor) {
				t.Errorf("%s from the client's interceptor: %v, want ErrInterceptor", name, err)
			}
		}
	})
}

func TestAnInterceptorThatPassesOnAnItemWhenAllIsOverIsToldSoWhereNobodyTakesIt(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		const late = "\x63" // 99
		// kept passes on items of one direction.
		type kept struct{ next func([]byte) error }
		keep := func(k *kept) func(next func([]byte) error) func([]byte) error {
			return func(next func([]byte) error) func([]byte) error {
				k.next = next
				return next
			}
		}
		told := make(chan [3]error, 1)
		atServer := make(chan error, 1)
		serve(t, n.dial(), n.config(rpcserver.Config{Interceptors: []rpcserver.Interceptor{func(next rpcserver.Handler) rpcserver.Handler {
			return func(ctx context.Context, call *rpcserver.Call) error {
				var sent, received kept
				call.WrapSent(keep(&sent))
				call.WrapReceived(keep(&received))
				err := next(ctx, call)
				atServer <- received.next([]byte(late))
				if err := sent.next([]byte(late)); err != nil {
					t.Errorf("the server's interceptor can't send an item before it has returned: %v", err)
				}
				return err
			}
		}}}), "feed", newFeeder())
		c := n.client(rpcclient.Config{Interceptors: []rpcclient.Interceptor{func(next rpcclient.Handler) rpcclient.Handler {
			return func(ctx context.Context, call *rpcclient.Invocation) error {
				if !call.IsStream() {
					return next(ctx, call)
				}
				var sent, received kept
				call.WrapSent(keep(&sent))
				call.WrapReceived(keep(&received))
				err := next(ctx, call)
				select {
				case atTheServer := <-atServer:
					told <- [3]error{atTheServer, sent.next([]byte(late)), received.next([]byte(late))}
				case <-time.After(patience):
					t.Error("the server's interceptor passed an item on and was told nothing")
				}
				return err
			}
		}}})
		n.link(t, c, "feed", 1)
		got, err := gather(rpcclient.Stream[int](testContext(t), c, "feed.double", ints(1, 2)))
		if want := []int{2, 4, 99}; err != nil || !slices.Equal(got, want) {
			t.Errorf("got %v, %v; want %v", got, err, want)
		}
		if t.Failed() {
			return // the rest may never come
		}
		for i, err := range receive(t, "what the interceptors were told", told) {
			if err == nil {
				t.Errorf("%s took an item that nobody wants, want an error", []string{"the server's receiving end", "the client's sending end", "the client's receiving end"}[i])
			}
		}
	})
}

func TestInterceptorsSeeAStreamBeginAndEnd(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		var seen notes
		see := func(side string, isStream bool, err error, end bool) {
			seen.add(&seen.sent, "%s %t %t %v", side, isStream, end, err != nil)
		}
		srv := serve(t, n.dial(), n.config(rpcserver.Config{Interceptors: []rpcserver.Interceptor{func(next rpcserver.Handler) rpcserver.Handler {
			return func(ctx context.Context, call *rpcserver.Call) error {
				see("server", call.IsStream(), nil, false)
				err := next(ctx, call)
				see("server", call.IsStream(), err, true)
				return err
			}
		}}}), "feed", newFeeder())
		c := n.client(rpcclient.Config{Interceptors: []rpcclient.Interceptor{func(next rpcclient.Handler) rpcclient.Handler {
			return func(ctx context.Context, call *rpcclient.Invocation) error {
				see("client", call.IsStream(), nil, false)
				err := next(ctx, call)
				see("client", call.IsStream(), err, true)
				return err
			}
		}}})
		n.link(t, c, "feed", 1)
		seen.mu.Lock()
		seen.sent = nil // of calls that brought the link
		seen.mu.Unlock()
		if _, err := gather(rpcclient.Stream[int](testContext(t), c, "feed.numbers", 3)); err != nil {
			t.Fatal(err)
		}
		noStreamsAt(t, srv)
		want := []string{"client true false false", "client true true false", "server true false false", "server true true false"}
		seen.mu.Lock()
		defer seen.mu.Unlock()
		if slices.Sort(seen.sent); !slices.Equal(seen.sent, want) {
			t.Errorf("interceptors saw %q, want %q", seen.sent, want)
		}
	})
}

func TestAnInterceptorThatCallsAStreamAgainHasItsItemsWrappedOnceEachTime(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		serve(t, n.dial(), n.config(rpcserver.Config{}), "feed", newFeeder())
		var here notes
		again := func(next rpcclient.Handler) rpcclient.Handler {
			return func(ctx context.Context, call *rpcclient.Invocation) error {
				if err := next(ctx, call); err != nil {
					return err
				}
				return next(ctx, call)
			}
		}
		c := n.client(rpcclient.Config{Interceptors: []rpcclient.Interceptor{again, noted(&here, "in").client()}})
		got, err := gather(rpcclient.Stream[int](testContext(t), c, "feed.numbers", 2))
		if want := []int{0, 1, 0, 1}; err != nil || !slices.Equal(got, want) {
			t.Errorf("got %v, %v; want %v", got, err, want)
		}
		if want := "in 0,in 1,in 0,in 1"; strings.Join(here.received, ",") != want {
			t.Errorf("the interceptor within saw %q, want %q", here.received, want)
		}
	})
}

func TestAPanicOfAnInterceptorAmongTheItemsIsThatOfItsSide(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		panics := wrapper(func(string, int, func(int) error) error { panic("hm") })
		srv := serve(t, n.dial(), n.config(rpcserver.Config{Interceptors: []rpcserver.Interceptor{panics.server()}, Logger: quiet}), "feed", newFeeder())
		c := n.client(rpcclient.Config{})
		for method, err := range map[string]error{
			"numbers": func() error {
				_, err := gather(rpcclient.Stream[int](testContext(t), c, "feed.numbers", 2))
				return err
			}(),
			"sum": c.Call(testContext(t), "feed.sum", nil, ints(1)),
		} {
			if !errors.Is(err, helium.ErrPanic) || helium.OutcomeOf(err) != helium.Executed {
				t.Errorf("%s: %v, want ErrPanic, executed", method, err)
			}
		}
		noStreamsAt(t, srv)

		srv = serve(t, n.dial(), n.config(rpcserver.Config{}), "feed", newFeeder())
		c = n.client(rpcclient.Config{Interceptors: []rpcclient.Interceptor{panics.client()}}).At(srv.Instance())
		for method, call := range map[string]func(){
			"numbers": func() { _, _ = gather(rpcclient.Stream[int](testContext(t), c, "feed.numbers", -1)) },
			"sum":     func() { _ = c.Call(testContext(t), "feed.sum", nil, ints(1)) },
		} {
			func() {
				defer func() {
					if p := recover(); p != "hm" {
						t.Errorf("%s: the caller's panic is %v, want the interceptor's", method, p)
					}
				}()
				call()
			}()
		}
		noStreamsAt(t, srv)
	})
}

func TestStreamsAndTheirItemsAreCountedOnBothSidesAndByNATSsOwnTools(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		srv := serve(t, n.dial(), n.config(rpcserver.Config{}), "feed", newFeeder())
		c := n.client(rpcclient.Config{})
		n.link(t, c, "feed", 1)
		for range 2 {
			if _, err := gather(rpcclient.Stream[int](testContext(t), c, "feed.double", ints(1, 2, 3))); err != nil {
				t.Fatal(err)
			}
		}
		next, stop := iter.Pull2(rpcclient.Stream[int](testContext(t), c, "feed.double", func(yield func(int, error) bool) {
			yield(1, nil)
			<-testContext(t).Done()
		}))
		defer stop()
		if _, err, ok := next(); err != nil || !ok {
			t.Fatal(err)
		}
		eventually(t, "the counts are right", func() error {
			var at rpcserver.EndpointData
			if err := endpointOf(n.dial(), srv, "double", &at); err != nil {
				return err
			}
			s, here := srv.Stats(), c.Stats()
			got := []any{at.Streams, at.StreamsBegun, at.ItemsSent, at.ItemsReceived, at.InFlight, s.Streams, s.StreamsBegun, s.ItemsSent, s.ItemsReceived, here.Streams, here.ItemsSent, here.ItemsReceived}
			want := []any{uint64(1), uint64(3), uint64(7), uint64(7), uint64(1), 1, uint64(3), uint64(7), uint64(7), uint64(3), uint64(7), uint64(7)}
			if !slices.Equal(got, want) {
				return fmt.Errorf("they are %v, want %v", got, want)
			}
			return nil
		})
	})
}

// Grow returns so many bytes more than it is given.
func (f *feeder) Grow(data []byte, by int) []byte { return make([]byte, len(data)+by) }

func TestLargeValuesAreCountedOnBothSidesAndByNATSsOwnTools(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		srv := serve(t, n.dial(), n.config(rpcserver.Config{}), "feed", newFeeder())
		c := n.client(rpcclient.Config{})
		n.link(t, c, "feed", 1)
		const large = 3 << 20
		for _, call := range []struct{ size, by int }{{large, 0}, {10, large}, {10, 10}} {
			got, err := rpcclient.Call[[]byte](testContext(t), c, "feed.grow", make([]byte, call.size), call.by)
			if err != nil || len(got) != call.size+call.by {
				t.Fatalf("%d bytes, %v; want %d", len(got), err, call.size+call.by)
			}
		}
		eventually(t, "the counts are right", func() error {
			var at rpcserver.EndpointData
			if err := endpointOf(n.dial(), srv, "grow", &at); err != nil {
				return err
			}
			s, here := srv.Stats(), c.Stats()
			for what, got := range map[string]struct{ values, bytes, wantValues, wantBytes uint64 }{
				"sent by the server":      {s.LargeSent, s.LargeBytesSent, 2, 2 * large},
				"received by the server":  {s.LargeReceived, s.LargeBytesReceived, 1, large},
				"sent, as told of it":     {at.LargeSent, at.LargeBytesSent, 2, 2 * large},
				"received, as told of it": {at.LargeReceived, at.LargeBytesReceived, 1, large},
				"sent by the client":      {here.LargeSent, here.LargeBytesSent, 1, large},
				"received by the client":  {here.LargeReceived, here.LargeBytesReceived, 2, 2 * large},
			} {
				if got.values != got.wantValues || got.bytes < got.wantBytes || got.bytes > got.wantBytes+100 {
					return fmt.Errorf("%s: %d values of %d bytes, want %d of %d and what encodes them", what, got.values, got.bytes, got.wantValues, got.wantBytes)
				}
			}
			return nil
		})
	})
}

// endpointOf reads what an instance says of a method when NATS's tools ask.
func endpointOf(nc *nats.Conn, srv *rpcserver.Server, method string, data *rpcserver.EndpointData) error {
	defer nc.Close()
	msg, err := nc.Request("$SRV.STATS.feed."+srv.Instance(), nil, patience)
	if err != nil {
		return err
	}
	var stats micro.Stats
	if err := json.Unmarshal(msg.Data, &stats); err != nil {
		return err
	}
	for _, e := range stats.Endpoints {
		if e.Name == method {
			return json.Unmarshal(e.Data, data)
		}
	}
	return fmt.Errorf("no endpoint %q", method)
}
