package corpus

import "context"

// Store has a type parameter, so it can't be a service. [Numbers] can.
type Store[T any] interface {
	// Put keeps a value and returns how many there are.
	Put(ctx context.Context, value T) (int, error)
	// All returns them.
	All(ctx context.Context) (Page[T], error)
}

//go:generate go run github.com/helium-rpc/helium/cmd/helium gen go --type Numbers --service number-store

// Numbers is a Store of one type.
type Numbers Store[Pair[string, Celsius]]

//go:generate go run github.com/helium-rpc/helium/cmd/helium gen go --type private --out private_stub.go

// private isn't exported, and neither is what is made of it.
type private interface {
	Ask(ctx context.Context, line Line) (Line, error)
}

// Uses of what isn't exported.
var (
	NewPrivateClient = newPrivateClient
	RegisterPrivate  = registerPrivate
)

type answers struct{}

func (answers) Ask(_ context.Context, line Line) (Line, error) { return line, nil }

// NewPrivate returns the implementation of private.
func NewPrivate() private { return answers{} } //nolint:revive // the tests need it
