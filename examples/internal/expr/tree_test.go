package expr_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/examples/internal/expr"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/mathsvc"
)

// recorder notes which calls are made.
type recorder struct {
	mathsvc.Service
	calls []string
}

func (r *recorder) note(name string, a, b float64) {
	r.calls = append(r.calls, fmt.Sprintf("%s(%v, %v)", name, a, b))
}

func (r *recorder) Add(ctx context.Context, a, b float64) (float64, error) {
	r.note("add", a, b)
	return r.Service.Add(ctx, a, b)
}

func (r *recorder) Sub(ctx context.Context, a, b float64) (float64, error) {
	r.note("sub", a, b)
	return r.Service.Sub(ctx, a, b)
}

func (r *recorder) Mul(ctx context.Context, a, b float64) (float64, error) {
	r.note("mul", a, b)
	return r.Service.Mul(ctx, a, b)
}

func (r *recorder) Div(ctx context.Context, a, b float64) (float64, error) {
	r.note("div", a, b)
	return r.Service.Div(ctx, a, b)
}

func parse(t *testing.T, text string) *expr.Tree {
	t.Helper()
	tree, err := expr.Parse(text)
	if err != nil {
		t.Fatalf("Parse(%q): %v", text, err)
	}
	return tree
}

func TestEachOperatorIsOneCallFromLeftToRight(t *testing.T) {
	math := &recorder{Service: mathsvc.New()}
	got, err := parse(t, "(1 + 2) * 3 - -8 / (5 - 1)").Eval(t.Context(), math)
	if err != nil || got != 11 {
		t.Errorf("got %v, %v, want 11", got, err)
	}
	want := []string{"add(1, 2)", "mul(3, 3)", "sub(5, 1)", "div(-8, 4)", "sub(9, -2)"}
	if !slices.Equal(math.calls, want) {
		t.Errorf("got calls %q, want %q", math.calls, want)
	}
}

func TestTheFirstFailedCallEndsTheEvaluation(t *testing.T) {
	math := &recorder{Service: mathsvc.New()}
	_, err := parse(t, "1 / 0 + 2 * 3").Eval(t.Context(), math)
	if !errors.Is(err, mathsvc.ErrDivisionByZero) || !strings.Contains(err.Error(), "column 3: ") {
		t.Errorf("got error %v, want ErrDivisionByZero at column 3", err)
	}
	if want := []string{"div(1, 0)"}; !slices.Equal(math.calls, want) {
		t.Errorf("got calls %q, want %q", math.calls, want)
	}
}

func TestExpressionsAreEvaluatedOverTheBus(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "math", mathsvc.New())
	math := mathsvc.NewClient(env.Client)

	if got, err := parse(t, "(1 + 2) * 3 / 4 - 5").Eval(t.Context(), math); err != nil || got != -2.75 {
		t.Errorf("got %v, %v, want -2.75", got, err)
	}
	if got, want := env.Client.Stats().Calls, uint64(4); got != want {
		t.Errorf("got %d calls, want %d", got, want)
	}

	_, err := parse(t, "1 + 1 / (2 - 2)").Eval(t.Context(), math)
	if !errors.Is(err, mathsvc.ErrDivisionByZero) {
		t.Errorf("got error %v, want ErrDivisionByZero", err)
	}
	if e := helium.AsError(err); e.Outcome != helium.Executed || e.Method != "div" {
		t.Errorf("got outcome %v of %q, want executed of \"div\"", e.Outcome, e.Method)
	}
}
