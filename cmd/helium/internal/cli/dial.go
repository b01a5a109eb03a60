package cli

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bus"
)

// connect connects as the flags say. Errors end the command with ExitNoBus, or with
// ExitUsage where the flags contradict each other.
func connect(ctx context.Context, c *Connection, cfg bus.Config) (*nats.Conn, error) {
	if err := c.Configure(&cfg); err != nil {
		return nil, err
	}
	nc, err := bus.Connect(ctx, cfg)
	switch {
	case err == nil:
		return nc, nil
	case isAboutFlags(err):
		return nil, Fail(ExitUsage, "", err)
	}
	return nil, Fail(ExitNoBus, ConnectHint(err), err)
}

// ConnectHint says which flags help, or where a broker comes from.
func ConnectHint(err error) string {
	switch {
	case errors.Is(err, nats.ErrAuthorization):
		return "helium doctor; or give --context, --creds, --nkey, --user with --password, or --token"
	case errors.Is(err, nats.ErrTLS):
		return "helium doctor; or give --tlsca, and --tlscert with --tlskey if the server asks for a certificate"
	case errors.Is(err, nats.ErrNoServers):
		return "helium doctor; or start a broker to try things: helium dev"
	}
	return "helium doctor"
}
