// Package benchsvc is the service that Helium and its peers all serve: two floats, some
// bytes, a nested struct. Its Helium client and server have the shape that a generator
// writes; every other peer has its own file in package peers.
package benchsvc

import "context"

// Name is the service's name on the bus.
const Name = "bench"

// Service does next to nothing, so that what is measured is the way to it and back.
type Service interface {
	// Add returns a + b.
	Add(ctx context.Context, a, b float64) (float64, error)
	// Echo returns data.
	Echo(ctx context.Context, data []byte) ([]byte, error)
	// EchoOrder returns order.
	EchoOrder(ctx context.Context, order Order) (Order, error)
}

// New returns the service. It keeps no state and is safe for concurrent use.
func New() Service { return service{} }

type service struct{}

func (service) Add(_ context.Context, a, b float64) (float64, error)    { return a + b, nil }
func (service) Echo(_ context.Context, data []byte) ([]byte, error)     { return data, nil }
func (service) EchoOrder(_ context.Context, order Order) (Order, error) { return order, nil }
