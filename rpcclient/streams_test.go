package rpcclient_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// flows is a service with a stream of each kind.
type flows struct {
	over chan error // told how each handler's iterator or loop ended
}

var errFull = helium.NewError(helium.CodeResourceExhausted, "flow.full", "full")

// Count gives the numbers below n, for ever if n is negative.
func (f *flows) Count(ctx context.Context, n int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		var ended error
		defer func() { f.over <- ended }()
		for i := 0; i != n; i++ {
			if !yield(i, nil) {
				ended = context.Cause(ctx)
				if ended == nil {
					ended = errors.New("yield returned false though the context hasn't ended")
				}
				return
			}
		}
	}
}

// Fail gives n numbers and then an error.
func (f *flows) Fail(n int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			yield(i, nil)
		}
		yield(0, errFull)
	}
}

// Panic gives n numbers and then panics.
func (f *flows) Panic(n int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			yield(i, nil)
		}
		panic("on purpose")
	}
}

// Sum adds up what it is sent.
func (f *flows) Sum(ctx context.Context, xs iter.Seq2[int, error]) (sum int, err error) {
	defer func() { f.over <- err }()
	for x, err := range xs {
		if err != nil {
			return 0, err
		}
		sum += x
	}
	return sum, nil
}

// First returns the first of what it is sent, and takes no more.
func (f *flows) First(xs iter.Seq2[int, error]) (int, error) {
	for x, err := range xs {
		return x, err
	}
	return 0, errFull
}

// Running gives the sum so far for each number that it is sent, beginning with start.
func (f *flows) Running(start int, xs iter.Seq2[int, error]) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for x, err := range xs {
			if start += x; !yield(start, err) || err != nil {
				return
			}
		}
	}
}

// flowStub are the same methods as a client's.
type flowStub struct {
	Count   func(ctx context.Context, n int) iter.Seq2[int, error]
	Fail    func(n int) iter.Seq2[int, error]
	Panic   func(n int) iter.Seq2[int, error]
	Sum     func(ctx context.Context, xs iter.Seq2[int, error]) (int, error)
	First   func(ctx context.Context, xs iter.Seq2[int, error]) (int, error)
	Running func(start int, xs iter.Seq2[int, error]) iter.Seq2[int, error]
}

func serveFlows(t *testing.T, over linkage) (*flowStub, *flows, *rpcclient.Client, *rpcserver.Server) {
	t.Helper()
	env := heliumtest.New(t)
	f := &flows{over: make(chan error, 100)}
	srv := serveOver(t, over, env, env.Client, rpcserver.Config{}, "flow", f)
	stub := new(flowStub)
	if err := env.Client.Bind("flow", stub); err != nil {
		t.Fatal(err)
	}
	return stub, f, env.Client, srv
}

// numbers gives the numbers below n.
func numbers(n int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			if !yield(i, nil) {
				return
			}
		}
	}
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

func upTo(n int) []int {
	all, _ := gather(numbers(n))
	return all
}

// noStreams waits until no stream runs at a server.
func noStreams(t *testing.T, srv *rpcserver.Server) {
	t.Helper()
	eventually(t, func() error {
		if n := srv.Stats().Streams; n != 0 {
			return fmt.Errorf("%d streams run", n)
		}
		return nil
	})
}

func TestAStreamBringsAllItemsInOrderWhateverTheWayToCallIt(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		stub, _, c, srv := serveFlows(t, over)
		count, err := rpcclient.Func[func(context.Context, int) iter.Seq2[int, error]](c, "flow.count")
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{0, 1, 10, 50_000} {
			for name, items := range map[string]iter.Seq2[int, error]{
				"a field": stub.Count(t.Context(), n), "a function": count(t.Context(), n),
				"by name": rpcclient.Stream[int](t.Context(), c, "flow.count", n), "by its bare name": rpcclient.Stream[int](t.Context(), c, "count", n),
			} {
				for range 2 { // each range is a stream of its own
					if got, err := gather(items); err != nil || !slices.Equal(got, upTo(n)) {
						t.Errorf("%s, %d items: got %d, %v; want all", name, n, len(got), err)
					}
				}
			}
		}
		noStreams(t, srv)
		if s := srv.Stats(); s.StreamsBegun != 32 || s.ItemsSent != 8*50_011 || c.Stats().Streams != 32 || c.Stats().ItemsReceived != 8*50_011 {
			t.Errorf("begun %d and %d, items sent %d and received %d; want 32, 32, %d, %d", s.StreamsBegun, c.Stats().Streams, s.ItemsSent, c.Stats().ItemsReceived, 8*50_011, 8*50_011)
		}
	})
}

