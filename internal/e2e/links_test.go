package e2e_test

import (
	"fmt"
	"testing"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// linkage is by what the calls of a test travel.
type linkage struct {
	name   string
	listen string // of servers; "": they are called by the bus
}

// linkages are those that promises hold by. Servers in a process of their own are reached by
// sockets, those in this one in memory.
var linkages = []linkage{{name: "by the bus"}, {"by a direct link", listening}}

// overEachLink runs a test in a network of its own by the bus, and in one by direct links.
func overEachLink(t *testing.T, test func(t *testing.T, n network)) {
	for _, over := range linkages {
		t.Run(over.name, func(t *testing.T) {
			t.Parallel()
			test(t, newNetworkOver(t, over))
		})
	}
}

// overEachLinkInTurn is overEachLink for tests that burn the processors.
func overEachLinkInTurn(t *testing.T, test func(t *testing.T, n network)) {
	for _, over := range linkages {
		t.Run(over.name, func(t *testing.T) { test(t, newNetworkOver(t, over)) })
	}
}

// newNetworkOver is newNetwork, with servers that are called by a link.
func newNetworkOver(t testing.TB, over linkage) network {
	t.Helper()
	n := network{t: t, broker: startBroker(t, broker.Config{Listen: "127.0.0.1:0"}), over: over}
	startBinder(t, n.dial(), longLease)
	return n
}

// config returns a server's configuration with the link by which it is called.
func (n network) config(c rpcserver.Config) rpcserver.Config {
	c.Listen = n.over.listen
	return c
}

// link has a client's calls of a service go by the link, of which there are to be so many if it is a
// direct one: one for each server that the client calls.
func (n network) link(t testing.TB, c *rpcclient.Client, service string, servers int) {
	t.Helper()
	if n.over.listen == "" {
		return
	}
	eventually(t, fmt.Sprintf("direct links to %d servers", servers), func() error {
		_ = c.Call(testContext(t), service+".absent", nil) // which has the client look where the service is
		if got := c.Stats().DirectLinks; got != servers {
			return fmt.Errorf("%d; %+v", got, c.DirectLinks())
		}
		return nil
	})
	t.Cleanup(func() {
		if c.Stats().DirectFrames == 0 {
			t.Error("no call went by a direct link")
		}
	})
}
