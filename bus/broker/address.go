package broker

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"
	"syscall"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/helium-rpc/helium"
)

// address is a checked host:port to listen on.
type address struct {
	host     string // "" for all interfaces
	port     int    // 0 for a free one
	loopback bool   // only this machine can reach it
	picked   bool   // the port was free a moment ago, no more is known
}

// resolve checks the value of a Config's field, which errors name.
func resolve(ctx context.Context, field, value string) (address, error) {
	host, portText, err := net.SplitHostPort(value)
	if err != nil {
		return address{}, helium.ConfigErrorf("broker", "{"+field+"} %.100q isn't an address; write host:port, such as 127.0.0.1:4222, with port 0 for a free one", value)
	}
	port, err := strconv.Atoi(portText)
	if err != nil || port < 0 || port > 65535 {
		return address{}, helium.ConfigErrorf("broker", "{"+field+"} %.100q has the port %.20q; a port is a number from 0 (a free one) to 65535", value, portText)
	}
	a := address{host: host, port: port}
	if host == "" {
		return a, nil
	}
	if ip := net.ParseIP(host); ip != nil {
		a.loopback = ip.IsLoopback()
		return a, nil
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return address{}, helium.ConfigErrorf("broker", "{"+field+"} %.100q: no address known for that host: %w; use an address of this machine, such as 127.0.0.1", value, err)
	}
	a.loopback = true
	for _, ip := range ips {
		a.loopback = a.loopback && ip.IsLoopback()
	}
	return a, nil
}

// free says early and plainly that an address can't be listened on: the server
// would notice too, but only after it had opened its directory. It returns the port,
// where that is 0 one that is free now.
func (a address) free(ctx context.Context, field string) (port int, err error) {
	at := net.JoinHostPort(a.host, strconv.Itoa(a.port))
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", at)
	switch {
	case err == nil:
		return l.Addr().(*net.TCPAddr).Port, l.Close()
	case errors.Is(err, syscall.EADDRINUSE):
		return 0, helium.ConfigErrorf("broker", "{"+field+"} %s is in use: %w; stop who uses it, or take another port, such as 0 for a free one", at, err)
	}
	return 0, helium.ConfigErrorf("broker", "can't listen on {"+field+"} %s: %w; use an address of this machine, such as 127.0.0.1:0", at, err)
}

// pick gives an address with port 0 a port that is free now, and makes sure that others can
// be listened on.
func (a address) pick(ctx context.Context, field string) (address, error) {
	port, err := a.free(ctx, field)
	a.picked, a.port = a.port == 0, port
	return a, err
}

// url shows how to reach a server that listens on a with the given port.
func (a address) url(scheme string, port int) string {
	host := a.host
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1" // all interfaces: this one works on this machine
	}
	return scheme + "://" + net.JoinHostPort(host, strconv.Itoa(port))
}

// hostAndPort are those in the server's terms: 0 is its default port, -1 a free one.
func (a address) hostAndPort() (string, int) {
	host, port := a.host, a.port
	if host == "" {
		host = server.DEFAULT_HOST
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	return host, port
}

// parseRoute reads one of Cluster.Routes and adds the cluster's credentials.
func parseRoute(raw string, cluster *Cluster) (*url.URL, error) {
	text := raw
	if !strings.Contains(text, "://") {
		text = "nats-route://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Port() == "" || u.Port() == "0" {
		return nil, helium.ConfigErrorf("broker", "a route in {Cluster.Routes} (%.100q) isn't an address; write nats://host:port with the other member's cluster port", afterAt(raw))
	}
	u.Scheme = "nats-route"
	if u.User == nil && cluster.User != "" {
		u.User = url.UserPassword(cluster.User, cluster.Password)
	}
	return u, nil
}

// afterAt leaves out what may hold a password.
func afterAt(raw string) string {
	if at := strings.LastIndexByte(raw, '@'); at >= 0 {
		return "…" + raw[at:]
	}
	return raw
}
