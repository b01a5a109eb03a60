package typedfunc

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/helium-rpc/helium/codec"
)

// looped is a call that a handler in this process runs.
type looped struct {
	run    Handler
	args   codec.Writer
	result codec.Reader
	begun  int // of how many arguments
	ended  int
}

func (l *looped) Arguments() *codec.Writer { return &l.args }
func (l *looped) Returned() *codec.Reader  { return &l.result }

func (l *looped) Do(ctx context.Context) error {
	args, result := codec.NewReader(l.args.Bytes()), codec.NewWriter(nil)
	if err := l.run(ctx, &args, &result); err != nil {
		return err
	}
	l.result = codec.NewReader(result.Bytes())
	return nil
}

func (l *looped) End(err error) error {
	l.ended++
	return err
}

// samples are values of the scalars, which a mistaken order or type would change.
var samples = map[reflect.Type][]any{
	reflect.TypeFor[bool]():    {true, false, true},
	reflect.TypeFor[int]():     {1, -2, 3},
	reflect.TypeFor[int64]():   {int64(-1 << 62), int64(5), int64(6)},
	reflect.TypeFor[float64](): {1.5, -2.25, 1e300},
	reflect.TypeFor[string]():  {"one", "", "drei"},
	reflect.TypeFor[[]byte]():  {[]byte{1, 0}, []byte{}, []byte("3")},
}

func sample(t reflect.Type, n int) reflect.Value { return reflect.ValueOf(samples[t][n]) }

// implementation returns a function of type t that notes what it is called with, and returns the
// third sample of its result's type and err.
func implementation(t reflect.Type, got *[]any, err *error) reflect.Value {
	return reflect.MakeFunc(t, func(in []reflect.Value) (out []reflect.Value) {
		*got = nil
		for _, v := range in[1:] {
			*got = append(*got, v.Interface())
		}
		if t.NumOut() == 2 {
			out = append(out, sample(t.Out(0), 2))
		}
		return append(out, reflect.ValueOf(err).Elem())
	})
}

func TestEachShapeCarriesItsArgumentsItsResultAndItsError(t *testing.T) {
	if n := len(known()); n < 100 {
		t.Errorf("there are %d shapes, want all pairs of six scalars and more", n)
	}
	for shape := range known() {
		t.Run(shape.String(), func(t *testing.T) {
			var got []any
			var fails error
			run, ok := HandlerOf(implementation(shape, &got, &fails))
			if !ok {
				t.Fatal("no handler is made of it")
			}
			call := &looped{run: run}
			stub, ok := StubOf(shape, func(args int) Call {
				call.begun = args
				call.args.Reset()
				return call
			})
			if !ok {
				t.Fatal("no stub is made of it")
			}
			in := []reflect.Value{reflect.ValueOf(t.Context())}
			var want []any
			for i := range shape.NumIn() - 1 {
				in = append(in, sample(shape.In(i+1), i))
				want = append(want, samples[shape.In(i+1)][i])
			}
			out := stub.Call(in)
			if err := out[len(out)-1]; !err.IsNil() {
				t.Fatalf("the call failed: %v", err)
			}
			if !reflect.DeepEqual(got, want) || call.begun != len(want) {
				t.Errorf("the function got %v of %d arguments, want %v", got, call.begun, want)
			}
			if call.ended != 1 {
				t.Errorf("the call was ended %d times, want once", call.ended)
			}
			if len(out) == 2 && !reflect.DeepEqual(out[0].Interface(), samples[shape.Out(0)][2]) {
				t.Errorf("the stub returned %v, want %v", out[0], samples[shape.Out(0)][2])
			}

			fails = errors.New("no")
			out = stub.Call(in)
			if err, _ := out[len(out)-1].Interface().(error); err != fails {
				t.Errorf("the stub returned the error %v, want %v", err, fails)
			}
			if len(out) == 2 && !out[0].IsZero() {
				t.Errorf("beside an error the stub returned %v, want the zero value", out[0])
			}
		})
	}
}

