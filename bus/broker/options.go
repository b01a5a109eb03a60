package broker

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"net/url"
	"regexp"
	"slices"

	"github.com/helium-rpc/helium"
	"github.com/nats-io/nats-server/v2/server"
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

var serverName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// plan checks everything that can be checked without touching the disk.
func (cfg Config) plan(ctx context.Context) (*plan, error) {
	name := cfg.Name
	if name == "" {
		name = "broker-" + rand.Text()[:12]
	}
	if !serverName.MatchString(name) {
		return nil, helium.ConfigErrorf("broker", "{Name} %.100q isn't fit for a server; use at most 64 letters, digits, \"-\", \"_\" and \".\"", name)
	}
	if cfg.MaxPayload < 0 || cfg.MaxPayload > maxMaxPayload {
		return nil, helium.ConfigErrorf("broker", "{MaxPayload} is %d bytes; it may be 1 to %d, and 0 stands for %d", cfg.MaxPayload, maxMaxPayload, defaultMaxPayload)
	}
	if cfg.MaxMemory < 0 || cfg.MaxStorage < 0 {
		return nil, helium.ConfigErrorf("broker", "{MaxMemory} (%d) and {MaxStorage} (%d) are sizes in bytes; 0 stands for the default", cfg.MaxMemory, cfg.MaxStorage)
	}
	keeper, err := newDoorkeeper(cfg)
	if err != nil {
		return nil, err
	}
	p := &plan{listens: cfg.Listen != "", options: &server.Options{
		ServerName:             name,
		NoSigs:                 true,
		DisableJetStreamBanner: true,
		PingInterval:           pingInterval, // of clients and of a cluster's members
		MaxPingsOut:            pingsOut,
		MaxPayload:             int32(cmp.Or(int64(cfg.MaxPayload), defaultMaxPayload)),
		JetStream:              true,
		JetStreamMaxMemory:     cmp.Or(cfg.MaxMemory, defaultMaxMemory),
		JetStreamMaxStore:      cmp.Or(cfg.MaxStorage, defaultMaxStorage),
		AlwaysEnableNonce:      true, // for users with an nkey
	}}
	if cfg.Dir == "" {
		p.options.JetStreamMaxStore = cmp.Or(cfg.MaxStorage, temporaryMaxStorage)
	}
	if keeper != nil {
		p.options.CustomClientAuthentication = keeper
	}
	if err := p.setClientPort(ctx, cfg); err != nil {
		return nil, err
	}
	if cfg.Websocket != nil {
		if err := p.setWebsocket(ctx, cfg); err != nil {
			return nil, err
		}
	}
	if cfg.Cluster != nil {
		if err := p.setCluster(ctx, cfg); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *plan) setClientPort(ctx context.Context, cfg Config) error {
	opts := p.options
	if !p.listens {
		if cfg.TLS != nil {
			return helium.NewConfigError("broker", "{TLS} is set and nothing listens; set {Listen} too, such as \"127.0.0.1:4222\"")
		}
		opts.DontListen = true
		return nil
	}
	at, err := resolve(ctx, "Listen", cfg.Listen)
	if err != nil {
		return err
	}
	if !at.loopback {
		var missing string
		switch authentication := len(cfg.Users) > 0 || cfg.Token != ""; {
		case cfg.TLS == nil && !authentication:
			missing = "{TLS}, and {Users} or {Token}"
		case cfg.TLS == nil:
			missing = "{TLS}"
		case !authentication:
			missing = "{Users} or {Token}"
		}
		if missing != "" {
			return helium.ConfigErrorf("broker", "{Listen} %q can be reached from other machines; set "+missing+", or listen on 127.0.0.1", cfg.Listen)
		}
	}
	if err := checkCertificate("TLS", cfg.TLS); err != nil {
		return err
	}
	if _, err := at.free(ctx, "Listen"); err != nil {
		return err
	}
	p.client = at
	opts.Host, opts.Port = hostAndPort(at)
	if cfg.TLS != nil {
		opts.TLS, opts.TLSConfig = true, cfg.TLS.Clone()
		opts.TLSVerify = cfg.TLS.ClientAuth == tls.RequireAndVerifyClientCert
	}
	return nil
}

func (p *plan) setCluster(ctx context.Context, cfg Config) error {
	c, opts := cfg.Cluster, p.options
	name := cmp.Or(c.Name, defaultClusterName)
	if !serverName.MatchString(name) {
		return helium.ConfigErrorf("broker", "{Cluster.Name} %.100q isn't fit for a name; use at most 64 letters, digits, \"-\", \"_\" and \".\"", name)
	}
	if cfg.Name == "" {
		return helium.NewConfigError("broker", "a member of a cluster needs a {Name}, its own and the same after each restart: by it the others know who returns")
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
