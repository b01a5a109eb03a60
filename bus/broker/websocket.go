package broker

import (
	"cmp"
	"context"
	"net"
	"net/url"
	"strconv"

	"github.com/helium-rpc/helium"
)

// setWebsocket plans the websocket listener, whose users and limits are those of Listen.
func (p *plan) setWebsocket(ctx context.Context, config Config) error {
	ws := config.Websocket
	at, err := resolve(ctx, "Websocket.Listen", cmp.Or(ws.Listen, defaultWebsocketListen))
	if err != nil {
		return err
	}
	switch authentication := len(config.Users) > 0 || config.Token != ""; {
	case at.loopback:
	case ws.TLS == nil:
		return helium.ConfigErrorf("broker", "{Websocket.Listen} %q can be reached from other machines; set {Websocket.TLS}, or listen on 127.0.0.1", ws.Listen)
	case !authentication:
		return helium.ConfigErrorf("broker", "{Websocket.Listen} %q can be reached from other machines; set {Users} or {Token}, or listen on 127.0.0.1", ws.Listen)
	}
	if config.Cluster != nil && !p.listens {
		// A member without Listen has a port that the doorkeeper shuts to all, and it
		// couldn't tell the two apart.
		return helium.NewConfigError("broker", "a member of a cluster that has {Websocket} needs {Listen} as well; set it, such as to \"127.0.0.1:0\"")
	}
	if err := checkCertificate("Websocket.TLS", ws.TLS); err != nil {
		return err
	}
	// The port is picked here rather than by the server: it is part of the origins.
	picked := at.port == 0
	if at.port, err = at.free(ctx, "Websocket.Listen"); err != nil {
		return err
	}
	origins, err := ws.origins(at)
	if err != nil {
		return err
	}
	p.websocket, p.hasWebsocket = at, true
	p.pickedPort = p.pickedPort || picked
	opts := &p.options.Websocket
	opts.Host, opts.Port = hostAndPort(at)
	opts.AllowedOrigins = origins
	opts.NoTLS = ws.TLS == nil
	opts.HandshakeTimeout = handshakeTimeout
	if ws.TLS != nil {
		opts.TLSConfig = ws.TLS.Clone()
	}
	return nil
}

// origins returns those whose pages may connect: the listener's own addresses, and those
// that are allowed. The server's own rule of the same origin would compare with the
// name that the browser asked for, and a foreign page chooses that name: it needs only
// to let its own point here.
func (ws *Websocket) origins(at address) ([]string, error) {
	scheme := ws.scheme("http")
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

// scheme adds the s that stands for TLS.
func (ws *Websocket) scheme(plain string) string {
	if ws.TLS != nil {
		return plain + "s"
	}
	return plain
}

// WebsocketURL returns where websocket clients connect, such as "ws://127.0.0.1:8080",
// without credentials; "" while none are listened for.
func (b *Broker) WebsocketURL() string {
	if !b.plan.hasWebsocket {
		return ""
	}
	scheme := "ws"
	if b.plan.options.Websocket.TLSConfig != nil {
		scheme = "wss"
	}
	return b.plan.websocket.url(scheme, b.plan.websocket.port)
}
