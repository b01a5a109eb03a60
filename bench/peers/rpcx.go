package peers

import (
	"context"
	"fmt"
	"net"
	"sync"

	"github.com/smallnest/rpcx/client"
	"github.com/smallnest/rpcx/server"

	"github.com/helium-rpc/helium/bench/benchsvc"
)

// rpcxPeer is rpcx with its defaults: msgpack, and a client that picks among servers.
type rpcxPeer struct{}

func (rpcxPeer) Name() string { return "rpcx" }
func (rpcxPeer) OnBus() bool  { return false }

func (rpcxPeer) Serve(_ context.Context, at Place) (Server, error) {
	l, err := at.Listen()
	if err != nil {
		return nil, err
	}
	srv := server.NewServer()
	if err := srv.RegisterName(benchsvc.Name, &RPCXService{service: benchsvc.New()}, ""); err != nil {
		return nil, err
	}
	return serveSocket(l, func(l net.Listener) error { return srv.ServeListener("tcp", l) }, srv.Close), nil
}

// RPCXService is benchsvc.Service in the form that rpcx takes.
type RPCXService struct{ service benchsvc.Service }

// Add adds.
func (s *RPCXService) Add(ctx context.Context, in *Terms, out *Sum) (err error) {
	out.Sum, err = s.service.Add(ctx, in.A, in.B)
	return err
}

// Echo returns its argument.
func (s *RPCXService) Echo(ctx context.Context, in *Blob, out *Blob) (err error) {
	out.Data, err = s.service.Echo(ctx, in.Data)
	return err
}

// EchoOrder returns its argument.
func (s *RPCXService) EchoOrder(ctx context.Context, in *benchsvc.Order, out *benchsvc.Order) (err error) {
	*out, err = s.service.EchoOrder(ctx, *in)
	return err
}

// rpcxNetwork is the name under which rpcx knows our places: it dials by what its
// table of networks says, and addresses there are numbers of places.
const rpcxNetwork = "bench"

var rpcxPlaces struct {
	once  sync.Once
	mu    sync.Mutex
	known map[string]Place // guarded by mu
}

func (rpcxPeer) Dial(_ context.Context, at Place) (Client, error) {
	places := &rpcxPlaces
	places.once.Do(func() {
		places.known = make(map[string]Place)
		client.ConnFactories[rpcxNetwork] = func(_ *client.Client, _, address string) (net.Conn, error) {
			places.mu.Lock()
			at := places.known[address]
			places.mu.Unlock()
			return at.Dial(context.Background())
		}
	})
	places.mu.Lock()
	address := fmt.Sprintf("place-%d", len(places.known))
	places.known[address] = at
	places.mu.Unlock()
	discovery, err := client.NewPeer2PeerDiscovery(rpcxNetwork+"@"+address, "")
	if err != nil {
		return nil, err
	}
	return rpcxClient{client.NewXClient(benchsvc.Name, client.Failfast, client.RandomSelect, discovery, client.DefaultOption)}, nil
}

type rpcxClient struct{ client client.XClient }

func (c rpcxClient) Caller(p Payload) (Call, error) {
	return structCaller(p, func(method string, in, out any) error {
		ctx, cancel := context.WithTimeout(context.Background(), Timeout)
		defer cancel()
		return c.client.Call(ctx, method, in, out)
	})
}

func (c rpcxClient) Close() error { return c.client.Close() }
