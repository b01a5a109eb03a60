package peers

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bench/benchsvc"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// heliumPeer is Helium by one of its ways of calling. No context here has a deadline:
// the client gives each call its default one, which is Timeout.
type heliumPeer struct {
	name     string
	service  string
	listen   string // where the server takes direct links; "": all calls go by the bus
	register func(srv *rpcserver.Server, service string) error
	caller   func(c *rpcclient.Client, service string, p Payload) (Call, error)
}

var (
	// Generated code on both sides.
	heliumGenerated = heliumPeer{name: "helium", service: benchsvc.Name, register: registerGenerated, caller: generatedCaller}
	// The same over a direct link, which a client makes beside its first call.
	heliumDirect = heliumPeer{name: "helium-direct", service: benchsvc.Name + "Direct", listen: "127.0.0.1:0", register: registerGenerated, caller: generatedCaller}
	// No generated code: a Go value served by reflection, and functions made by it.
	heliumFunc = heliumPeer{name: "helium-func", service: benchsvc.Name + "Func", register: registerValue, caller: funcCaller}
	// The same server, and calls by name with arguments of any type.
	heliumCall = heliumPeer{name: "helium-call", service: benchsvc.Name + "Call", register: registerValue, caller: dynamicCaller}
)

func registerGenerated(srv *rpcserver.Server, service string) error {
	return benchsvc.Register(srv, service, benchsvc.New())
}

func registerValue(srv *rpcserver.Server, service string) error {
	return rpcserver.Register[benchsvc.Service](srv, service, benchsvc.New())
}

func (p heliumPeer) Name() string { return p.name }
func (heliumPeer) OnBus() bool    { return true }

func (p heliumPeer) Serve(ctx context.Context, at Place) (Server, error) {
	nc, err := at.Connect(ctx, p.name+"-server")
	if err != nil {
		return nil, err
	}
	srv := rpcserver.New(nc, rpcserver.Config{Listen: p.listen})
	if err := p.register(srv, p.service); err != nil {
		nc.Close()
		return nil, err
	}
	if err := srv.Start(ctx); err != nil {
		nc.Close()
		return nil, err
	}
	return &heliumServer{srv, nc}, nil
}

type heliumServer struct {
	srv *rpcserver.Server
	nc  *nats.Conn
}

func (*heliumServer) Address() string { return "" }

func (s *heliumServer) Close() error {
	defer s.nc.Close()
	return s.srv.Shutdown(context.Background())
}

func (p heliumPeer) Dial(ctx context.Context, at Place) (Client, error) {
	nc, err := at.Connect(ctx, p.name+"-client")
	if err != nil {
		return nil, err
	}
	c, err := rpcclient.New(nc, rpcclient.Config{})
	if err != nil {
		nc.Close()
		return nil, err
	}
	return &heliumClient{peer: p, client: c, nc: nc}, nil
}

type heliumClient struct {
	peer   heliumPeer
	client *rpcclient.Client
	nc     *nats.Conn
}

func (c *heliumClient) Caller(p Payload) (Call, error) {
	return c.peer.caller(c.client, c.peer.service, p)
}

// Messages returns how many calls were sent, and in how many messages.
func (c *heliumClient) Messages() (calls, messages uint64) {
	stats := c.client.Stats()
	return stats.FramesSent, stats.MessagesSent
}

func (c *heliumClient) Close() error {
	defer c.nc.Close()
	return c.client.Close()
}

func generatedCaller(c *rpcclient.Client, service string, p Payload) (Call, error) {
	stub := benchsvc.NewClient(c, service)
	ctx := context.Background()
	return callerOf(p,
		func(a, b float64) (float64, error) { return stub.Add(ctx, a, b) },
		func(data []byte) ([]byte, error) { return stub.Echo(ctx, data) },
		func(order *benchsvc.Order) (*benchsvc.Order, error) {
			got, err := stub.EchoOrder(ctx, *order)
			return &got, err
		})
}

func funcCaller(c *rpcclient.Client, service string, p Payload) (Call, error) {
	add, err1 := rpcclient.Func[func(context.Context, float64, float64) (float64, error)](c, service+".add")
	echo, err2 := rpcclient.Func[func(context.Context, []byte) ([]byte, error)](c, service+".echo")
	echoOrder, err3 := rpcclient.Func[func(context.Context, benchsvc.Order) (benchsvc.Order, error)](c, service+".echoOrder")
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, fmt.Errorf("making the stubs: %w", err)
	}
	ctx := context.Background()
	return callerOf(p,
		func(a, b float64) (float64, error) { return add(ctx, a, b) },
		func(data []byte) ([]byte, error) { return echo(ctx, data) },
		func(order *benchsvc.Order) (*benchsvc.Order, error) {
			got, err := echoOrder(ctx, *order)
			return &got, err
		})
}

func dynamicCaller(c *rpcclient.Client, service string, p Payload) (Call, error) {
	ctx := context.Background()
	add, echo, echoOrder := service+".add", service+".echo", service+".echoOrder"
	return callerOf(p,
		func(a, b float64) (sum float64, err error) {
			err = c.Call(ctx, add, &sum, a, b)
			return sum, err
		},
		func(data []byte) (got []byte, err error) {
			err = c.Call(ctx, echo, &got, data)
			return got, err
		},
		func(order *benchsvc.Order) (*benchsvc.Order, error) {
			got := new(benchsvc.Order)
			err := c.Call(ctx, echoOrder, got, *order)
			return got, err
		})
}
