package broker

import (
	"cmp"
	"context"
	"net"
	"net/url"
	"strconv"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/helium-rpc/helium"
)

// planWebsocket writes into the options of the server where it listens for websocket clients,
// whose users and limits are those of Listen, and returns it; nil: nowhere.
func planWebsocket(ctx context.Context, config Config, options *server.Options) (*address, error) {
	ws := config.Websocket
	if ws == nil {
		return nil, nil
	}
	at, err := resolve(ctx, "Websocket.Listen", cmp.Or(ws.Listen, defaultWebsocketListen))
	if err != nil {
		return nil, err
	}
	switch authentication := len(config.Users) > 0 || config.Token != ""; {
	case at.loopback:
	case ws.TLS == nil:
		return nil, helium.ConfigErrorf("broker", "{Websocket.Listen} %q can be reached from other machines; set {Websocket.TLS}, or listen on 127.0.0.1", ws.Listen)
	case !authentication:
		return nil, helium.ConfigErrorf("broker", "{Websocket.Listen} %q can be reached from other machines; set {Users} or {Token}, or listen on 127.0.0.1", ws.Listen)
	}
	if config.Cluster != nil && config.Listen == "" {
		// A member without Listen has a port that the authenticator shuts to all, and it
		// couldn't tell the two apart.
		return nil, helium.NewConfigError("broker", "a member of a cluster that has {Websocket} needs {Listen} as well; set it, such as to \"127.0.0.1:0\"")
	}
	if err := checkCertificate("Websocket.TLS", ws.TLS); err != nil {
		return nil, err
	}
	// The port is picked here rather than by the server: it is part of the origins.
	if at, err = at.pick(ctx, "Websocket.Listen"); err != nil {
		return nil, err
	}
	origins, err := originsOf(ws, at)
	if err != nil {
		return nil, err
	}
	opts := &options.Websocket
	opts.Host, opts.Port = at.hostAndPort()
	opts.AllowedOrigins = origins
	opts.NoTLS = ws.TLS == nil
	opts.HandshakeTimeout = handshakeTimeout
	if ws.TLS != nil {
		opts.TLSConfig = ws.TLS.Clone()
	}
	return &at, nil
}

// originsOf returns those whose pages may connect: the listener's own addresses, and those
// that are allowed. The server's own rule of the same origin would compare with the
// name that the browser asked for, and a foreign page chooses that name: it needs only
// to let its own point here.
func originsOf(ws *Websocket, at address) ([]string, error) {
	scheme := "http"
	if ws.TLS != nil {
		scheme = "https"
	}
	own := address{host: at.host, port: at.port}
	origins := []string{own.url(scheme, at.port)}
	if at.loopback || at.host == "" || net.ParseIP(at.host).IsUnspecified() {
		for _, host := range []string{"localhost", "127.0.0.1", "::1"} {
			origins = append(origins, scheme+"://"+net.JoinHostPort(host, strconv.Itoa(at.port)))
		}
	}
	for _, origin := range ws.AllowedOrigins {
		u, err := url.Parse(origin)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Hostname() == "*" || *u != (url.URL{Scheme: u.Scheme, Host: u.Host}) {
			return nil, helium.ConfigErrorf("broker", "an origin in {Websocket.AllowedOrigins} (%.100q) isn't one; write what browsers send: a scheme, a host and no path, such as https://console.example.com", afterAt(origin))
		}
		origins = append(origins, origin)
	}
	return origins, nil
}
