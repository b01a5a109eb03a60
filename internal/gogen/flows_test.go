package gogen_test

import (
	"context"
	"errors"
	"iter"
	"reflect"
	"strings"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/gogen"
	"github.com/helium-rpc/helium/internal/gogen/testdata/corpus"
	"github.com/helium-rpc/helium/internal/gogen/testdata/corpus/shared"
)

// sending gives values, and then an error if it isn't nil.
func sending[T any](err error, values ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range values {
			if !yield(v, nil) {
				return
			}
		}
		if err != nil {
			yield(*new(T), err)
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

func TestStreamsOfAllFormsCanBeCalled(t *testing.T) {
	env := heliumtest.New(t)
	generated, reflected := serveCorpus(t, env, corpus.RegisterFlows, corpus.NewFlows())
	ctx := t.Context()
	for _, service := range []string{generated, reflected} {
		var f corpus.Flows = corpus.NewFlowsClientFor(env.Client, service)
		check := func(what string, got any, err error, want any) {
			t.Helper()
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %s = %v, %v; want %v", service, what, got, err, want)
			}
		}
		count, err := gather(f.Count(ctx, 3))
		check("Count(3)", count, err, []int{0, 1, 2})
		points, err := gather(f.Points(ctx, corpus.Point{X: 1, Y: 2}, 10, 100))
		check("Points", points, err, []corpus.Point{{X: 11, Y: 2}, {X: 111, Y: 2}})
		sum, err := f.Sum(ctx, 0.5, sending(nil, 1.0, 2))
		check("Sum", sum, err, 3.5)
		moved, err := gather(f.Move(&corpus.Point{X: 1}, sending(nil, corpus.Point{Y: 1}, corpus.Point{Y: 2})))
		check("Move", moved, err, []*corpus.Point{{X: 1, Y: 1}, {X: 1, Y: 2}})
		moved, err = gather(f.Move(nil, sending(nil, corpus.Point{Y: 1})))
		check("Move(nil)", moved, err, []*corpus.Point{nil})
		check("Drain", nil, f.Drain(ctx, sending(nil, []byte("a"), nil, []byte("b"))), nil)
		named, err := gather(iter.Seq2[int8, error](f.Named(ctx, corpus.Ints(sending(nil, int8(1), -2)))))
		check("Named", named, err, []int8{1, -2})
		literal, err := gather(iter.Seq2[shared.Money, error](f.Literal(sending(nil, shared.Money{Units: 1, Currency: "EUR"}))))
		check("Literal", literal, err, []shared.Money{{Units: 1, Currency: "EUR"}})

		if err := f.Drain(ctx, sending[[]byte](shared.ErrClosed)); !errors.Is(err, shared.ErrClosed) {
			t.Errorf("%s: what ends with an error ended with %v, want ErrClosed", service, err)
		}
		if _, err := f.Sum(ctx, 1, nil); !errors.Is(err, helium.ErrBadArgument) {
			t.Errorf("%s: a nil iterator: %v, want ErrBadArgument", service, err)
		}
		if _, err := gather(iter.Seq2[shared.Money, error](f.Literal(nil))); !errors.Is(err, helium.ErrBadArgument) {
			t.Errorf("%s: a nil iterator: %v, want ErrBadArgument", service, err)
		}
	}
}

func TestSignaturesOfStreamsAreThoseOfReflection(t *testing.T) {
	env := heliumtest.New(t)
	serveCorpus(t, env, corpus.RegisterFlows, corpus.NewFlows())
	registry, err := binder.NewClient(env.Conn("registry"), "")
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]map[string]string)
	for _, service := range []string{"generated", "reflected"} {
		entry, err := registry.Lookup(context.Background(), service)
		if err != nil {
			t.Fatal(err)
		}
		got[service] = make(map[string]string)
		for _, m := range entry.Records[0].Methods {
			got[service][m.Name] = m.Signature
			if m.Kind != binder.KindStream {
				t.Errorf("%s.%s is of kind %q, want %q", service, m.Name, m.Kind, binder.KindStream)
			}
		}
	}
	// Reflection doesn't know names.
	for method, want := range map[string][2]string{
		"count":   {"count(n int64) stream<int64>", "count(int64) stream<int64>"},
		"points":  {"points(start Point, n ...int64) stream<Point>", "points(Point, ...int64) stream<Point>"},
		"sum":     {"sum(start float64, xs stream<float64>) float64", "sum(float64, stream<float64>) float64"},
		"move":    {"move(by Point?, ps stream<Point>) stream<Point?>", "move(Point?, stream<Point>) stream<Point?>"},
		"drain":   {"drain(item stream<bytes>)", "drain(stream<bytes>)"},
		"named":   {"named(stream<int8>) stream<int8>", "named(stream<int8>) stream<int8>"},
		"literal": {"literal(stream<Money>) stream<Money>", "literal(stream<Money>) stream<Money>"},
	} {
		if g, r := got["generated"][method], got["reflected"][method]; g != want[0] || r != want[1] {
			t.Errorf("generated %s, reflected %s; want %s, %s", g, r, want[0], want[1])
		}
	}
}

func TestStreamsThatCantBeAreTold(t *testing.T) {
	dir := newPackage(t, map[string]string{"shop.go": `package shop

import (
	"context"
	"iter"
)

type Shop interface {
	Early(xs iter.Seq2[int, error], n int) error
	Both(ctx context.Context) (iter.Seq2[int, error], error)
	Channel(ctx context.Context) iter.Seq2[chan int, error]
	Plain(ctx context.Context) (iter.Seq[int], error)
}
`})
	_, err := gogen.Generate(t.Context(), gogen.Config{Dir: dir, Type: "Shop"})
	for _, want := range []string{
		"Early: the stream isn't the last parameter; make it the last",
		"Both: it returns more than a stream; return the stream alone, whose items come with their errors",
		"Channel: items of the result: chan int can't travel",
		"Plain: result: ",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want it to say %q", err, want)
		}
	}
}
