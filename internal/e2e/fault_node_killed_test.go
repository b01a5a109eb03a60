package e2e_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// clusterTime bounds the start of a cluster. Candidates for a leader may tie, and then
// they wait for several seconds: that is NATS's way and no failure.
const clusterTime = 2 * time.Minute

func startMember(t *testing.T, name string, routes ...string) *broker.Broker {
	t.Helper()
	return startBroker(t, broker.Config{Name: name, Listen: "127.0.0.1:0", Cluster: &broker.Cluster{Routes: routes}})
}

// waitCluster waits until a cluster of three is ready, as its members here see it.
func waitCluster(t *testing.T, members ...*broker.Broker) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), clusterTime)
	defer cancel()
	for _, b := range members {
		if err := b.WaitCluster(ctx, 3); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheSystemSpreadsOverTheNodesOfACluster(t *testing.T) {
	t.Parallel()
	a := startMember(t, "a")
	b := startMember(t, "b", a.ClusterURL())
	c := startMember(t, "c", a.ClusterURL(), b.ClusterURL())
	waitCluster(t, a, b, c)

	startBinder(t, dial(t, a.URL()), binder.Config{Lease: long, Replicas: 3, Memory: true})
	srv := serve(t, dial(t, b.URL()), rpcserver.Config{}, "math", mathsvc.New())
	client := newClient(t, dial(t, c.URL()), rpcclient.Config{})
	// The node of the client hears of the server's subscriptions a moment later, one
	// after the other.
	for _, method := range []string{"math.add", "math.sub", "math.mul", "math.div"} {
		eventually(t, "an answer from another node to "+method, func() error {
			_, err := rpcclient.Call[float64](testContext(t), client, method, 2, 3)
			return err
		})
	}
	checkArithmetic(t, client)

	second := serve(t, dial(t, c.URL()), rpcserver.Config{}, "math", mathsvc.New())
	registered(t, registryOf(t, dial(t, b.URL())), "math", srv, second)
}

func TestWhenANodeOfTheClusterIsKilledCallsGoOnOverTheOthers(t *testing.T) {
	t.Parallel()
	b := startMember(t, "b")
	c := startMember(t, "c", b.ClusterURL())
	dies := launch(t, part{Broker: &brokerPart{Listen: "127.0.0.1:0", Name: "dies", Routes: []string{b.ClusterURL(), c.ClusterURL()}}})
	waitCluster(t, b, c)

	// The binder and one of two servers are at the node that dies, first.
	all := strings.Join([]string{dies.words[0], b.URL(), c.URL()}, ",")
	dialFirst := func() (nc *nats.Conn) {
		eventually(t, "a connection to "+dies.words[0], func() error {
			nc = dial(t, all, nats.DontRandomize())
			if got := nc.ConnectedUrl(); got != dies.words[0] {
				return fmt.Errorf("it went to %s", got) // its handshake took too long
			}
			return nil
		})
		return nc
	}
	startBinder(t, dialFirst(), binder.Config{Lease: long, Replicas: 3, Memory: true})
	moving, staying := newWorker("moving"), newWorker("staying")
	movingConn := dialFirst()
	serve(t, movingConn, rpcserver.Config{}, "work", moving)
	serve(t, dial(t, b.URL()), rpcserver.Config{}, "work", staying)
	client := newClient(t, dial(t, c.URL()), rpcclient.Config{})
	for _, name := range []string{"moving", "staying"} {
		eventually(t, "an answer from "+name, func() error { return answerFrom(client, name) })
	}

	// A call that gets lost costs its caller this limit.
	const limit = 3 * time.Second
	traffic := startTraffic(client, 4, limit)
	traffic.goOn(t, 100)
	dies.kill()
	eventually(t, "the server at another node", func() error {
		if movingConn.IsConnected() && movingConn.ConnectedUrl() != dies.words[0] {
			return nil
		}
		return fmt.Errorf("it is at %q, connected %v", movingConn.ConnectedUrl(), movingConn.IsConnected())
	})
	eventually(t, "an answer from the server that moved", func() error { return answerFrom(client, "moving") })
	traffic.goOn(t, 100)

	ends := traffic.finish()
	// What was under way to the node that died is lost, or fails; nothing else does.
	if failed := checkBooks(t, ends, moving, staying); failed > len(ends)/2 {
		t.Errorf("%d of %d calls failed, want most to go on over the other nodes", failed, len(ends))
	}
	registry := registryOf(t, dial(t, b.URL()))
	eventually(t, "the registry, from the two that are left", func() error {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		entry, err := registry.Lookup(ctx, "work")
		if err == nil && len(entry.Records) != 2 {
			err = fmt.Errorf("records %v, want two", entry.Records)
		}
		return err
	})
	eventually(t, "a server that comes now, registered", func() error {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		srv := rpcserver.New(dial(t, b.URL()), rpcserver.Config{Logger: quiet})
		if err := rpcserver.Register(srv, "math", mathsvc.New()); err != nil {
			return err
		}
		t.Cleanup(func() { _ = srv.Shutdown(context.Background()) })
		return srv.Start(ctx)
	})
}

// answerFrom returns nil if one of 20 calls is answered by that worker.
func answerFrom(c *rpcclient.Client, name string) error {
	var got any
	for range 20 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		who, err := rpcclient.Call[string](ctx, c, "work.who")
		cancel()
		if who == name {
			return nil
		}
		if got = who; err != nil {
			got = err
		}
	}
	return fmt.Errorf("the last of 20 calls: %v", got)
}
