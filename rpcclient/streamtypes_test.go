package rpcclient_test

import (
	"context"
	"errors"
	"iter"
	"reflect"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/rpcserver"
)

// Count is a type of items that isn't one of Go's own.
type Count int

// echoes gives back what it is sent.
type echoes struct{}

func (echoes) Bools(xs iter.Seq2[bool, error]) iter.Seq2[bool, error]         { return xs }
func (echoes) Ints(xs iter.Seq2[int, error]) iter.Seq2[int, error]            { return xs }
func (echoes) Longs(xs iter.Seq2[int64, error]) iter.Seq2[int64, error]       { return xs }
func (echoes) Shorts(xs iter.Seq2[int16, error]) iter.Seq2[int16, error]      { return xs }
func (echoes) Floats(xs iter.Seq2[float64, error]) iter.Seq2[float64, error]  { return xs }
func (echoes) Texts(xs iter.Seq2[string, error]) iter.Seq2[string, error]     { return xs }
func (echoes) Bytes(xs iter.Seq2[[]byte, error]) iter.Seq2[[]byte, error]     { return xs }
func (echoes) Counts(xs iter.Seq2[Count, error]) iter.Seq2[Count, error]      { return xs }
func (echoes) Lines(xs iter.Seq2[Line, error]) iter.Seq2[Line, error]         { return xs }
func (echoes) Lists(xs iter.Seq2[[]string, error]) iter.Seq2[[]string, error] { return xs }
func (echoes) Pointers(xs iter.Seq2[*Line, error]) iter.Seq2[*Line, error]    { return xs }

type echoStub struct {
	Bools    func(context.Context, iter.Seq2[bool, error]) iter.Seq2[bool, error]
	Ints     func(context.Context, iter.Seq2[int, error]) iter.Seq2[int, error]
	Longs    func(context.Context, iter.Seq2[int64, error]) iter.Seq2[int64, error]
	Shorts   func(context.Context, iter.Seq2[int16, error]) iter.Seq2[int16, error]
	Floats   func(context.Context, iter.Seq2[float64, error]) iter.Seq2[float64, error]
	Texts    func(context.Context, iter.Seq2[string, error]) iter.Seq2[string, error]
	Bytes    func(context.Context, iter.Seq2[[]byte, error]) iter.Seq2[[]byte, error]
	Counts   func(context.Context, iter.Seq2[Count, error]) iter.Seq2[Count, error]
	Lines    func(context.Context, iter.Seq2[Line, error]) iter.Seq2[Line, error]
	Lists    func(context.Context, iter.Seq2[[]string, error]) iter.Seq2[[]string, error]
	Pointers func(context.Context, iter.Seq2[*Line, error]) iter.Seq2[*Line, error]
}

// echoed checks that items come back as they were, each apart from the others, and an error behind them.
func echoed[T any](t *testing.T, echo func(context.Context, iter.Seq2[T, error]) iter.Seq2[T, error], items ...T) {
	t.Helper()
	got, err := gather(echo(t.Context(), listed(items...)))
	if err != nil || !reflect.DeepEqual(got, items) {
		t.Errorf("%T: got %v, %v; want %v", items, got, err, items)
	}
	withError := func(yield func(T, error) bool) {
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
		yield(*new(T), errFull)
	}
	got, err = gather(echo(t.Context(), withError))
	if !errors.Is(err, errFull) || helium.OutcomeOf(err) != helium.Executed || !reflect.DeepEqual(got, items) {
		t.Errorf("%T, and an error: got %v, %v; want %v, and that error, executed", items, got, err, items)
	}
	for first, err := range echo(t.Context(), listed(items...)) {
		if err != nil || !reflect.DeepEqual(first, items[0]) {
			t.Errorf("%T: the first one is %v, %v; want %v", items, first, err, items[0])
		}
		break
	}
}

func TestItemsOfEachTypeComeBackAsTheyWere(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.New(t)
		srv := serveOver(t, over, env, env.Client, rpcserver.Config{}, "echoes", echoes{})
		var stub echoStub
		if err := env.Client.Bind("echoes", &stub); err != nil {
			t.Fatal(err)
		}
		echoed(t, stub.Bools, true, false, true)
		echoed(t, stub.Ints, 1, -1, 1<<40)
		echoed(t, stub.Longs, 1, -1<<63, 1<<40)
		echoed(t, stub.Shorts, 1, -1<<15, 300)
		echoed(t, stub.Floats, 1.5, -0.25, 1e300)
		echoed(t, stub.Texts, "", "a", "ä longer one")
		echoed(t, stub.Bytes, []byte("ab"), []byte("c"), []byte("longer"))
		echoed(t, stub.Counts, 1, 2, 3)
		echoed(t, stub.Lines, Line{"nut", 1}, Line{"bolt", 2})
		echoed(t, stub.Lists, []string{"a", "b"}, []string{"c"})
		echoed(t, stub.Pointers, &Line{"nut", 1}, &Line{"bolt", 2})
		noStreams(t, srv)
	})
}

// flood gives as many items as a benchmark asks for.
type flood struct{}

func (flood) Ints(n int) iter.Seq2[int, error] { return numbers(n) }

func (flood) Counts(n int) iter.Seq2[Count, error] {
	return func(yield func(Count, error) bool) {
		for i := range n {
			if !yield(Count(i), nil) {
				return
			}
		}
	}
}

// BenchmarkItems is of small items by Register and Bind, of a type of Go's own and of another one.
func BenchmarkItems(b *testing.B) {
	env := heliumtest.New(b)
	heliumtest.Serve(env, "flood", flood{})
	var stub struct {
		Ints   func(context.Context, int) iter.Seq2[int, error]
		Counts func(context.Context, int) iter.Seq2[Count, error]
	}
	if err := env.Client.Bind("flood", &stub); err != nil {
		b.Fatal(err)
	}
	b.Run("int", func(b *testing.B) { take(b, stub.Ints(b.Context(), b.N)) })
	b.Run("Count", func(b *testing.B) { take(b, stub.Counts(b.Context(), b.N)) })
}

func take[T any](b *testing.B, items iter.Seq2[T, error]) {
	b.ReportAllocs()
	n := 0
	for _, err := range items {
		if err != nil {
			b.Fatal(err)
		}
		n++
	}
	if n != b.N {
		b.Errorf("%d items, want %d", n, b.N)
	}
}
