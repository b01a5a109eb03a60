package rpcserver

import (
	"sync/atomic"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/internal/wire"
)

// payloadLimit is how large a message a connection takes. That changes when it connects
// to another NATS server, and isn't known before it has connected to one.
type payloadLimit struct {
	nc    *nats.Conn
	bytes atomic.Int64
}

// learn asks the connection.
func (p *payloadLimit) learn() {
	limit := p.nc.MaxPayload()
	if limit <= 0 {
		limit = wire.UsualPayload
	}
	p.bytes.Store(limit)
}

// max returns the largest message that the connection took when it was asked last, in bytes.
func (p *payloadLimit) max() int { return int(p.bytes.Load()) }
