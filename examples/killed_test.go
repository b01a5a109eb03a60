package examples_test

import (
	"slices"
	"testing"
)

func TestAClientWaitsForAKilledServerToBeRestarted(t *testing.T) {
	t.Parallel()
	at := newTerminals(t)
	binder := at.startBinder("-lease", "1s")
	server := at.startServer()
	killed := server.await(online)
	binder.await(`(?m)^registered +math/` + killed)
	server.kill()

	client := at.startClient("2 * 3")
	client.await("waiting for the service")
	next := at.startServer()
	client.awaitExit(0)
	client.wrote("2 * 3 = 6\n")

	// The binder learns of the departure as nobody renews the lease.
	binder.await(`(?m)^expired +math/` + killed)
	binder.await(`(?m)^registered +math/` + next.await(online))
}

func TestTheOtherServerTakesOverWhenOneIsKilled(t *testing.T) {
	t.Parallel()
	at := newTerminals(t)
	at.startBinder()
	first, second := at.startServer(), at.startServer()
	first.await(online)
	second.await(online)
	first.kill()

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
