package typedfunc

import (
	"context"
	"errors"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/codec"
)

var errMethod = errors.New("the method's")

// say is what the method Say of every receiver returns that is called mark.
func say(mark, word string, rest []byte) ([]byte, error) {
	if word == "" {
		return nil, errMethod
	}
	return []byte(mark + " " + word + " " + string(rest)), nil
}

type byPointer struct {
	_    [5]int
	mark string
}

func (p *byPointer) Say(_ context.Context, word string, rest []byte) ([]byte, error) {
	return say(p.mark, word, rest)
}

type byValue struct {
	_    [5]int
	mark string
}

func (v byValue) Say(_ context.Context, word string, rest []byte) ([]byte, error) {
	return say(v.mark, word, rest)
}

type onePointer struct{ mark *string }

func (o onePointer) Say(_ context.Context, word string, rest []byte) ([]byte, error) {
	return say(*o.mark, word, rest)
}

type number int

func (n number) Say(_ context.Context, word string, rest []byte) ([]byte, error) {
	return say(strings.Repeat("n", int(n)), word, rest)
}

type function func() string

func (f function) Say(_ context.Context, word string, rest []byte) ([]byte, error) {
	return say(f(), word, rest)
}

type table map[string]string

func (m table) Say(_ context.Context, word string, rest []byte) ([]byte, error) {
	return say(m["mark"], word, rest)
}

type empty struct{}

func (empty) Say(_ context.Context, word string, rest []byte) ([]byte, error) {
	return say("empty", word, rest)
}

type of[T any] struct{ mark T }

func (g *of[T]) Say(_ context.Context, word string, rest []byte) ([]byte, error) {
	return say(reflect.ValueOf(g.mark).String(), word, rest)
}

type embedsPointer struct {
	before string
	*byPointer
}

type embedsValue struct {
	before string
	byValue
}

type sayer interface {
	Say(context.Context, string, []byte) ([]byte, error)
}

type embedsInterface struct {
	before string
	sayer
}

// a comes before b, so that a call of the wrong method would show.
type two struct{ mark string }

func (t *two) Before(context.Context, string, []byte) ([]byte, error) {
	return nil, errors.New("wrong")
}
func (t *two) Say(_ context.Context, word string, rest []byte) ([]byte, error) {
	return say(t.mark, word, rest)
}

func TestAMethodRunsWithItsReceiverWhateverThatIs(t *testing.T) {
	mark := "one pointer"
	for want, receiver := range map[string]sayer{
		"pointer":                    &byPointer{mark: "pointer"},
		"value":                      byValue{mark: "value"},
		"pointer to value":           &byValue{mark: "pointer to value"},
		"one pointer":                onePointer{&mark},
		"nnn":                        number(3),
		"function":                   function(func() string { return "function" }),
		"table":                      table{"mark": "table"},
		"empty":                      empty{},
		"generic":                    &of[string]{"generic"},
		"embedded pointer":           embedsPointer{"", &byPointer{mark: "embedded pointer"}},
		"pointer, embedded pointer":  &embedsPointer{"", &byPointer{mark: "pointer, embedded pointer"}},
		"embedded value":             embedsValue{"", byValue{mark: "embedded value"}},
		"pointer, embedded value":    &embedsValue{"", byValue{mark: "pointer, embedded value"}},
		"embedded interface":         embedsInterface{"", &byPointer{mark: "embedded interface"}},
		"embedded interface's value": &embedsInterface{"", byValue{mark: "embedded interface's value"}},
		"two":                        &two{"two"},
	} {
		run, ok := MethodOf(reflect.ValueOf(receiver), "Say")
		if !ok {
			t.Errorf("%T: no handler is made of its method", receiver)
			continue
		}
		runtime.GC() // what only the handler knows of has to stay
		args, result := codec.NewWriter(nil), codec.NewWriter(nil)
		args.String("word")
		args.Binary([]byte("rest"))
		r := codec.NewReader(args.Bytes())
		if err := run(t.Context(), &r, &result); err != nil {
			t.Errorf("%T: the method failed: %v", receiver, err)
			continue
		}
		returned := codec.NewReader(result.Bytes())
		if got, err := returned.Bytes(); string(got) != want+" word rest" {
			t.Errorf("%T: the method returned %q, %v; want %q", receiver, got, err, want+" word rest")
		}
		args.Reset()
		args.String("")
		args.Binary(nil)
		r = codec.NewReader(args.Bytes())
		if err := run(t.Context(), &r, &result); err != errMethod {
			t.Errorf("%T: the method's error is %v, want %v", receiver, err, errMethod)
		}
	}
}

