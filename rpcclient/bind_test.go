package rpcclient_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
)

func TestBindFillsFunctionFieldsByNameOrTag(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "math", mathsvc.New())
	var math struct {
		Add      func(ctx context.Context, a, b float64) (float64, error)
		Quotient func(ctx context.Context, a, b float64) (float64, error) `helium:"div"`
		Skipped  func() int                                               `helium:"-"`
		Note     string
		hidden   int
	}
	math.Note, math.hidden = "stays", 1
	if err := env.Client.Bind("math", &math); err != nil {
		t.Fatal(err)
	}
	if sum, err := math.Add(t.Context(), 2, 3); err != nil || sum != 5 {
		t.Errorf("Add(2, 3) = %v, %v; want 5, nil", sum, err)
	}
	if q, err := math.Quotient(t.Context(), 6, 3); err != nil || q != 2 {
		t.Errorf("Quotient(6, 3) = %v, %v; want 2, nil", q, err)
	}
	if math.Skipped != nil || math.Note != "stays" || math.hidden != 1 {
		t.Errorf("other fields were changed: %+v", math)
	}
}

func TestBindListsEveryFieldThatCannotWorkAndFillsNone(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "math", mathsvc.New())
	var math struct {
		Add     func(ctx context.Context, a, b float64) (float64, error)
		Sub     func(ctx context.Context, a float64) (float64, error)
		Mul     func(ctx context.Context, a, b string) (float64, error)
		Div     func(ctx context.Context, a, b float64) float64
		Modulo  func(ctx context.Context, a, b float64) (float64, error)
		Channel func(chan int) error
		Odd     func() error `helium:"not a name"`
		Number  int          `helium:"add"`
		hidden  func() error
	}
	err := env.Client.Bind("math", &math)
	if err == nil {
		t.Fatal("Bind succeeded")
	}
	_ = math.hidden
	for _, want := range []string{
		"Sub: stub sub(float64) float64 doesn't fit remote sub(float64, float64) float64: 1 argument, want 2",
		"Mul: stub mul(string, string) float64 doesn't fit remote mul(float64, float64) float64: argument 1: string, want float64",
		"Div: func(context.Context, float64, float64) float64 must return an error last",
		`Modulo: `, `no method "modulo"`,
		"Channel: ", "chan int",
		`Odd: method name "not a name" isn't allowed`,
		"Number: a stub is a func([ctx], args...) ([result], error), not int",
		"hidden: it isn't exported",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "Add:") {
		t.Errorf("the error has Add, which fits:\n%v", err)
	}
	for _, want := range []error{helium.ErrMismatch, helium.ErrUnknownMethod, helium.ErrBadName} {
		if !errors.Is(err, want) {
			t.Errorf("errors.Is doesn't find %v in:\n%v", want, err)
		}
	}
	if math.Add != nil {
		t.Error("Add was filled all the same")
	}
}

func TestBindWantsAPointerToAStructWithFunctions(t *testing.T) {
	env := heliumtest.New(t)
	for _, stub := range []any{nil, 1, struct{}{}, new(int), (*struct{ Add func() error })(nil), &struct{ A int }{}} {
		if err := env.Client.Bind("math", stub); err == nil || !strings.Contains(err.Error(), "function fields") {
			t.Errorf("Bind(%T): %v, want an error that says what it wants", stub, err)
		}
	}
	if _, err := rpcclient.Func[int](env.Client, "math.add"); err == nil || !strings.Contains(err.Error(), "not int") {
		t.Errorf("Func[int]: %v, want an error that says what a stub is", err)
	}
}

