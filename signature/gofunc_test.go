package signature_test

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium/signature"
)

func TestGoFunctionsHaveTheseSignatures(t *testing.T) {
	for want, fn := range map[string]any{
		"f()":                        func() {},
		"f() float64":                func(context.Context) (float64, error) { return 0, nil },
		"f(float64, float64)":        func(a, b float64) error { return nil },
		"f(int64, uint64)":           func(ctx context.Context, a int, b uint) {},
		"f(...float64) float64":      func(xs ...float64) float64 { return 0 },
		"f(string, ...[]string)":     func(ctx context.Context, s string, xs ...[]string) error { return nil },
		"f(...uint8)":                func(...byte) {},
		"f(bytes?) time?":            func(*[]byte) (*time.Time, error) { return nil, nil },
		"f(point, ...point?) point?": func(point, ...*point) (*point, error) { return nil, nil },
	} {
		m, err := signature.NewTypes().OfFunc("f", reflect.TypeOf(fn))
		if err != nil {
			t.Errorf("%T: got %v, want %s", fn, err, want)
			continue
		}
		if got := m.String(); got != want {
			t.Errorf("%T: got %s, want %s", fn, got, want)
		}
	}
}

// errorFirst is func() (error, int), which no linter likes to see.
var errorFirst = reflect.FuncOf(nil, []reflect.Type{reflect.TypeFor[error](), reflect.TypeFor[int]()}, false)

func TestGoFunctionsThatCannotBeCalledSayWhyAndWhatToDo(t *testing.T) {
	for _, c := range []struct {
		fn   any
		want string
	}{
		{nil, "method f: <nil> is not a function"},
		{42, "method f: int is not a function"},
		{func(int, context.Context) {}, "method f: context.Context is parameter 2; make it the first"},
		{func(context.Context, context.Context) {}, "method f: there are two contexts"},
		{func(...context.Context) {}, "method f: argument 1: the interface context.Context can't travel"},
		{func() (int, int) { return 0, 0 }, "method f: it returns 2 values; return one, such as a struct of them"},
		{func() (int, int, error) { return 0, 0, nil }, "method f: it returns 2 values"},
		{reflect.Zero(errorFirst).Interface(), "method f: result 1 is an error; an error can be the last"},
		{func() (error, error) { return nil, nil }, "method f: result 1 is an error"},
		{func() *failure { return nil }, "method f: it returns *signature_test.failure as its result; return the interface error"},
		{func(error) {}, "method f: argument 1: an error can be a method's last result only"},
		{func(...chan int) {}, "method f: argument 1: chan int can't travel"},
		{func() func() { return nil }, "method f: result: func() can't travel"},
	} {
		m, err := signature.NewTypes().OfFunc("f", reflect.TypeOf(c.fn))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%T: got %v and error %v, want an error with %q", c.fn, m, err, c.want)
		}
	}
}

type failure struct{ Reason string }

func (*failure) Error() string { return "" }

func TestAllFaultsOfAFunctionAreToldAtOnce(t *testing.T) {
	type order struct {
		Done  chan bool
		Price complex128
		Lines []struct{ Then func() }
	}
	types := signature.NewTypes()
	_, err := types.OfFunc("place-order", reflect.TypeFor[func(order, context.Context, map[float64]order) (uintptr, error)]())
	want := strings.Join([]string{
		"method place-order: argument 1, field order.Done: chan bool can't travel; use a list, or a stream: an iter.Seq2[T, error] as the last parameter or the only result",
		"method place-order: argument 1, field order.Price: complex128 can't travel; use a struct of two floats",
		"method place-order: argument 1, field order.Lines, field struct.Then: func() can't travel; pass the name of a method that the other side may call; a stream is an iter.Seq2[T, error] as the last parameter or the only result",
		"method place-order: context.Context is parameter 2; make it the first",
		"method place-order: argument 2: float64 can't be the key of a map; use a string, an integer, a bool or [N]byte",
		"method place-order: result: uintptr can't travel; use uint64",
	}, "\n")
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	if defs := types.Definitions(); len(defs) != 0 {
		t.Errorf("a function that was refused left the types %v, want none", defs)
	}
}

func TestNamesOfMethodsAreChecked(t *testing.T) {
	for _, name := range []string{"", "2nd", "a.b", "ändern", strings.Repeat("a", 65)} {
		if _, err := signature.NewTypes().OfFunc(name, reflect.TypeFor[func()]()); err == nil {
			t.Errorf("the name %q: got no error, want one", name)
		}
	}
	if _, err := signature.NewTypes().OfFunc(strings.Repeat("a", 64), reflect.TypeFor[func()]()); err != nil {
		t.Errorf("a name of 64 bytes: got %v, want no error", err)
	}
}
