package broker

import (
	"context"

	"github.com/helium-rpc/helium/bus"
)

// KnockAtClientPort connects to a port that URL doesn't tell.
func KnockAtClientPort(ctx context.Context, b *Broker, token string) error {
	nc, err := bus.Connect(ctx, bus.Config{URL: b.server.Addr().String(), Token: token, Wait: true})
	if err == nil {
		nc.Close()
	}
	return err
}