// everyShape has a method of each kind of shape. They note what they get.
type everyShape struct{ got []any }

func (e *everyShape) note(got ...any) { e.got = append(e.got, got...) }

func (e *everyShape) Action0(ctx context.Context) error { e.note(ctx); return errMethod }
func (e *everyShape) Action1(ctx context.Context, a bool) error {
	e.note(ctx, a)
	return errMethod
}
func (e *everyShape) Action2(ctx context.Context, a string, b float64) error {
	e.note(ctx, a, b)
	return errMethod
}
func (e *everyShape) Function0(ctx context.Context) ([]byte, error) {
	e.note(ctx)
	return []byte("r"), nil
}
func (e *everyShape) Function1(ctx context.Context, a []byte) (string, error) {
	e.note(ctx, a)
	return "r", nil
}
func (e *everyShape) Function2(ctx context.Context, a, b int64) (float64, error) {
	e.note(ctx, a, b)
	return 1.5, nil
}

func TestAMethodOfEachShapeGetsAndReturnsWhatItShould(t *testing.T) {
	for _, c := range []struct {
		method   string
		args     []any
		returned any
	}{
		{"Action0", nil, nil},
		{"Action1", []any{true}, nil},
		{"Action2", []any{"a", 2.5}, nil},
		{"Function0", nil, []byte("r")},
		{"Function1", []any{[]byte("a")}, "r"},
		{"Function2", []any{int64(-1 << 40), int64(7)}, 1.5},
	} {
		receiver := new(everyShape)
		run, ok := MethodOf(reflect.ValueOf(receiver), c.method)
		if _, direct := methodOf(reflect.ValueOf(receiver), c.method); !ok || !direct {
			t.Errorf("%s: handler %t, by the method's own function %t; want both", c.method, ok, direct)
			continue
		}
		args, result, want := codec.NewWriter(nil), codec.NewWriter(nil), codec.NewWriter(nil)
		for _, a := range c.args {
			args.Value(a)
		}
		var wantErr error = errMethod
		if c.returned != nil {
			want.Value(c.returned)
			wantErr = nil
		}
		r := codec.NewReader(args.Bytes())
		if err := run(t.Context(), &r, &result); err != wantErr {
			t.Errorf("%s: got the error %v, want %v", c.method, err, wantErr)
		}
		if got := append([]any{t.Context()}, c.args...); !reflect.DeepEqual(receiver.got, got) {
			t.Errorf("%s: the method got %v, want %v", c.method, receiver.got, got)
		}
		if string(result.Bytes()) != string(want.Bytes()) {
			t.Errorf("%s: the result is % x, want % x", c.method, result.Bytes(), want.Bytes())
		}
	}
}

func TestAMethodOfAnotherTypeHasNoHandler(t *testing.T) {
	if _, ok := MethodOf(reflect.ValueOf(new(strings.Builder)), "WriteString"); ok {
		t.Error("a handler is made of a method without a context, want none")
	}
}

func TestACallOfAMethodAllocatesNothing(t *testing.T) {
	run, _ := MethodOf(reflect.ValueOf(adder{}), "Add")
	args, room := codec.NewWriter(nil), make([]byte, 64)
	args.Float64(2)
	args.Float64(3)
	allocs := testing.AllocsPerRun(100, func() {
		r, result := codec.NewReader(args.Bytes()), codec.NewWriter(room[:0])
		if err := run(t.Context(), &r, &result); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > 2 { // the reader and the writer that this test makes
		t.Errorf("%v allocations a call, want none but the test's own two", allocs)
	}
}

type adder struct{}

func (adder) Add(_ context.Context, a, b float64) (float64, error) { return a + b, nil }

func BenchmarkMethod(b *testing.B) {
	value := reflect.ValueOf(&adder{})
	reflected, _ := HandlerOf(value.MethodByName("Add"))
	own, _ := MethodOf(value, "Add")
	args, room := codec.NewWriter(nil), make([]byte, 64)
	args.Float64(2)
	args.Float64(3)
	for name, run := range map[string]Handler{"own function": own, "reflected": reflected} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r, result := codec.NewReader(args.Bytes()), codec.NewWriter(room[:0])
				if err := run(b.Context(), &r, &result); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
