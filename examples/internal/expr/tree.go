package expr

import (
	"context"
	"fmt"
	"go/token"

	"github.com/helium-rpc/helium/mathsvc"
)

// A Tree is an expression, parsed.
type Tree struct {
	text string
	root node
}

// String returns the expression as it was written.
func (t *Tree) String() string { return t.text }

// Eval returns the expression's value. Operators are called one after the other, the
// left operand's first. An error is that of the first call which failed, with the
// column of its operator: errors.Is and helium.AsError see the call's own error in it.
func (t *Tree) Eval(ctx context.Context, math mathsvc.Service) (float64, error) {
	return t.root.eval(ctx, math)
}

type node interface {
	eval(ctx context.Context, math mathsvc.Service) (float64, error)
}

type number float64

func (n number) eval(context.Context, mathsvc.Service) (float64, error) { return float64(n), nil }

// negation is done here: the service has no method for it.
type negation struct{ x node }

func (n negation) eval(ctx context.Context, math mathsvc.Service) (float64, error) {
	x, err := n.x.eval(ctx, math)
	return -x, err
}

type operation struct {
	operator    token.Token
	column      int
	left, right node
}

// methods are the service's, by operator.
var methods = map[token.Token]func(mathsvc.Service, context.Context, float64, float64) (float64, error){
	token.ADD: mathsvc.Service.Add,
	token.SUB: mathsvc.Service.Sub,
	token.MUL: mathsvc.Service.Mul,
	token.QUO: mathsvc.Service.Div,
}

func (o operation) eval(ctx context.Context, math mathsvc.Service) (float64, error) {
	left, err := o.left.eval(ctx, math)
	if err != nil {
		return 0, err
	}
	right, err := o.right.eval(ctx, math)
	if err != nil {
		return 0, err
	}
	result, err := methods[o.operator](math, ctx, left, right)
	if err != nil {
		return 0, fmt.Errorf("column %d: %w", o.column, err)
	}
	return result, nil
}