func TestAStubMayComeBeforeItsServiceAndIsCheckedAtTheFirstCall(t *testing.T) {
	env := heliumtest.New(t)
	var math struct {
		Add func(ctx context.Context, a, b float64) (float64, error)
		Sub func(ctx context.Context, a string) (float64, error)
	}
	if err := env.Client.Bind("math", &math); err != nil {
		t.Fatal(err)
	}
	add, err := rpcclient.Func[func(float64, float64) (float64, error)](env.Client, "math.add")
	if err != nil {
		t.Fatal(err)
	}
	_, err = math.Add(t.Context(), 2, 3)
	wantError(t, err, helium.ErrUnknownService, helium.NotExecuted)

	heliumtest.Serve(env, "math", mathsvc.New())
	if sum, err := math.Add(t.Context(), 2, 3); err != nil || sum != 5 {
		t.Errorf("Add(2, 3) = %v, %v; want 5, nil", sum, err)
	}
	if sum, err := add(2, 3); err != nil || sum != 5 {
		t.Errorf("add(2, 3) = %v, %v; want 5, nil", sum, err)
	}
	_, err = math.Sub(t.Context(), "two")
	wantError(t, err, helium.ErrMismatch, helium.NotExecuted)
}

func TestBindDoesNotWaitForEachFieldOfAServiceThatNobodyCanTellOf(t *testing.T) {
	env := heliumtest.New(t)
	late := newFakeBinder(t, env)              // it never answers
	for timeout := soon / 16; ; timeout *= 2 { // 26 times that is far above what is allowed
		c := env.NewClient(rpcclient.Config{Timeout: timeout})
		var stub struct{ A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R, S, T, U, V, W, X, Y, Z func() error }
		began := time.Now()
		if err := c.Bind("late", &stub); err != nil {
			t.Errorf("Bind: %v, want nil: the first call finds out", err)
		}
		if took := time.Since(began); took > timeout+soon {
			t.Errorf("it took %v, want about %v for all fields", took, timeout)
		}
		if late.wasAsked() {
			return
		}
		if timeout > patience {
			t.Fatalf("the binder wasn't asked within %v", timeout)
		}
	}
}

func TestAStubWithoutAContextAndANilContextHaveTheClientsTimeout(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: rpcclient.Config{Timeout: 50 * time.Millisecond}})
	heliumtest.Serve(env, "shapes", newShapes())
	wait, err := rpcclient.Func[func() error](env.Client, "shapes.wait")
	if err != nil {
		t.Fatal(err)
	}
	if err := wait(); helium.CodeOf(err) != helium.CodeDeadlineExceeded {
		t.Errorf("without a context: %v, want DeadlineExceeded", err)
	}
	waitWith, err := rpcclient.Func[func(context.Context) error](env.Client, "shapes.wait")
	if err != nil {
		t.Fatal(err)
	}
	var nobody context.Context
	if err := waitWith(nobody); helium.CodeOf(err) != helium.CodeDeadlineExceeded {
		t.Errorf("with a nil context: %v, want DeadlineExceeded", err)
	}
}

func TestAGeneratedStubWithAFaultFailsEveryCallAndSaysWhy(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "math", mathsvc.New())
	for _, c := range []struct {
		service, method, sig string
		types                map[string]string
		want                 *helium.Error
		says                 string
	}{
		{"math", "add", "add(", nil, helium.ErrMismatch, "signature can't be read"},
		{"math", "add", "sub(a float64, b float64) float64", nil, helium.ErrMismatch, "the signature of another"},
		{"math", "add", "add(a P, b P) P", map[string]string{"P": "{"}, helium.ErrMismatch, "types can't be read"},
		{"math", "add", "add(a string, b float64) float64", nil, helium.ErrMismatch, "string, want float64"},
		{"ma.th", "add", "", nil, helium.ErrBadName, "ma.th"},
		{"math", "", "", nil, helium.ErrBadName, "method"},
	} {
		m := env.Client.Method(c.service, c.method, c.sig, c.types)
		for range 2 {
			call := m.Begin(2)
			call.Args.Float64(1)
			call.Args.Float64(2)
			checkFailure(t, c.service+"."+c.method+" as "+c.sig, call.Do(t.Context()), failure{
				is: c.want, code: helium.CodeInvalidArgument, outcome: helium.NotExecuted, says: []string{c.says},
			})
		}
	}
}
