package rpcclient_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/helium-rpc/helium"
)

// Point, Tree and Shapes are a service with methods of every shape.
type Point struct{ X, Y float64 }

type Tree struct {
	Name     string           `json:"name"`
	Children []*Tree          `json:"children,omitempty"`
	Marks    map[string]Point `json:"marks,omitempty"`
	Next     *Point           `json:"next,omitempty"`
}

type Shapes interface {
	Nothing()
	Version() string
	Touch(ctx context.Context) error
	Add(ctx context.Context, a, b float64) (float64, error)
	Sum(ctx context.Context, numbers ...int64) (int64, error)
	Join(separator string, parts ...string) string
	Move(ctx context.Context, p Point, by *Point) (*Point, error)
	Grow(ctx context.Context, t Tree) (Tree, error)
	Count(ctx context.Context, words []string) (map[string]int, error)
	Reverse(ctx context.Context, data []byte) ([]byte, error)
	Later(ctx context.Context, at time.Time, seconds int) (time.Time, error)
	Echo(ctx context.Context, v any) (any, error)
	Large(ctx context.Context) (int64, error)
	Fail(ctx context.Context, how string) (string, error)
	Wait(ctx context.Context) error
}

var (
	errEmpty = helium.NewError(helium.CodeFailedPrecondition, "shapes.empty", "nothing is there")
	errOther = helium.NewError(helium.CodeFailedPrecondition, "shapes.other", "something else")
)

type shapes struct{ waiting chan struct{} }

func newShapes() Shapes { return shapes{waiting: make(chan struct{}, 1000)} }

func (shapes) Nothing()                            {}
func (shapes) Version() string                     { return "1.2.3" }
func (shapes) Touch(context.Context) error         { return nil }
func (shapes) Join(sep string, p ...string) string { return strings.Join(p, sep) }

func (shapes) Add(_ context.Context, a, b float64) (float64, error) { return a + b, nil }

func (shapes) Sum(_ context.Context, numbers ...int64) (sum int64, err error) {
	for _, n := range numbers {
		sum += n
	}
	return sum, nil
}

func (shapes) Move(_ context.Context, p Point, by *Point) (*Point, error) {
	if by == nil {
		return nil, nil
	}
	return &Point{p.X + by.X, p.Y + by.Y}, nil
}

func (shapes) Grow(_ context.Context, t Tree) (Tree, error) {
	t.Children = append(t.Children, &Tree{Name: t.Name + "'", Marks: t.Marks})
	return t, nil
}

func (shapes) Count(_ context.Context, words []string) (map[string]int, error) {
	counts := make(map[string]int)
	for _, w := range words {
		counts[w]++
	}
	return counts, nil
}

func (shapes) Reverse(_ context.Context, data []byte) ([]byte, error) {
	reversed := slices.Clone(data)
	slices.Reverse(reversed)
	return reversed, nil
}

func (shapes) Later(_ context.Context, at time.Time, seconds int) (time.Time, error) {
	return at.Add(time.Duration(seconds) * time.Second), nil
}

func (shapes) Echo(_ context.Context, v any) (any, error) { return v, nil }
func (shapes) Large(context.Context) (int64, error)       { return 1 << 40, nil }

func (shapes) Fail(_ context.Context, how string) (string, error) {
	switch how {
	case "sentinel":
		return "lost", errEmpty
	case "wrapped":
		return "", fmt.Errorf("looking for %s: %w", how, errEmpty.WithDetail("where", "here"))
	case "plain":
		return "", errors.New("no particular reason")
	case "code":
		return "", helium.Errorf(helium.CodeAlreadyExists, "there is one")
	case "panic":
		panic("on purpose")
	case "exit":
		runtime.Goexit()
	}
	return "fine", nil
}

func (s shapes) Wait(ctx context.Context) error {
	s.waiting <- struct{}{}
	<-ctx.Done()
	return ctx.Err()
}

var _ Shapes = shapes{}