func TestAnArgumentThatCantBeReadIsNamedByItsPosition(t *testing.T) {
	for shape := range known() {
		for bad := range shape.NumIn() - 1 {
			var got []any
			var none error
			run, _ := HandlerOf(implementation(shape, &got, &none))
			args, result := codec.NewWriter(nil), codec.NewWriter(nil)
			for i := range shape.NumIn() - 1 {
				if i == bad {
					args.MapHeader(0) // which none of them is
				} else {
					args.Value(samples[shape.In(i+1)][i])
				}
			}
			r := codec.NewReader(args.Bytes())
			err := run(t.Context(), &r, &result)
			if e, ok := err.(*ArgumentError); !ok || e.Position != bad {
				t.Errorf("%s, argument %d is a map: got the error %#v, want an ArgumentError of that position", shape, bad, err)
			}
			if got != nil || len(result.Bytes()) > 0 {
				t.Errorf("%s, argument %d is a map: the function ran", shape, bad)
			}
		}
	}
}

func TestAResultThatCantBeReadFailsTheCall(t *testing.T) {
	call := &looped{run: func(_ context.Context, _ *codec.Reader, result *codec.Writer) error {
		result.String("seven")
		return nil
	}}
	stub, _ := StubOf(reflect.TypeFor[func(context.Context) (int, error)](), func(int) Call { return call })
	if n, err := stub.Interface().(func(context.Context) (int, error))(t.Context()); err == nil || n != 0 || call.ended != 1 {
		t.Errorf("got %d, %v, and the call was ended %d times; want 0, an error, and once", n, err, call.ended)
	}
}

func TestANamedTypeIsTheShapeThatItNames(t *testing.T) {
	type Lookup func(ctx context.Context, key string) ([]byte, error)
	stub, ok := StubOf(reflect.TypeFor[Lookup](), nil)
	if !ok || stub.Type() != reflect.TypeFor[Lookup]() {
		t.Errorf("got a stub: %v; want one of the type Lookup", ok)
	}
	if _, ok := HandlerOf(reflect.ValueOf(Lookup(func(context.Context, string) ([]byte, error) { return nil, nil }))); !ok {
		t.Error("no handler is made of a Lookup")
	}
}

func TestFunctionsOfOtherTypesHaveNoShape(t *testing.T) {
	type id string
	for _, other := range []any{
		func(a, b float64) (float64, error) { return 0, nil },
		func(context.Context, float64) float64 { return 0 },
		func(context.Context, ...string) error { return nil },
		func(context.Context, id) error { return nil },
		func(context.Context, []float64) error { return nil },
		func(context.Context, float64, string) (float64, error) { return 0, nil },
		func(error, float64) (float64, context.Context) { return 0, nil },
	} {
		if _, ok := StubOf(reflect.TypeOf(other), nil); ok {
			t.Errorf("a stub is made of a %T, want none", other)
		}
		if _, ok := HandlerOf(reflect.ValueOf(other)); ok {
			t.Errorf("a handler is made of a %T, want none", other)
		}
	}
}

func TestACallAllocatesNothingOfItsOwn(t *testing.T) {
	type add = func(context.Context, float64, float64) (float64, error)
	run, _ := HandlerOf(reflect.ValueOf(add(func(_ context.Context, a, b float64) (float64, error) { return a + b, nil })))
	call := new(endless)
	made, _ := StubOf(reflect.TypeFor[add](), func(int) Call { return call })
	stub := made.Interface().(add)
	sum, err := 0.0, error(nil)
	allocs := testing.AllocsPerRun(100, func() {
		call.args, call.result = codec.NewWriter(call.room[:0]), codec.NewReader(five)
		sum, err = stub(t.Context(), 2, 3)
		call.received, call.returns = codec.NewReader(call.args.Bytes()), codec.NewWriter(call.room[:0])
		err = errors.Join(err, run(t.Context(), &call.received, &call.returns))
	})
	if allocs > 0 || sum != 5 || err != nil {
		t.Errorf("got %v, %v with %v allocations, want 5 with none", sum, err, allocs)
	}
}

var five = func() []byte {
	w := codec.NewWriter(nil)
	w.Float64(5)
	return w.Bytes()
}()

// endless is a call that is answered with what its result holds.
type endless struct {
	args   codec.Writer
	result codec.Reader
	room   [64]byte

	received codec.Reader // of a handler
	returns  codec.Writer
}

func (e *endless) Arguments() *codec.Writer { return &e.args }
func (e *endless) Returned() *codec.Reader  { return &e.result }
func (*endless) Do(context.Context) error   { return nil }
func (*endless) End(err error) error        { return err }