func TestAStreamIsSentWhateverTheWayToCallIt(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		stub, f, c, srv := serveFlows(t, over)
		for _, n := range []int{0, 1, 10, 50_000} {
			want := n * (n - 1) / 2
			if got, err := stub.Sum(t.Context(), numbers(n)); got != want || err != nil {
				t.Errorf("a field, %d items: got %d, %v; want %d", n, got, err, want)
			}
			<-f.over
			if got, err := rpcclient.Call[int](t.Context(), c, "flow.sum", numbers(n)); got != want || err != nil {
				t.Errorf("by name, %d items: got %d, %v; want %d", n, got, err, want)
			}
			<-f.over
		}
		if s := srv.Stats(); s.ItemsReceived != 2*50_011 || c.Stats().ItemsSent != 2*50_011 {
			t.Errorf("items sent %d, received %d; want %d", c.Stats().ItemsSent, s.ItemsReceived, 2*50_011)
		}
	})
}

func TestAStreamGoesBothWaysAtOnce(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		stub, _, c, srv := serveFlows(t, over)
		const n = 20_000
		last, items := 0, 0
		for sum, err := range stub.Running(1000, numbers(n)) {
			if err != nil {
				t.Fatal(err)
			}
			last = sum
			items++
		}
		if want := 1000 + n*(n-1)/2; last != want || items != n {
			t.Errorf("got %d sums, the last %d; want %d, %d", items, last, n, want)
		}
		// Each item is answered before the next is sent: nothing waits for company.
		next := make(chan int, 1)
		next <- 1
		answered := 0
		for sum, err := range rpcclient.Stream[int](t.Context(), c, "flow.running", 0, fromChannel(next)) {
			if answered++; err != nil || sum != answered {
				t.Fatalf("answer %d is %d, %v", answered, sum, err)
			}
			if answered == 100 {
				close(next)
			} else if answered < 100 {
				next <- 1
			}
		}
		if answered != 100 {
			t.Errorf("got %d answers, want 100", answered)
		}
		noStreams(t, srv)
	})
}

func fromChannel[T any](from <-chan T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for v := range from {
			if !yield(v, nil) {
				return
			}
		}
	}
}

func TestAHandlersErrorEndsAStreamBehindItsItems(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		stub, _, _, srv := serveFlows(t, over)
		for _, n := range []int{0, 3, 10_000} {
			got, err := gather(stub.Fail(n))
			if e := helium.AsError(err); len(got) != n || !errors.Is(err, errFull) || e.Outcome != helium.Executed || e.Method != "fail" {
				t.Errorf("got %d items, %v, %v; want %d, errFull, executed", len(got), err, e.Outcome, n)
			}
			got, err = gather(stub.Panic(n))
			if e := helium.AsError(err); len(got) != n || !errors.Is(err, helium.ErrPanic) || e.Outcome != helium.Executed {
				t.Errorf("got %d items, %v, %v; want %d, ErrPanic, executed", len(got), err, e.Outcome, n)
			}
		}
		noStreams(t, srv)
	})
}

func TestWhoLeavesTheLoopEndsTheStreamAndTheHandlersIterator(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		stub, f, c, srv := serveFlows(t, over)
		for name, leave := range map[string]func(ctx context.Context, cancel func()) (items int, err error){
			"break": func(ctx context.Context, _ func()) (items int, err error) {
				for range stub.Count(ctx, -1) {
					if items++; items == 1000 {
						break
					}
				}
				return items, nil
			},
			"a panic": func(ctx context.Context, _ func()) (items int, err error) {
				defer func() { _ = recover() }()
				for range stub.Count(ctx, -1) {
					if items++; items == 1000 {
						panic("on purpose")
					}
				}
				return items, nil
			},
			"a cancel": func(ctx context.Context, cancel func()) (items int, err error) {
				for _, e := range stub.Count(ctx, -1) {
					if err = e; err == nil {
						if items++; items == 1000 {
							cancel()
						}
					}
				}
				return items, err
			},
		} {
			ctx, cancel := context.WithCancel(t.Context())
			items, err := leave(ctx, cancel)
			cancel()
			if name == "a cancel" {
				if e := helium.AsError(err); !errors.Is(err, helium.ErrCanceled) || e.Outcome != helium.Unknown || items < 1000 {
					t.Errorf("%s: %d items, %v, %v; want ErrCanceled, unknown", name, items, err, e.Outcome)
				}
			} else if items != 1000 || err != nil {
				t.Errorf("%s: %d items, %v; want 1000, nil", name, items, err)
			}
			if ended := <-f.over; !errors.Is(ended, context.Canceled) {
				t.Errorf("%s: the handler's iterator ended with %v, want context.Canceled", name, ended)
			}
		}
		noStreams(t, srv)
		if n := c.Stats().InFlight; n != 0 {
			t.Errorf("%d calls are in flight, want none", n)
		}
	})
}

