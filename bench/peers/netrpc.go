package peers

import (
	"context"
	"errors"
	"net"
	"net/rpc"
	"sync"

	"github.com/helium-rpc/helium/bench/benchsvc"
)

// netrpcPeer is the standard library's net/rpc with gob. It has no deadlines.
type netrpcPeer struct{}

func (netrpcPeer) Name() string { return "net/rpc" }
func (netrpcPeer) OnBus() bool  { return false }

func (netrpcPeer) Serve(_ context.Context, at Place) (Server, error) {
	l, err := at.Listen()
	if err != nil {
		return nil, err
	}
	srv := rpc.NewServer()
	if err := srv.RegisterName(benchsvc.Name, &NetRPCService{service: benchsvc.New()}); err != nil {
		return nil, err
	}
	conns := new(connSet)
	serve := func(l net.Listener) error {
		for {
			conn, err := l.Accept()
			if err != nil {
				return err
			}
			conns.add(conn)
			go srv.ServeConn(conn)
		}
	}
	return serveSocket(l, serve, func() error { return errors.Join(l.Close(), conns.close()) }), nil
}

// connSet is the connections that net/rpc serves, which it can't close itself.
type connSet struct {
	mu    sync.Mutex
	conns []net.Conn // guarded by mu
}

func (s *connSet) add(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns = append(s.conns, conn)
}

func (s *connSet) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, conn := range s.conns {
		_ = conn.Close() // its client may have closed it before
	}
	return nil
}

// NetRPCService is benchsvc.Service in the form that net/rpc takes.
type NetRPCService struct{ service benchsvc.Service }

// Add adds.
func (s *NetRPCService) Add(in *Terms, out *Sum) (err error) {
	out.Sum, err = s.service.Add(context.Background(), in.A, in.B)
	return err
}

// Echo returns its argument.
func (s *NetRPCService) Echo(in *Blob, out *Blob) (err error) {
	out.Data, err = s.service.Echo(context.Background(), in.Data)
	return err
}

// EchoOrder returns its argument.
func (s *NetRPCService) EchoOrder(in *benchsvc.Order, out *benchsvc.Order) (err error) {
	*out, err = s.service.EchoOrder(context.Background(), *in)
	return err
}

func (netrpcPeer) Dial(ctx context.Context, at Place) (Client, error) {
	conn, err := at.Dial(ctx)
	if err != nil {
		return nil, err
	}
	return netrpcClient{rpc.NewClient(conn)}, nil
}

type netrpcClient struct{ client *rpc.Client }

func (c netrpcClient) Caller(p Payload) (Call, error) {
	return structCaller(p, func(method string, in, out any) error {
		return c.client.Call(benchsvc.Name+"."+method, in, out)
	})
}

func (c netrpcClient) Close() error { return c.client.Close() }

// structCaller returns the Call of a payload for a client whose calls take a pointer
// to the argument and one to the result, and whose methods have Go names.
func structCaller(p Payload, call func(method string, in, out any) error) (Call, error) {
	return callerOf(p,
		func(a, b float64) (float64, error) {
			var out Sum
			err := call("Add", &Terms{a, b}, &out)
			return out.Sum, err
		},
		func(data []byte) ([]byte, error) {
			var out Blob
			err := call("Echo", &Blob{data}, &out)
			return out.Data, err
		},
		func(order *benchsvc.Order) (*benchsvc.Order, error) {
			out := new(benchsvc.Order)
			return out, call("EchoOrder", order, out)
		})
}
