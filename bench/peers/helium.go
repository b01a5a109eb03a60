package peers

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bench/benchsvc"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// heliumPeer is Helium by one of its ways of calling.
type heliumPeer struct {
	Way
	service  string
	register func(srv *rpcserver.Server, service string, value benchsvc.Service) error
	stub     func(c *rpcclient.Client, service string) (heliumStub, error)
	// encrypted: direct links are TLS, though they don't leave this host.
	encrypted bool
	// uneven: there are several instances; see unevenServices.
	uneven bool
}

func registerValue(srv *rpcserver.Server, service string, value benchsvc.Service) error {
	return rpcserver.Register(srv, service, value)
}

func (p heliumPeer) Name() string { return p.Peer }
func (heliumPeer) OnBus() bool    { return true }

func (p heliumPeer) Serve(ctx context.Context, at Place) (Server, error) {
	values := []benchsvc.Service{benchsvc.New()}
	if p.uneven {
		values = unevenServices()
	}
	var all heliumServers
	for _, value := range values {
		server, err := p.serve(ctx, at, value)
		if err != nil {
			return nil, errors.Join(err, all.Close())
		}
		all = append(all, server)
	}
	return all, nil
}

// serve starts an instance.
func (p heliumPeer) serve(ctx context.Context, at Place, value benchsvc.Service) (*heliumServer, error) {
	nc, err := at.Connect(ctx, p.Peer+"-server")
	if err != nil {
		return nil, err
	}
	var config rpcserver.Config
	if p.Direct {
		config.Listen = "127.0.0.1:0" // a client makes a direct link beside its first call
	}
	if p.encrypted {
		config.Advertise = "LOCALHOST:0" // a name, of which a client doesn't know that it leads to this host
	}
	srv := rpcserver.New(nc, config)
	err = errors.Join(p.register(srv, p.service, value), benchsvc.RegisterItems(srv, p.service+benchsvc.ItemsName, benchsvc.NewItems()))
	if err != nil {
		nc.Close()
		return nil, err
	}
	if err := srv.Start(ctx); err != nil {
		nc.Close()
		return nil, err
	}
	return &heliumServer{srv, nc}, nil
}

// heliumServers are the instances of a service.
type heliumServers []*heliumServer

func (heliumServers) Address() string { return "" }

func (all heliumServers) Close() (err error) {
	for _, s := range all {
		err = errors.Join(err, s.close())
	}
	return err
}

type heliumServer struct {
	srv *rpcserver.Server
	nc  *nats.Conn
}

func (s *heliumServer) close() error {
	defer s.nc.Close()
	return s.srv.Shutdown(context.Background())
}

func (p heliumPeer) Dial(ctx context.Context, at Place) (Client, error) {
	nc, err := at.Connect(ctx, p.Peer+"-client")
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
	if slices.Contains(Streams(), p) {
		items := benchsvc.NewItemsClientFor(c.client, c.peer.service+benchsvc.ItemsName)
		return streamCaller(p, items.Numbers, items.Blobs)
	}
	stub, err := c.peer.stub(c.client, c.peer.service)
	if err != nil {
		return nil, fmt.Errorf("making the stubs: %w", err)
	}
	if c.peer.Timeouts {
		return stub.callerWithTimeouts(p)
	}
	return stub.caller(p)
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