func TestADeadlineOfTheCallersOwnEndsAStream(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		stub, f, _, srv := serveFlows(t, over)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		items, err := gather(stub.Count(ctx, -1))
		// The handler, whose context ends likewise, may be first to say so.
		if e := helium.AsError(err); e.Code != helium.CodeDeadlineExceeded || e.Outcome == helium.NotExecuted {
			t.Errorf("got %d items, %v, %v; want deadline_exceeded, unknown or executed", len(items), err, e.Outcome)
		}
		if ended := <-f.over; ended == nil {
			t.Error("the handler's iterator ended by itself, want by its context")
		}
		noStreams(t, srv)
	})
}

func TestAnErrorAmongTheItemsSentIsTheHandlers(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		stub, f, _, srv := serveFlows(t, over)
		_, err := stub.Sum(t.Context(), func(yield func(int, error) bool) {
			for range 3 {
				if !yield(1, nil) {
					return
				}
			}
			yield(0, errFull)
		})
		if !errors.Is(err, errFull) {
			t.Errorf("got %v, want errFull, which the handler passes on", err)
		}
		if got := <-f.over; !errors.Is(got, errFull) {
			t.Errorf("the handler got %v, want errFull", got)
		}
		noStreams(t, srv)
	})
}

func TestAnIteratorWhoseItemsNobodyTakesIsAbandoned(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		stub, _, _, srv := serveFlows(t, over)
		sent, deferred := 0, false
		got, err := stub.First(t.Context(), func(yield func(int, error) bool) {
			defer func() { deferred = true }()
			for sent = 1; yield(sent, nil); sent++ {
			}
		})
		if got != 1 || err != nil || !deferred {
			t.Errorf("got %d, %v, deferred calls run: %t; want 1, nil, true", got, err, deferred)
		}
		noStreams(t, srv)
	})
}

func TestAPanicOfTheIteratorIsItsCallers(t *testing.T) {
	stub, f, c, srv := serveFlows(t, linkage{name: "bus"})
	func() {
		defer func() {
			if p := recover(); p != "on purpose" {
				t.Errorf("recovered %v, want the iterator's panic", p)
			}
		}()
		_, err := stub.Sum(t.Context(), func(yield func(int, error) bool) { panic("on purpose") })
		t.Errorf("Sum returned %v, want a panic", err)
	}()
	select {
	case err := <-f.over:
		if err == nil {
			t.Error("the handler got all items, want an error")
		}
	default: // it may not have begun when its caller had gone
	}
	if got := c.Stats(); got.Calls != 1 || got.Failures != 1 {
		t.Errorf("%d calls are counted, %d of them failed, want one that failed", got.Calls, got.Failures)
	}
	noStreams(t, srv)
}

func TestAStreamIsCalledAsWhatItIs(t *testing.T) {
	stub, _, c, _ := serveFlows(t, linkage{name: "bus"})
	ctx := t.Context()
	for name, err := range map[string]error{
		"a call of one that returns a stream": c.Call(ctx, "flow.count", nil, 3),
		"a call of one that takes a stream":   c.Call(ctx, "flow.sum", nil),
		"a result where items come":           c.Call(ctx, "flow.count", new(int), 3),
		"items of another type":               second(gather(rpcclient.Stream[string](ctx, c, "flow.count", 3))),
		"too few arguments":                   second(gather(rpcclient.Stream[int](ctx, c, "flow.count"))),
		"a stream of what sends none":         second(gather(rpcclient.Stream[int](ctx, c, "flow.sum", numbers(3)))),
		"a stream where none is taken":        second(gather(rpcclient.Stream[int](ctx, c, "flow.count", 3, numbers(3)))),
		"items to send of another type":       second(rpcclient.Call[int](ctx, c, "flow.sum", fromChannel[string](nil))),
		"a one-way call":                      c.Notify(ctx, "flow.count", 3),
	} {
		if e := helium.AsError(err); !errors.Is(err, helium.ErrMismatch) || e.Outcome != helium.NotExecuted {
			t.Errorf("%s: %v, %v; want ErrMismatch, not executed", name, err, e.Outcome)
		}
	}
	if _, err := stub.Sum(ctx, nil); !errors.Is(err, helium.ErrBadArgument) || helium.AsError(err).Outcome != helium.NotExecuted {
		t.Errorf("a nil iterator: %v, want ErrBadArgument, not executed", err)
	}
	var wrong struct {
		Count func(n int) (iter.Seq2[int, error], error)
	}
	if err := c.Bind("flow", &wrong); err == nil {
		t.Error("a stub that returns a stream and an error was bound, want an error")
	}
	if s := c.Stats(); s.Streams != 0 {
		t.Errorf("%d streams were sent, want none", s.Streams)
	}
}

