package examples_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bus"
)

func TestAClientWaitsForAKilledServerToBeRestarted(t *testing.T) {
	t.Parallel()
	at := newTerminals(t)
	binder := at.startBinder("-lease", "1s")
	server := at.startServer()
	killed := server.await(online)
	binder.await(`(?m)^registered +math/` + killed)
	server.kill()
	at.awaitNobody("math", killed)

	client := at.startClient("2 * 3")
	client.await("waiting for the service")
	next := at.startServer()
	client.awaitExit(0)
	client.wrote("2 * 3 = 6\n")

	// The binder learns of the departure as nobody renews the lease.
	binder.await(`(?m)^expired +math/` + killed)
	binder.await(`(?m)^registered +math/` + next.await(online))
}

// awaitNobody waits until the broker has noticed that an instance is gone, which takes it
// a moment. A call in that moment would go to nobody.
func (at terminals) awaitNobody(service, instance string) {
	at.t.Helper()
	nc, err := bus.Connect(at.t.Context(), bus.Config{URL: at.url(), Wait: true})
	if err != nil {
		at.t.Fatal(err)
	}
	defer nc.Close()
	for deadline := time.Now().Add(patience); ; {
		_, err := nc.Request("$SRV.PING."+service+"."+instance, nil, 100*time.Millisecond)
		if errors.Is(err, nats.ErrNoResponders) {
			return
		}
		if time.Now().After(deadline) {
			at.t.Fatalf("%v after its end somebody listens for %s of %s", patience, instance, service)
		}
	}
}

func TestTheOtherServerTakesOverWhenOneIsKilled(t *testing.T) {
	t.Parallel()
	at := newTerminals(t)
	at.startBinder()
	first, second := at.startServer(), at.startServer()
	killed := first.await(online)
	second.await(online)
	first.kill()
	at.awaitNobody("math", killed)

	client := at.startClient(slices.Repeat([]string{"1 + 2"}, 20)...)
	client.awaitExit(0)
	second.await(`(?:add\(1, 2\) = 3\n){20}`)
}

func TestAServerRegistersAgainAfterTheBinderWasKilled(t *testing.T) {
	t.Parallel()
	at := newTerminals(t)
	binder, server := at.startBinder(), at.startServer()
	instance := server.await(online)
	binder.kill()
	server.await("lost the NATS server")

	at.startBinder().await(`(?m)^registered +math/` + instance)
	client := at.startClient("2 * 3")
	client.awaitExit(0)
	client.wrote("2 * 3 = 6\n")
}
