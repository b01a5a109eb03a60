package corpus

import (
	"context"
	"iter"

	"github.com/helium-rpc/helium/internal/gogen/testdata/corpus/shared"
)

//go:generate go run github.com/helium-rpc/helium/cmd/helium gen go --type Flows

// Flows has streams of every form.
type Flows interface {
	// Count yields numbers below n.
	//
	//helium:example [3]
	Count(ctx context.Context, n int) iter.Seq2[int, error]
	// Points yields structs.
	Points(ctx context.Context, start Point, n ...int) iter.Seq2[Point, error]
	// Sum takes numbers behind an argument.
	Sum(ctx context.Context, start float64, xs iter.Seq2[float64, error]) (float64, error)
	// Move answers each point by another one, without a context.
	Move(by *Point, ps iter.Seq2[Point, error]) iter.Seq2[*Point, error]
	// Drain returns nothing.
	Drain(ctx context.Context, item iter.Seq2[[]byte, error]) error
	// Named has types of its own.
	Named(context.Context, Ints) Ints
	// Literal has no names at all.
	Literal(func(yield func(shared.Money, error) bool)) func(func(shared.Money, error) bool)
}

// Ints are an iterator with a name.
type Ints iter.Seq2[int8, error]

// NewFlows returns the implementation.
func NewFlows() Flows { return flows{} }

type flows struct{}

func (flows) Count(_ context.Context, n int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			if !yield(i, nil) {
				return
			}
		}
	}
}

func (flows) Points(_ context.Context, start Point, ns ...int) iter.Seq2[Point, error] {
	return func(yield func(Point, error) bool) {
		for _, n := range ns {
			start.X += float64(n)
			if !yield(start, nil) {
				return
			}
		}
	}
}

func (flows) Sum(_ context.Context, sum float64, xs iter.Seq2[float64, error]) (float64, error) {
	for x, err := range xs {
		if err != nil {
			return 0, err
		}
		sum += x
	}
	return sum, nil
}

func (flows) Move(by *Point, ps iter.Seq2[Point, error]) iter.Seq2[*Point, error] {
	return func(yield func(*Point, error) bool) {
		for p, err := range ps {
			var moved *Point
			if by != nil {
				moved = &Point{X: p.X + by.X, Y: p.Y + by.Y}
			}
			if !yield(moved, err) || err != nil {
				return
			}
		}
	}
}

func (flows) Drain(_ context.Context, item iter.Seq2[[]byte, error]) error {
	for _, err := range item {
		if err != nil {
			return err
		}
	}
	return nil
}

func (flows) Named(_ context.Context, xs Ints) Ints { return xs }

func (flows) Literal(xs func(yield func(shared.Money, error) bool)) func(func(shared.Money, error) bool) {
	return xs
}
