package rpcserver

import (
	"sync/atomic"

	"github.com/nats-io/nats.go"
)

// payloadLimit is how large a message a connection takes. That changes when it connects
// to another NATS server, and isn't known before it has connected to one.
type payloadLimit struct {
	nc    *nats.Conn
	bytes atomic.Int64
}

// learn asks the connection.
func (p *payloadLimit) learn() {
	const usual = 1 << 20 // NATS's default
	limit := p.nc.MaxPayload()
	if limit <= 0 {
		limit = usual
	}
	p.bytes.Store(limit)
}

// max returns the largest message that the connection took when it was asked last, in bytes.
func (p *payloadLimit) max() int { return int(p.bytes.Load()) }
