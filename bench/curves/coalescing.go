package curves

import (
	"context"

	"github.com/helium-rpc/helium/rpcclient"
)

// callers returns a call whose calls share messages or don't, and the clients that make
// it. Without coalescing each of the calls in flight has a client of its own, all over
// the same connection: clients share no messages, nor do the answers to them.
func callers(sys *system, coalesce bool, inFlight int) (call func() error, clients []*rpcclient.Client, err error) {
	nc, err := sys.connect("client")
	if err != nil {
		return nil, nil, err
	}
	count := 1
	if !coalesce {
		count = inFlight
	}
	free := make(chan func(context.Context) error, inFlight)
	for range count {
		client, err := sys.clientOn(nc, rpcclient.Config{})
		if err != nil {
			return nil, nil, err
		}
		clients = append(clients, client)
		for range inFlight / count {
			free <- adding(client, serviceName(0), 0)
		}
	}
	return func() error {
		stub := <-free
		defer func() { free <- stub }()
		return stub(context.Background())
	}, clients, nil
}
