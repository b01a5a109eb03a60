package peers

import (
	"context"
	"net"

	"storj.io/drpc/drpcconn"
	"storj.io/drpc/drpcmux"
	"storj.io/drpc/drpcpool"
	"storj.io/drpc/drpcserver"

	"github.com/helium-rpc/helium/bench/benchpb"
	"github.com/helium-rpc/helium/bench/benchsvc"
)

// drpcPeer is storj.io/drpc with its pool: a connection carries one call at a time, so
// there are as many of them as calls in flight.
type drpcPeer struct{}

func (drpcPeer) Name() string { return "drpc" }
func (drpcPeer) OnBus() bool  { return false }

func (drpcPeer) Serve(_ context.Context, at Place) (Server, error) {
	l, err := at.Listen()
	if err != nil {
		return nil, err
	}
	mux := drpcmux.New()
	if err := benchpb.DRPCRegisterBench(mux, protoService{benchsvc.New()}); err != nil {
		return nil, err
	}
	srv := drpcserver.New(mux)
	life, stop := context.WithCancel(context.Background())
	return serveSocket(l,
		func(l net.Listener) error { return srv.Serve(life, l) },
		func() error { stop(); return nil }), nil
}

func (drpcPeer) Dial(ctx context.Context, at Place) (Client, error) {
	pool := drpcpool.New[string, drpcpool.Conn](drpcpool.Options{})
	conn := pool.Get(ctx, "bench", func(ctx context.Context, _ string) (drpcpool.Conn, error) {
		nc, err := at.Dial(ctx)
		if err != nil {
			return nil, err
		}
		return drpcconn.New(nc), nil
	})
	return drpcClient{pool, benchpb.NewDRPCBenchClient(conn)}, nil
}

type drpcClient struct {
	pool *drpcpool.Pool[string, drpcpool.Conn]
	benchpb.DRPCBenchClient
}

func (c drpcClient) Caller(p Payload) (Call, error) { return protoCaller(p, c) }
func (c drpcClient) Close() error                   { return c.pool.Close() }
