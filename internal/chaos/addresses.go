package chaos

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"

	"github.com/helium-rpc/helium/internal/chaos/part"
	"github.com/helium-rpc/helium/internal/chaos/proxy"
)

// addresses are where the brokers listen, before and after a restart.
type addresses struct {
	clients []string // of each broker
	routes  []string // of each member of a cluster, nil for one broker
	// between are proxies: between[i][j] is how member i reaches member j. nil without them.
	between [][]*proxy.Proxy
}

// pickAddresses finds addresses for a number of brokers. With oneWay each has a
// proxy to the next one alone.
func pickAddresses(count int, proxied, oneWay bool) (*addresses, error) {
	a := new(addresses)
	taken := make(map[int]bool)
	for range count {
		at, err := unusedAddress(taken)
		if err != nil {
			return nil, err
		}
		a.clients = append(a.clients, at)
	}
	if count == 1 {
		return a, nil
	}
	for range count {
		at, err := unusedAddress(taken)
		if err != nil {
			return nil, err
		}
		a.routes = append(a.routes, at)
	}
	if !proxied {
		return a, nil
	}
	a.between = make([][]*proxy.Proxy, count)
	for i := range count {
		a.between[i] = make([]*proxy.Proxy, count)
		for j := range count {
			if i == j || oneWay && j != (i+1)%count {
				continue
			}
			p, err := proxy.Start(a.routes[j])
			if err != nil {
				return a, err
			}
			a.between[i][j] = p
		}
	}
	return a, nil
}

// unusedAddress returns an address at which nobody listens. Its port is below those that systems
// hand out by themselves.
func unusedAddress(taken map[int]bool) (string, error) {
	const from, to = 20_000, 30_000
	for range 1000 {
		port := from + rand.IntN(to-from)
		at := fmt.Sprintf("127.0.0.1:%d", port)
		listener, err := net.Listen("tcp", at)
		if err != nil || taken[port] {
			if err == nil {
				listener.Close()
			}
			continue
		}
		taken[port] = true
		return at, listener.Close()
	}
	return "", errors.New("no unused port in 1000 tries")
}

// broker is the setup of a broker of package broker.
func (a *addresses) broker(i int, dir string) *part.Broker {
	setup := &part.Broker{Listen: a.clients[i], Dir: dir}
	if a.routes != nil {
		setup.Cluster, setup.Routes = a.routes[i], a.routes
	}
	return setup
}

// config is the configuration of a NATS server. It doesn't tell others' clients of itself, and
// tells its routes of an address at which nobody listens: else they would meet past the proxies.
func (a *addresses) config(i int, name, dir, accounts string) string {
	text := new(strings.Builder)
	fmt.Fprintf(text, "server_name: %s\nlisten: %q\njetstream { store_dir: %q, max_mem: 256M, max_file: 1G }\n%s\n", name, a.clients[i], dir, accounts)
	if a.routes != nil {
		var routes []string
		for _, p := range a.between[i] {
			if p != nil {
				routes = append(routes, fmt.Sprintf("%q", "nats-route://"+p.Address()))
			}
		}
		fmt.Fprintf(text, "cluster { name: helium, listen: %q, no_advertise: true, cluster_advertise: \"127.0.0.1:9\", routes: [%s] }\n",
			a.routes[i], strings.Join(routes, ", "))
	}
	return text.String()
}

// routesOf returns the proxies by which a member is connected with the others.
func (a *addresses) routesOf(member int) (proxies []*proxy.Proxy) {
	for i, to := range a.between {
		for j, p := range to {
			if p != nil && (i == member || j == member) {
				proxies = append(proxies, p)
			}
		}
	}
	return proxies
}

func (a *addresses) close() {
	for _, to := range a.between {
		for _, p := range to {
			if p != nil {
				p.Close()
			}
		}
	}
}
