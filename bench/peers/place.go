package peers

import (
	"context"
	"net"

	"github.com/nats-io/nats.go"
	"google.golang.org/grpc/test/bufconn"

	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
)

// Place is where server and client of a peer meet.
type Place struct {
	// Listen opens where the server of a peer with sockets listens.
	Listen func() (net.Listener, error)
	// Address is that, where it is told; those of several instances have commas between them.
	Address string
	// Dial connects to that.
	Dial func(ctx context.Context) (net.Conn, error)
	// Connect connects to the broker, under a name for its monitoring. All peers on
	// the bus get connections of the same kind, by Helium's rules.
	Connect func(ctx context.Context, name string) (*nats.Conn, error)
	// Traffic counts the bytes of all connections made by Dial and Connect.
	Traffic *Traffic
}

// Loopback is a place for processes on one machine. The address is the server's, and
// the broker's is a NATS URL; each may be empty where it isn't needed.
func Loopback(address, brokerURL string) Place {
	traffic := new(Traffic)
	return Place{
		Address: address,
		Listen:  func() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") },
		Dial: func(ctx context.Context) (net.Conn, error) {
			var d net.Dialer
			return traffic.count(d.DialContext(ctx, "tcp", address))
		},
		Connect: func(ctx context.Context, name string) (*nats.Conn, error) {
			return bus.Connect(ctx, bus.Config{URL: brokerURL, Name: name, Options: []nats.Option{traffic.onBus}})
		},
		Traffic: traffic,
	}
}

// memoryBuffer is how much an in-memory connection holds in each direction, in bytes.
const memoryBuffer = 1 << 20

// OneProcess returns the server's and the client's view of a place within the process:
// NATS's own in-process connections for peers on the bus, buffers in memory for the
// others. The broker may be nil where no peer on the bus comes.
func OneProcess(b *broker.Broker) (server, client Place) {
	memory := bufconn.Listen(memoryBuffer)
	view := func() Place {
		traffic := new(Traffic)
		return Place{
			Listen: func() (net.Listener, error) { return wholeListener{memory}, nil },
			Dial: func(ctx context.Context) (net.Conn, error) {
				return traffic.count(whole(memory.DialContext(ctx)))
			},
			Connect: func(_ context.Context, name string) (*nats.Conn, error) {
				return b.Connect(name, traffic.onBus)
			},
			Traffic: traffic,
		}
	}
	return view(), view()
}
