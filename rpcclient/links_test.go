package rpcclient_test

import (
	"errors"
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
	eventually(t, func() error {
		_ = c.Call(t.Context(), name+".absent", nil) // which has the client look where the service is
		if c.Stats().DirectLinks != 1 {
			return errors.New("there is no direct link")
		}
		return nil
	})
	before := c.Stats()
	t.Cleanup(func() {
		after := c.Stats()
		sent, direct := after.FramesSent-before.FramesSent, after.DirectFrames-before.DirectFrames
		if sent == 0 || sent != direct {
			t.Errorf("%d of %d calls went by the direct link, want all", direct, sent)
		}
	})
	return srv
}
