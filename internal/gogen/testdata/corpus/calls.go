package corpus

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/gogen/testdata/corpus/shared"
)

//go:generate go run github.com/helium-rpc/helium/cmd/helium gen go --type Service

// Service has methods of every form.
type Service interface {
	shared.Till
	io.Closer

	// Sum adds numbers up.
	//
	// Of no numbers it is 0:
	//
	//	Sum() // 0
	//
	//helium:idempotent
	//helium:example [1, 2, 3] => 6
	Sum(ctx context.Context, xs ...float64) (float64, error)
	// Join has a parameter before the variadic one.
	Join(ctx context.Context, separator string, words ...Name) (string, error)
	// Path takes structs.
	Path(ctx context.Context, start Point, rest ...Point) ([]Point, error)
	// Widest takes large structs.
	Widest(ctx context.Context, prefix string, all ...Wide) (int, error)
	// Octets takes numbers that as a list would be bytes.
	Octets(ctx context.Context, all ...byte) ([]byte, error)
	// Mixed takes anything.
	Mixed(ctx context.Context, all ...any) (int, error)

	NoContext(a, b int) (int, error)
	NoResult(ctx context.Context, what string) error
	Nothing() error
	NoArguments(ctx context.Context) (string, error) // NoArguments has its text behind it.
	Unnamed(context.Context, int, string) (string, error)
	Blank(_ context.Context, _ int, b string) (string, error)
	// Awkward has parameters by the names that generated code would like to use.
	Awkward(c context.Context, call, err, result, at, ctx, impl, rpcclient, string, len Name) (Name, error)
	HTTPStatus(ctx context.Context, map_ map[string]int, Range int) (int, error)
	Type(ctx context.Context) (string, error)
	// Fail returns the error of that name.
	//
	//helium:error ErrFirst, ErrSecond
	//helium:error shared.ErrClosed
	//helium:example ["first"]
	Fail(ctx context.Context, which string) error
}

// Errors that Fail returns.
var (
	ErrFirst  = helium.NewError(helium.CodeNotFound, "corpus.first", "the first")
	ErrSecond = helium.NewError(helium.CodeAborted, "corpus.second", "the second")
)

// New returns the implementation of [Service].
func New() Service { return &service{} }

type service struct {
	mu   sync.Mutex
	last string // guarded by mu: what NoResult was told
}

func (*service) Pay(_ context.Context, amount shared.Money) (shared.Money, error) {
	if amount.Units < 0 {
		return shared.Money{}, shared.ErrClosed
	}
	amount.Units--
	return amount, nil
}

func (*service) Close() error { return nil }

func (*service) Sum(_ context.Context, xs ...float64) (sum float64, err error) {
	for _, x := range xs {
		sum += x
	}
	return sum, nil
}

func (*service) Join(_ context.Context, separator string, words ...Name) (string, error) {
	texts := make([]string, len(words))
	for i, word := range words {
		texts[i] = string(word)
	}
	return strings.Join(texts, separator), nil
}

func (*service) Path(_ context.Context, start Point, rest ...Point) ([]Point, error) {
	return append([]Point{start}, rest...), nil
}

func (*service) Widest(_ context.Context, prefix string, all ...Wide) (widest int, err error) {
	for _, w := range all {
		widest = max(widest, len(prefix)+len(w.A)+len(w.J))
	}
	return widest, nil
}

func (*service) Octets(_ context.Context, all ...byte) ([]byte, error) { return all, nil }
func (*service) Mixed(_ context.Context, all ...any) (int, error)      { return len(all), nil }
func (*service) NoContext(a, b int) (int, error)                       { return a - b, nil }

func (s *service) NoResult(_ context.Context, what string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = what
	return nil
}

func (s *service) Nothing() error { return nil }

func (s *service) NoArguments(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last, nil
}

func (*service) Unnamed(_ context.Context, n int, s string) (string, error) {
	return strings.Repeat(s, n), nil
}

func (*service) Blank(_ context.Context, n int, s string) (string, error) {
	return strings.Repeat(s, n), nil
}

func (*service) Awkward(_ context.Context, a, b, c, d, e, f, g, h, i Name) (Name, error) {
	return a + b + c + d + e + f + g + h + i, nil
}

func (*service) HTTPStatus(_ context.Context, byName map[string]int, n int) (int, error) {
	return byName["status"] + n, nil
}

func (*service) Type(context.Context) (string, error) { return "corpus", nil }

func (*service) Fail(_ context.Context, which string) error {
	switch which {
	case "first":
		return ErrFirst
	case "second":
		return fmt.Errorf("after a while: %w", ErrSecond)
	}
	return shared.ErrClosed
}
