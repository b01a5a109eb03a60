package curves

import (
	"context"
	"reflect"

	"github.com/helium-rpc/helium/rpcclient"
)

// noCoalescing is the field of rpcclient.Config that makes each call a message. The
// client may not have it yet; once it has, callers uses it.
const noCoalescing = "NoCoalescing"

// callers returns a call whose calls share messages or don't, and the clients that
// make it. Where rpcclient.Config has no switch, each of the calls in flight gets a client
// of its own over the same connection: clients share no messages, nor do the answers
// to them.
func callers(sys *system, coalesce bool, inFlight int) (call func() error, clients []*rpcclient.Client, err error) {
	nc, err := sys.connect("client")
	if err != nil {
		return nil, nil, err
	}
	config := rpcclient.Config{}
	count := 1
	if !coalesce && !switchOff(&config) {
		count = inFlight
	}
	free := make(chan func(context.Context) error, inFlight)
	for range count {
		client, err := sys.clientOn(nc, config)
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

// switchOff turns coalescing off, if there is a switch for it.
func switchOff(config *rpcclient.Config) bool {
	field := reflect.ValueOf(config).Elem().FieldByName(noCoalescing)
	if !field.IsValid() || field.Kind() != reflect.Bool {
		return false
	}
	field.SetBool(true)
	return true
}
