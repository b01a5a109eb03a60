package peers

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"

	"github.com/helium-rpc/helium/bench/benchpb"
	"github.com/helium-rpc/helium/bench/benchsvc"
)

// grpcPeer is grpc-go with its defaults.
type grpcPeer struct {
	name      string
	encrypted bool // by TLS
	uneven    bool // there are several instances, which are called in turn; see unevenServices
}

func (p grpcPeer) Name() string { return p.name }
func (grpcPeer) OnBus() bool    { return false }

func (p grpcPeer) Serve(_ context.Context, at Place) (Server, error) {
	values := []benchsvc.Service{benchsvc.New()}
	if p.uneven {
		values = unevenServices()
	}
	var all socketServers
	for _, value := range values {
		server, err := p.serve(at, value)
		if err != nil {
			return nil, errors.Join(err, all.Close())
		}
		all = append(all, server)
	}
	return all, nil
}

// serve starts an instance.
func (p grpcPeer) serve(at Place, value benchsvc.Service) (*socketServer, error) {
	l, err := at.Listen()
	if err != nil {
		return nil, err
	}
	var options []grpc.ServerOption
	if p.encrypted {
		certificate, err := selfSigned()
		if err != nil {
			return nil, err
		}
		options = append(options, grpc.Creds(credentials.NewServerTLSFromCert(certificate)))
	}
	srv := grpc.NewServer(options...)
	benchpb.RegisterBenchServer(srv, grpcService{protoService: protoService{value}})
	benchpb.RegisterItemsServer(srv, grpcItems{items: benchsvc.NewItems()})
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

func (p grpcPeer) Dial(_ context.Context, at Place) (Client, error) {
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return at.Dial(ctx) }),
	}
	target := "passthrough:///bench"
	if p.encrypted {
		// As by direct links, who it is isn't asked of anybody.
		options[0] = grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13}))
	}
	if p.uneven {
		addresses := manual.NewBuilderWithScheme("uneven")
		var state resolver.State
		for _, one := range strings.Split(at.Address, ",") {
			state.Addresses = append(state.Addresses, resolver.Address{Addr: one})
		}
		addresses.InitialState(state)
		target = "uneven:///bench"
		options = append(options[:1], grpc.WithResolvers(addresses), grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"round_robin": {}}]}`))
	}
	conn, err := grpc.NewClient(target, options...)
	if err != nil {
		return nil, err
	}
	return &grpcClient{conn, benchpb.NewBenchClient(conn), benchpb.NewItemsClient(conn)}, nil
}

type grpcClient struct {
	conn   *grpc.ClientConn
	client benchpb.BenchClient
	items  benchpb.ItemsClient
}

func (c *grpcClient) Close() error { return c.conn.Close() }

func (c *grpcClient) Caller(p Payload) (Call, error) {
	if slices.Contains(Streams(), p) {
		return streamCaller(p, c.numbers, c.blobs)
	}
	return protoCaller(p, c)
}

func (c *grpcClient) Add(ctx context.Context, in *benchpb.AddRequest) (*benchpb.AddReply, error) {
	return c.client.Add(ctx, in)
}

func (c *grpcClient) Echo(ctx context.Context, in *benchpb.Blob) (*benchpb.Blob, error) {
	return c.client.Echo(ctx, in)
}

func (c *grpcClient) EchoOrder(ctx context.Context, in *benchpb.Order) (*benchpb.Order, error) {
	return c.client.EchoOrder(ctx, in)
}
