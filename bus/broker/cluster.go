package broker

import (
	"cmp"
	"context"
	"crypto/tls"
	"net/url"
	"slices"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/helium-rpc/helium"
)

// planCluster writes into the options of the server where it listens for other members, and
// how it reaches them. It returns its own address and the routes of the Config.
func planCluster(ctx context.Context, config Config, opts *server.Options) (at address, routes []*url.URL, err error) {
	c := config.Cluster
	name := cmp.Or(c.Name, defaultClusterName)
	if !serverName.MatchString(name) {
		return at, nil, helium.ConfigErrorf("broker", "{Cluster.Name} %.100q isn't fit for a name; use at most 64 letters, digits, \"-\", \"_\" and \".\"", name)
	}
	if (c.User == "") != (c.Password == "") {
		return at, nil, helium.NewConfigError("broker", "{Cluster} has one of User and Password; set both or none")
	}
	at, err = resolve(ctx, "Cluster.Listen", cmp.Or(c.Listen, defaultClusterListen))
	if err != nil {
		return at, nil, err
	}
	if !at.loopback && (c.TLS == nil || c.User == "") {
		return at, nil, helium.ConfigErrorf("broker", "{Cluster.Listen} %q can be reached from other machines, and who joins reads everything; set {Cluster.TLS}, User and Password, or listen on 127.0.0.1", c.Listen)
	}
	if err := checkCertificate("Cluster.TLS", c.TLS); err != nil {
		return at, nil, err
	}
	// A cluster port is picked here rather than by the server, for the sake of the
	// route to itself.
	if at, err = at.pick(ctx, "Cluster.Listen"); err != nil {
		return at, nil, err
	}
	for _, raw := range c.Routes {
		route, err := parseRoute(raw, c)
		if err != nil {
			return at, nil, err
		}
		routes = append(routes, route)
	}
	if opts.Routes, err = withOwnRoute(routes, at, c); err != nil {
		return at, nil, err
	}
	opts.Cluster.Name = name
	opts.Cluster.Host, opts.Cluster.Port = at.hostAndPort()
	opts.Cluster.Username, opts.Cluster.Password = c.User, c.Password
	opts.Cluster.ConnectRetries = routeRetries
	if c.TLS != nil {
		opts.Cluster.TLSConfig = c.TLS.Clone()
		opts.Cluster.TLSConfig.ClientAuth = tls.RequireAndVerifyClientCert
	}
	if config.Listen == "" {
		// The server starts its routes only behind a client port. So there is one,
		// on loopback, which the authenticator shuts to all and of which no one is told.
		opts.DontListen = false
		opts.Host, opts.Port = "127.0.0.1", server.RANDOM_PORT
		opts.Cluster.NoAdvertise = true
	}
	return at, routes, nil
}

// withOwnRoute returns the routes with this member's own among them. The server wants
// at least one, which the first member of a cluster hasn't, and takes their number
// for the size of a new cluster: without its own, four members could become two
// pairs, each with a majority. A route to itself is noticed and dropped.
func withOwnRoute(routes []*url.URL, at address, c *Cluster) ([]*url.URL, error) {
	own, err := parseRoute(at.url("nats-route", at.port), c)
	if err != nil || slices.ContainsFunc(routes, func(u *url.URL) bool { return u.Host == own.Host }) {
		return routes, err
	}
	return append(slices.Clone(routes), own), nil
}
