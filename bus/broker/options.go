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

// plan is a checked Config.
type plan struct {
	options *server.Options // the server's own once it is made: it writes into them
	routes  []*url.URL      // to other members, with credentials

	listens   bool    // for clients
	client    address // where, if so
	clustered bool
	cluster   address // where, if so

	hasWebsocket bool
	websocket    address // where, if so

	// pickedPort: the cluster's or the websocket's port was free a moment ago, no more
	// is known.
	pickedPort bool
}

// plan checks everything that can be checked without touching the disk, of a Config with
// its defaults.
func (config Config) plan(ctx context.Context) (*plan, error) {
	keeper, err := newDoorkeeper(config)
	if err != nil {
		return nil, err
	}
	p := &plan{listens: config.Listen != "", options: &server.Options{
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
	if keeper != nil {
		p.options.CustomClientAuthentication = keeper
	}
	if err := p.setClientPort(ctx, config); err != nil {
		return nil, err
	}
	if config.Websocket != nil {
		if err := p.setWebsocket(ctx, config); err != nil {
			return nil, err
		}
	}
	if config.Cluster != nil {
		if err := p.setCluster(ctx, config); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *plan) setClientPort(ctx context.Context, config Config) error {
	opts := p.options
	if !p.listens {
		if config.TLS != nil {
			return helium.NewConfigError("broker", "{TLS} is set and nothing listens; set {Listen} too, such as \"127.0.0.1:4222\"")
		}
		opts.DontListen = true
		return nil
	}
	at, err := resolve(ctx, "Listen", config.Listen)
	if err != nil {
		return err
	}
	if !at.loopback {
		var missing string
		switch authentication := len(config.Users) > 0 || config.Token != ""; {
		case config.TLS == nil && !authentication:
			missing = "{TLS}, and {Users} or {Token}"
		case config.TLS == nil:
			missing = "{TLS}"
		case !authentication:
			missing = "{Users} or {Token}"
		}
		if missing != "" {
			return helium.ConfigErrorf("broker", "{Listen} %q can be reached from other machines; set "+missing+", or listen on 127.0.0.1", config.Listen)
		}
	}
	if err := checkCertificate("TLS", config.TLS); err != nil {
		return err
	}
	if _, err := at.free(ctx, "Listen"); err != nil {
		return err
	}
	p.client = at
	opts.Host, opts.Port = hostAndPort(at)
	if config.TLS != nil {
		opts.TLS, opts.TLSConfig = true, config.TLS.Clone()
		opts.TLSVerify = config.TLS.ClientAuth == tls.RequireAndVerifyClientCert
	}
	return nil
}

func (p *plan) setCluster(ctx context.Context, config Config) error {
	c, opts := config.Cluster, p.options
	name := cmp.Or(c.Name, defaultClusterName)
	if !serverName.MatchString(name) {
		return helium.ConfigErrorf("broker", "{Cluster.Name} %.100q isn't fit for a name; use at most 64 letters, digits, \"-\", \"_\" and \".\"", name)
	}
	if (c.User == "") != (c.Password == "") {
		return helium.NewConfigError("broker", "{Cluster} has one of User and Password; set both or none")
	}
	at, err := resolve(ctx, "Cluster.Listen", cmp.Or(c.Listen, defaultClusterListen))
	if err != nil {
		return err
	}
	if !at.loopback && (c.TLS == nil || c.User == "") {
		return helium.ConfigErrorf("broker", "{Cluster.Listen} %q can be reached from other machines, and who joins reads everything; set {Cluster.TLS}, User and Password, or listen on 127.0.0.1", c.Listen)
	}
	if err := checkCertificate("Cluster.TLS", c.TLS); err != nil {
		return err
	}
	// A cluster port is picked here rather than by the server, for the sake of the
	// route to itself.
	p.pickedPort = p.pickedPort || at.port == 0
	if at.port, err = at.free(ctx, "Cluster.Listen"); err != nil {
		return err
	}
	for _, raw := range c.Routes {
		route, err := parseRoute(raw, c)
		if err != nil {
			return err
		}
		p.routes = append(p.routes, route)
	}
	p.clustered, p.cluster = true, at
	if opts.Routes, err = p.withOwnRoute(c); err != nil {
		return err
	}
	opts.Cluster.Name = name
	opts.Cluster.Host, opts.Cluster.Port = hostAndPort(at)
	opts.Cluster.Username, opts.Cluster.Password = c.User, c.Password
	opts.Cluster.ConnectRetries = routeRetries
	if c.TLS != nil {
		opts.Cluster.TLSConfig = c.TLS.Clone()
		opts.Cluster.TLSConfig.ClientAuth = tls.RequireAndVerifyClientCert
	}
	if !p.listens {
		// The server starts its routes only behind a client port. So there is one,
		// on loopback, which the doorkeeper shuts to all and of which no one is told.
		opts.DontListen = false
		opts.Host, opts.Port = "127.0.0.1", server.RANDOM_PORT
		opts.Cluster.NoAdvertise = true
	}
	return nil
}

// withOwnRoute returns the routes with this member's own among them. The server wants
// at least one, which the first member of a cluster hasn't, and takes their number
// for the size of a new cluster: without its own, four members could become two
// pairs, each with a majority. A route to itself is noticed and dropped.
func (p *plan) withOwnRoute(c *Cluster) ([]*url.URL, error) {
	own, err := parseRoute(p.cluster.url("nats-route", p.cluster.port), c)
	if err != nil || slices.ContainsFunc(p.routes, func(u *url.URL) bool { return u.Host == own.Host }) {
		return p.routes, err
	}
	return append(slices.Clone(p.routes), own), nil
}

func checkCertificate(field string, config *tls.Config) error {
	if config != nil && len(config.Certificates) == 0 && config.GetCertificate == nil && config.GetConfigForClient == nil {
		return helium.NewConfigError("broker", "{"+field+"} has no certificate; load one with tls.LoadX509KeyPair into its Certificates")
	}
	return nil
}

// hostAndPort are a's in the server's terms: 0 is its default port, -1 a free one.
func hostAndPort(a address) (string, int) {
	host, port := a.host, a.port
	if host == "" {
		host = server.DEFAULT_HOST
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	return host, port
}
