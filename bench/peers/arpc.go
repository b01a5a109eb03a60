package peers

import (
	"context"
	"net"

	"github.com/lesismal/arpc"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/helium-rpc/helium/bench/benchsvc"
)

// arpcPeer is lesismal/arpc, with msgpack in the place of its JSON.
type arpcPeer struct{}

func (arpcPeer) Name() string { return "arpc" }
func (arpcPeer) OnBus() bool  { return false }

// arpcCodec is msgpack as arpc takes codecs.
type arpcCodec struct{}

func (arpcCodec) Marshal(v any) ([]byte, error)      { return msgpack.Marshal(v) }
func (arpcCodec) Unmarshal(data []byte, v any) error { return msgpack.Unmarshal(data, v) }

func (arpcPeer) Serve(ctx context.Context, at Place) (Server, error) {
	l, err := at.Listen()
	if err != nil {
		return nil, err
	}
	srv := arpc.NewServer()
	srv.Codec = arpcCodec{}
	service := benchsvc.New()
	srv.Handler.Handle("Add", arpcHandler(func(in *Terms) (*Sum, error) {
		sum, err := service.Add(ctx, in.A, in.B)
		return &Sum{sum}, err
	}))
	srv.Handler.Handle("Echo", arpcHandler(func(in *Blob) (*Blob, error) {
		data, err := service.Echo(ctx, in.Data)
		return &Blob{data}, err
	}))
	srv.Handler.Handle("EchoOrder", arpcHandler(func(in *benchsvc.Order) (*benchsvc.Order, error) {
		order, err := service.EchoOrder(ctx, *in)
		return &order, err
	}))
	// Its own Stop races with Serve; a listener that is closed ends Serve just as well.
	return serveSocket(l, srv.Serve, l.Close), nil
}

func arpcHandler[In, Out any](fn func(*In) (*Out, error)) arpc.HandlerFunc {
	return func(ctx *arpc.Context) {
		var in In
		err := ctx.Bind(&in)
		var out *Out
		if err == nil {
			out, err = fn(&in)
		}
		// Answering fails only once the connection is down.
		if err != nil {
			_ = ctx.Error(err)
			return
		}
		_ = ctx.Write(out)
	}
}

func (arpcPeer) Dial(ctx context.Context, at Place) (Client, error) {
	c, err := arpc.NewClient(func() (net.Conn, error) { return at.Dial(ctx) })
	if err != nil {
		return nil, err
	}
	c.Codec = arpcCodec{}
	return arpcClient{c}, nil
}

type arpcClient struct{ client *arpc.Client }

func (c arpcClient) Caller(p Payload) (Call, error) {
	return structCaller(p, func(method string, in, out any) error {
		return c.client.Call(method, in, out, Timeout)
	})
}

func (c arpcClient) Close() error { c.client.Stop(); return nil }
