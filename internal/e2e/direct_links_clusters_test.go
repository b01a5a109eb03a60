package e2e_test

import (
	"fmt"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/internal/loopback"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// annex starts a NATS server of the cluster "annex" that is joined to others by leaf nodes, which
// dial where it listens for them.
func annex(t *testing.T, leaves string) (url string, stop func()) {
	t.Helper()
	options := configured(t, `cluster { name: annex, listen: "127.0.0.1:-1" }
leafnodes { listen: "`+leaves+`" }`)
	options.JetStream = false
	s, err := server.NewServer(options)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	stop = func() {
		s.Shutdown()
		s.WaitForShutdown()
	}
	t.Cleanup(stop)
	if !s.ReadyForConnections(patience) {
		t.Fatal("the NATS server doesn't start")
	}
	return s.ClientURL(), stop
}

func TestBesideDirectLinksAnInstanceInAnotherClusterHasWhatTheQueueGroupGivesItAndItsShareOnceItComesNear(t *testing.T) {
	t.Parallel()
	leaves := loopback.UnusedAddress(t)
	far, stop := annex(t, leaves)
	url := startGuarded(t, configured(t, `leafnodes { remotes: [{url: "nats://`+leaves+`"}] }`), func() {}).url
	startBinder(t, dial(t, url), longLease)
	serve(t, dial(t, url), rpcserver.Config{Listen: listening}, "work", newWorker("linked"))
	serve(t, dial(t, url), rpcserver.Config{}, "work", newWorker("near"))
	var moving *nats.Conn
	eventually(t, "a connection to the other cluster", func() error {
		moving = dial(t, far+","+url, nats.DontRandomize())
		if got := moving.ConnectedClusterName(); got != "annex" {
			return fmt.Errorf("it is to cluster %q", got) // the handshake took too long
		}
		return nil
	})
	srv := serve(t, moving, rpcserver.Config{}, "work", newWorker("moving"))
	registry := registryOf(t, dial(t, url))
	saysCluster := func(want string) {
		t.Helper()
		eventually(t, fmt.Sprintf("a record that says cluster %q", want), func() error {
			entry, err := registry.Lookup(testContext(t), "work")
			if err != nil {
				return err
			}
			for _, r := range entry.Records {
				if r.Instance == srv.Instance() && r.Cluster != want {
					return fmt.Errorf("it says %q", r.Cluster)
				}
			}
			return nil
		})
	}
	saysCluster("annex")
	c := newClient(t, dial(t, url), rpcclient.Config{})
	linked(t, c, 1)
	// NATS's queue groups prefer who is near; by its number it would have 300.
	if by := count(t, c, 900); by["moving"] > 100 {
		t.Errorf("of 900 calls the instance in the other cluster has %d, want few or none: %v", by["moving"], by)
	}
	stop()
	saysCluster("")
	evenly(t, c, 1, 2)
}
