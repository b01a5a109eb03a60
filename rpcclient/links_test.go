package rpcclient_test

import (
	"fmt"
	"testing"

	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// linkage is by what the calls of a test travel.
type linkage struct {
	name   string
	listen string // of servers; "": they are called by the bus
}

// overEachLink runs a test by the bus, and by direct links.
func overEachLink(t *testing.T, test func(t *testing.T, over linkage)) {
	for _, over := range []linkage{{name: "bus"}, {"direct link", "127.0.0.1:0"}} {
		t.Run(over.name, func(t *testing.T) { test(t, over) })
	}
}

// serveOver serves a service, and returns once the calls of a client go there by the link. At the
// end of the test it checks that all of them did.
func serveOver[S any](t *testing.T, over linkage, env *heliumtest.Env, c *rpcclient.Client, config rpcserver.Config, name string, impl S) *rpcserver.Server {
	t.Helper()
	config.Listen = over.listen
	srv := heliumtest.ServeWith(env, config, name, impl)
	if over.listen == "" {
		return srv
	}
	over.links(t, c, name, 1)
	over.checkAll(t, c)
	return srv
}

// serve serves a service, of which there may be several instances.
func (over linkage) serve(env *heliumtest.Env, config rpcserver.Config, name string, impl any, options ...rpcserver.Option) *rpcserver.Server {
	config.Listen = over.listen
	return heliumtest.ServeWith(env, config, name, impl, options...)
}

// links waits until a client knows all instances of a service, and its calls go to each by the link.
func (over linkage) links(t *testing.T, c *rpcclient.Client, service string, instances int) {
	t.Helper()
	eventually(t, func() error {
		_ = c.Call(t.Context(), service+".absent", nil) // which has the client look where the service is
		if known := c.Instances(service); len(known) != instances {
			return fmt.Errorf("the known instances are %v, want %d", known, instances)
		}
		if got := c.Stats().DirectLinks; over.listen != "" && got != instances {
			return fmt.Errorf("%d direct links, want %d; %+v", got, instances, c.DirectLinks())
		}
		return nil
	})
}

// checkAll checks at the end of the test that all calls of a client from now on went by the link.
func (over linkage) checkAll(t *testing.T, c *rpcclient.Client) {
	if over.listen == "" {
		return
	}
	before := c.Stats()
	t.Cleanup(func() {
		after := c.Stats()
		sent, direct := after.FramesSent-before.FramesSent, after.DirectFrames-before.DirectFrames
		if sent == 0 || sent != direct {
			t.Errorf("%d of %d calls went by the direct link, want all", direct, sent)
		}
	})
}
