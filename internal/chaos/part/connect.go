package part

import (
	"context"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bus"
)

// connect connects as programs do, to the first server of the list if that is there.
func connect(ctx context.Context, setup Setup) (*nats.Conn, error) {
	return bus.Connect(ctx, bus.Config{
		URL: setup.URL, Name: setup.Name, User: setup.User, Password: setup.User, Wait: true,
		Options: []nats.Option{nats.DontRandomize()},
	})
}