func second[T any](_ T, err error) error { return err }

func TestWhoMayNotSayWhatGoesOnInAStreamIsToldBeforeItBegins(t *testing.T) {
	env, nc := newLimited(t, "helium.binder.>", "helium.at.flow.>", "helium.call.flow.>")
	f := &flows{over: make(chan error, 10)}
	srv := heliumtest.Serve(env, "flow", f)
	c := env.NewClientOn(nc, long)
	for range 3 {
		_, err := gather(rpcclient.Stream[int](t.Context(), c, "flow.count", -1))
		checkFailure(t, "count", err, failure{is: helium.ErrNotPermitted, code: helium.CodePermissionDenied, outcome: helium.NotExecuted, says: []string{"helium.ctl.flow." + srv.Instance(), "one instance"}})
	}
	if n := srv.Stats().StreamsBegun; n != 0 {
		t.Errorf("%d streams have begun, want none", n)
	}
}

func TestAStreamThatGoesOneWayOrToAllOrIsNoneIsRefusedWithWhatToDo(t *testing.T) {
	_, f, c, srv := serveFlows(t, linkage{name: "bus"})
	ctx := t.Context()
	toAll := func(method string, args ...any) (err error) {
		for answer := range rpcclient.All[int](ctx, c, method, args...) {
			err = answer.Err
		}
		return err
	}
	for name, want := range map[string]struct {
		err  error
		is   *helium.Error
		says string
	}{
		"sent one way":              {c.Notify(ctx, "flow.sum", numbers(3)), helium.ErrIsStream, "a stream can't go one way"},
		"sent to all":               {toAll("flow.sum", numbers(3)), helium.ErrIsStream, "a stream goes to one instance"},
		"taken of all":              {toAll("flow.count", 3), helium.ErrMismatch, "call it with rpcclient.Stream"},
		"a list in its place":       {c.Call(ctx, "flow.sum", nil, []int{1}), helium.ErrMismatch, "it takes 0 and a stream, an iter.Seq2[T, error] as the last argument"},
		"nothing in its place":      {c.Call(ctx, "flow.sum", nil, nil), helium.ErrMismatch, "an iter.Seq2[T, error] as the last argument"},
		"called":                    {c.Call(ctx, "flow.count", nil, 3), helium.ErrMismatch, "call it with rpcclient.Stream"},
		"an iterator without error": {c.Call(ctx, "flow.sum", nil, slices.Values([]int{1})), helium.ErrBadArgument, "a stream is an iter.Seq2[T, error]"},
	} {
		if e := helium.AsError(want.err); !errors.Is(want.err, want.is) || e.Outcome != helium.NotExecuted || !strings.Contains(want.err.Error(), want.says) {
			t.Errorf("%s: %v, %v; want %s, not executed, saying %q", name, want.err, e.Outcome, want.is.Reason, want.says)
		}
	}
	if n := srv.Stats().StreamsBegun; n != 0 || len(f.over) != 0 {
		t.Errorf("%d streams have begun, want none", n)
	}
}

func TestAStubOfAnIteratorThatIsNoStreamIsToldWhichOneIs(t *testing.T) {
	_, _, c, _ := serveFlows(t, linkage{name: "bus"})
	for _, stub := range []any{
		&struct{ Count func(int) iter.Seq[int] }{},
		&struct {
			Count func(int) (iter.Seq[int], error)
		}{},
		&struct {
			Count func(int) iter.Seq2[int, string]
		}{},
		&struct {
			Sum func(iter.Seq[int]) (int, error)
		}{},
	} {
		if err := c.Bind("flow", stub); err == nil || !strings.Contains(err.Error(), "use iter.Seq2[T, error]") {
			t.Errorf("%T: %v, want what to use", stub, err)
		}
	}
}
