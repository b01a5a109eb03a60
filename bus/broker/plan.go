package broker

import (
	"context"
	"net/url"

	"github.com/nats-io/nats-server/v2/server"
)

// plan is a checked Config: what it makes of the server.
type plan struct {
	options   *server.Options // the server's own once it is made: it writes into them
	client    *address        // where it listens for clients; nil: nowhere
	websocket *address        // and for those by websocket
	cluster   *address        // and for other members
	routes    []*url.URL      // to other members, with credentials
}

// newPlan checks everything that can be checked without touching the disk, of a Config with
// its defaults.
func newPlan(ctx context.Context, config Config) (*plan, error) {
	authenticator, err := newAuthenticator(config)
	if err != nil {
		return nil, err
	}
	p := &plan{options: &server.Options{
		ServerName:             config.Name,
		NoSigs:                 true,
		DisableJetStreamBanner: true,
		PingInterval:           pingInterval, // of clients and of a cluster's members
		MaxPingsOut:            pingsOut,
		MaxPayload:             int32(config.MaxPayload),
		JetStream:              true,
		JetStreamMaxMemory:     config.MaxMemory,
		JetStreamMaxStore:      config.MaxStorage,
		AlwaysEnableNonce:      true, // for users with an nkey
	}}
	if authenticator != nil {
		p.options.CustomClientAuthentication = authenticator
	}
	if p.client, err = planClients(ctx, config, p.options); err != nil {
		return nil, err
	}
	if p.websocket, err = planWebsocket(ctx, config, p.options); err != nil {
		return nil, err
	}
	if config.Cluster != nil {
		at, routes, err := planCluster(ctx, config, p.options)
		if err != nil {
			return nil, err
		}
		p.cluster, p.routes = &at, routes
	}
	return p, nil
}

// pickedPort reports whether a port was free a moment ago, and no more is known.
func (p *plan) pickedPort() bool {
	return p.cluster != nil && p.cluster.picked || p.websocket != nil && p.websocket.picked
}
