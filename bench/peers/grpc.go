package peers

import (
	"context"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/helium-rpc/helium/bench/benchpb"
	"github.com/helium-rpc/helium/bench/benchsvc"
)

// grpcPeer is grpc-go with its defaults, without TLS.
type grpcPeer struct{}

func (grpcPeer) Name() string { return "grpc" }
func (grpcPeer) OnBus() bool  { return false }

func (grpcPeer) Serve(_ context.Context, at Place) (Server, error) {
	l, err := at.Listen()
	if err != nil {
		return nil, err
	}
	srv := grpc.NewServer()
	benchpb.RegisterBenchServer(srv, grpcService{protoService: protoService{benchsvc.New()}})
	return serveSocket(l, srv.Serve, func() error { srv.Stop(); return nil }), nil
}

type grpcService struct {
	benchpb.UnimplementedBenchServer
	protoService
}

func (s grpcService) Add(ctx context.Context, in *benchpb.AddRequest) (*benchpb.AddReply, error) {
	return s.protoService.Add(ctx, in)
}

func (s grpcService) Echo(ctx context.Context, in *benchpb.Blob) (*benchpb.Blob, error) {
	return s.protoService.Echo(ctx, in)
}

func (s grpcService) EchoOrder(ctx context.Context, in *benchpb.Order) (*benchpb.Order, error) {
	return s.protoService.EchoOrder(ctx, in)
}

func (grpcPeer) Dial(_ context.Context, at Place) (Client, error) {
	conn, err := grpc.NewClient("passthrough:///bench",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return at.Dial(ctx) }))
	if err != nil {
		return nil, err
	}
	return &grpcClient{conn, benchpb.NewBenchClient(conn)}, nil
}

type grpcClient struct {
	conn   *grpc.ClientConn
	client benchpb.BenchClient
}

func (c *grpcClient) Caller(p Payload) (Call, error) { return protoCaller(p, c) }
func (c *grpcClient) Close() error                   { return c.conn.Close() }

func (c *grpcClient) Add(ctx context.Context, in *benchpb.AddRequest) (*benchpb.AddReply, error) {
	return c.client.Add(ctx, in)
}

func (c *grpcClient) Echo(ctx context.Context, in *benchpb.Blob) (*benchpb.Blob, error) {
	return c.client.Echo(ctx, in)
}

func (c *grpcClient) EchoOrder(ctx context.Context, in *benchpb.Order) (*benchpb.Order, error) {
	return c.client.EchoOrder(ctx, in)
}
