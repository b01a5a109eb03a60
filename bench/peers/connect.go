package peers

import (
	"context"
	"net"
	"net/http"

	"connectrpc.com/connect"

	"github.com/helium-rpc/helium/bench/benchpb"
	"github.com/helium-rpc/helium/bench/benchpb/benchpbconnect"
	"github.com/helium-rpc/helium/bench/benchsvc"
)

// connectPeer is connect-go, its own protocol over net/http's HTTP/2 without TLS. Past
// the 250 streams that net/http's server allows, its client opens more connections. By
// default it asks for answers in gzip, which no other peer does and which would cost it
// most of its speed here; so it doesn't.
type connectPeer struct{}

func (connectPeer) Name() string { return "connect" }
func (connectPeer) OnBus() bool  { return false }

// h2c is HTTP/2 without TLS and nothing else.
func h2c() *http.Protocols {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	return protocols
}

func (connectPeer) Serve(_ context.Context, at Place) (Server, error) {
	l, err := at.Listen()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle(benchpbconnect.NewBenchHandler(connectService{protoService{benchsvc.New()}}))
	srv := &http.Server{Handler: mux, Protocols: h2c()}
	return serveSocket(l, srv.Serve, srv.Close), nil
}

type connectService struct{ protoService }

func (s connectService) Add(ctx context.Context, r *connect.Request[benchpb.AddRequest]) (*connect.Response[benchpb.AddReply], error) {
	return answer(s.protoService.Add(ctx, r.Msg))
}

func (s connectService) Echo(ctx context.Context, r *connect.Request[benchpb.Blob]) (*connect.Response[benchpb.Blob], error) {
	return answer(s.protoService.Echo(ctx, r.Msg))
}

func (s connectService) EchoOrder(ctx context.Context, r *connect.Request[benchpb.Order]) (*connect.Response[benchpb.Order], error) {
	return answer(s.protoService.EchoOrder(ctx, r.Msg))
}

func answer[T any](m *T, err error) (*connect.Response[T], error) {
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(m), nil
}

func (connectPeer) Dial(_ context.Context, at Place) (Client, error) {
	transport := &http.Transport{
		Protocols:   h2c(),
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return at.Dial(ctx) },
	}
	client := benchpbconnect.NewBenchClient(&http.Client{Transport: transport}, "http://bench",
		connect.WithAcceptCompression("gzip", nil, nil))
	return &connectClient{transport, client}, nil
}

type connectClient struct {
	transport *http.Transport
	client    benchpbconnect.BenchClient
}

func (c *connectClient) Caller(p Payload) (Call, error) { return protoCaller(p, c) }
func (c *connectClient) Close() error                   { c.transport.CloseIdleConnections(); return nil }

func (c *connectClient) Add(ctx context.Context, in *benchpb.AddRequest) (*benchpb.AddReply, error) {
	return unwrap(c.client.Add(ctx, connect.NewRequest(in)))
}

func (c *connectClient) Echo(ctx context.Context, in *benchpb.Blob) (*benchpb.Blob, error) {
	return unwrap(c.client.Echo(ctx, connect.NewRequest(in)))
}

func (c *connectClient) EchoOrder(ctx context.Context, in *benchpb.Order) (*benchpb.Order, error) {
	return unwrap(c.client.EchoOrder(ctx, connect.NewRequest(in)))
}

func unwrap[T any](r *connect.Response[T], err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	return r.Msg, nil
}
