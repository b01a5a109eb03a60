package rpcclient_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// depot takes and keeps what it is sent.
type depot struct {
	got  chan any
	kept chan iter.Seq2[int, error]
}

func (d *depot) Store(lines iter.Seq2[Line, error]) (n int, err error) {
	for line, err := range lines {
		if err != nil {
			d.got <- err
			return n, err
		}
		d.got <- line
		n++
	}
	return n, nil
}

// Keep returns without a look at what it is sent.
func (d *depot) Keep(xs iter.Seq2[int, error]) { d.kept <- xs }

func listed[T any](items ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
	}
}

func TestAnItemWithNamesThatAreNotTheMethodsIsNotSent(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.New(t)
		d := &depot{got: make(chan any, 10)}
		srv := serveOver(t, over, env, env.Client, rpcserver.Config{}, "depot", d)
		store, err := rpcclient.Func[func(context.Context, iter.Seq2[map[string]any, error]) (int, error)](env.Client, "depot.store")
		if err != nil {
			t.Fatal(err)
		}
		type typo struct {
			Artikle string `json:"artikle"`
			Pieces  int    `json:"pieces"`
		}
		good, bad, short := dict{"article": "nut", "pieces": 1}, dict{"article": "bolt", "peices": 2}, dict{"article": "bolt"}
		for name, c := range map[string]struct {
			call func() error
			says string
		}{
			"a map by name":   {func() error { return env.Client.Call(t.Context(), "depot.store", nil, listed(good, bad)) }, `item 2 doesn't fit the method: there is no field "peices"; did you mean "pieces"?`},
			"a map of a stub": {func() error { return second(store(t.Context(), listed(good, bad))) }, `item 2 doesn't fit the method: there is no field "peices"`},
			"a missing field": {func() error { return env.Client.Call(t.Context(), "depot.store", nil, listed(good, short)) }, `item 2 doesn't fit the method: the field "pieces" is missing`},
			"a struct in an any": {func() error {
				return env.Client.Call(t.Context(), "depot.store", nil, listed[any](Line{"nut", 1}, typo{"bolt", 2}))
			}, `item 2 doesn't fit the method: there is no field "artikle"`},
		} {
			if err := c.call(); !errors.Is(err, helium.ErrMismatch) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %v; want ErrMismatch, saying %s", name, err, c.says)
			}
			noStreams(t, srv) // its handler may not have begun when the fault was found
			for more := true; more; {
				select {
				case got := <-d.got:
					if _, isErr := got.(error); !isErr && got != any(Line{"nut", 1}) {
						t.Errorf("%s: the handler got %v, want the item that fits alone", name, got)
					}
				default:
					more = false
				}
			}
		}
		n, err := store(t.Context(), listed(good, good))
		if n != 2 || err != nil {
			t.Errorf("items that fit: %d arrived, %v; want 2", n, err)
		}
	})
}

func TestAnErrorOfAnyLengthAmongTheItemsSentReachesTheHandler(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.New(t)
		d := &depot{got: make(chan any, 10)}
		serveOver(t, over, env, env.Client, rpcserver.Config{}, "depot", d)
		for _, size := range []int{10, 100_000, 1 << 20, 3 << 20} {
			long := strings.Repeat("x", size)
			for name, sent := range map[string]error{
				"details": errFull.WithDetail("long", long), "text": errFull.WithMessage("%s", long), "another's text": errors.New(long),
			} {
				err := env.Client.Call(t.Context(), "depot.store", nil, iter.Seq2[Line, error](func(yield func(Line, error) bool) { yield(Line{}, sent) }))
				got, _ := within(t, d.got, "error").(error)
				if name != "another's text" && (!errors.Is(err, errFull) || !errors.Is(got, errFull)) || helium.OutcomeOf(err) != helium.Executed {
					t.Errorf("%d bytes of %s: the handler got %.100v, the caller %.100v, %v; want errFull both, executed", size, name, got, err, helium.OutcomeOf(err))
				}
			}
		}
	})
}

func TestAnIteratorThatAHandlerKeptSaysThatItsStreamIsOver(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.New(t)
		d := &depot{kept: make(chan iter.Seq2[int, error], 1)}
		serveOver(t, over, env, env.Client, rpcserver.Config{}, "depot", d)
		if err := env.Client.Call(t.Context(), "depot.keep", nil, numbers(1000)); err != nil {
			t.Fatal(err)
		}
		if got, err := gather(<-d.kept); len(got) != 0 || !errors.Is(err, context.Canceled) {
			t.Errorf("got %d items, %v; want none, context.Canceled", len(got), err)
		}
	})
}

func TestAWrapOfItemsThatIsNilIsAnErrorOfTheStream(t *testing.T) {
	env := heliumtest.New(t)
	d := &depot{got: make(chan any, 10)}
	heliumtest.Serve(env, "depot", d)
	client := func(wrap func(call *rpcclient.Invocation)) *rpcclient.Client {
		return env.NewClient(rpcclient.Config{Interceptors: []rpcclient.Interceptor{func(next rpcclient.Handler) rpcclient.Handler {
			return func(ctx context.Context, call *rpcclient.Invocation) error {
				wrap(call)
				return next(ctx, call)
			}
		}}})
	}
	c := client(func(call *rpcclient.Invocation) { call.WrapSent(nil) })
	if err := c.Call(t.Context(), "depot.store", nil, listed(Line{"nut", 1})); !errors.Is(err, helium.ErrInterceptor) {
		t.Errorf("WrapSent: %v, want ErrInterceptor", err)
	}
	heliumtest.Serve(env, "flow", &flows{over: make(chan error, 10)})
	c = client(func(call *rpcclient.Invocation) { call.WrapReceived(nil) })
	if _, err := gather(rpcclient.Stream[int](t.Context(), c, "flow.count", 3)); !errors.Is(err, helium.ErrInterceptor) {
		t.Errorf("WrapReceived: %v, want ErrInterceptor", err)
	}
}

func TestAnItemForAnOlderInstanceHasToFitAMessageAndTheErrorSaysSo(t *testing.T) {
	env := heliumtest.New(t)
	s := newChunkServer(t, env, wire.Streams|wire.Chunks)
	register(t, env, binder.Record{Service: "fake", Instance: "i1", Abilities: uint64(wire.Streams | wire.Chunks), Methods: []binder.Method{
		{Name: "hang", Signature: "hang(pictures stream<bytes>) int64", Kind: "stream"}}})
	over := make(chan error, 1)
	go func() {
		over <- env.Client.Call(context.Background(), "fake.hang", nil, iter.Seq2[[]byte, error](func(yield func([]byte, error) bool) {
			_ = yield(make([]byte, 1_000_000), nil) && yield(make([]byte, 2<<20), nil)
		}))
	}()
	begun := s.next(wire.KindStream)
	s.send(wire.Frame{Kind: wire.KindCredit, Seq: begun.Seq, Body: wire.AppendCredit(nil, wire.Credit{Bytes: 8 << 20, Items: 10})})
	if items, err := wire.ReadItems(s.next(wire.KindItems).Body); err != nil || len(items.Data) < 1_000_000 {
		t.Errorf("an item of %d bytes came, %v; want the one that fits a message, whole", len(items.Data), err)
	}
	s.next(wire.KindCancel)
	err := within(t, over, "the end of the stream")
	if e := helium.AsError(err); !errors.Is(err, helium.ErrTooLarge) || !strings.Contains(e.Message, "item 2 has 2097157 bytes; at most 1048") || !strings.Contains(e.Message, "an older version") {
		t.Errorf("the stream ended with %v, want ErrTooLarge, which says how much fits and why", err)
	}
}
