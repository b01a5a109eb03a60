package binder

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go"
)

// A Binder serves the registry. Any number may run on the same bus; they share the
// bucket and the requests.
type Binder struct{}

// Start opens the registry's bucket, creating it if need be, and serves it until Close.
func Start(ctx context.Context, nc *nats.Conn, config Config) (*Binder, error) {
	return nil, errors.New("binder: not written yet")
}

// Close stops serving. It doesn't close the connection, and may be called twice.
func (b *Binder) Close() {}
