package peers

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/helium-rpc/helium/bench/benchsvc"
)

// microPeer is nats.go's service framework, with msgpack for arguments and results.
type microPeer struct{}

const microService = "bench-micro"

func (microPeer) Name() string { return "micro" }
func (microPeer) OnBus() bool  { return true }

func (microPeer) Serve(ctx context.Context, at Place) (Server, error) {
	nc, err := at.Connect(ctx, "micro-server")
	if err != nil {
		return nil, err
	}
	srv, err := micro.AddService(nc, micro.Config{Name: microService, Version: "1.0.0"})
	if err != nil {
		nc.Close()
		return nil, err
	}
	if err := addEndpoints(ctx, nc, srv); err != nil {
		nc.Close()
		return nil, err
	}
	return busServer{nc, []func() error{srv.Stop}}, nil
}

func addEndpoints(ctx context.Context, nc *nats.Conn, srv micro.Service) error {
	service := benchsvc.New()
	group := srv.AddGroup(microService)
	unlimited := micro.WithEndpointPendingLimits(-1, -1)
	return errors.Join(
		group.AddEndpoint("add", microHandler(func(in *Terms) (*Sum, error) {
			sum, err := service.Add(ctx, in.A, in.B)
			return &Sum{sum}, err
		}), unlimited),
		group.AddEndpoint("echo", microHandler(func(in *Blob) (*Blob, error) {
			data, err := service.Echo(ctx, in.Data)
			return &Blob{data}, err
		}), unlimited),
		group.AddEndpoint("echoOrder", microHandler(func(in *benchsvc.Order) (*benchsvc.Order, error) {
			order, err := service.EchoOrder(ctx, *in)
			return &order, err
		}), unlimited),
		nc.FlushWithContext(ctx),
	)
}

func microHandler[In, Out any](fn func(*In) (*Out, error)) micro.Handler {
	return micro.HandlerFunc(func(r micro.Request) {
		var in In
		err := msgpack.Unmarshal(r.Data(), &in)
		var data []byte
		if err == nil {
			var out *Out
			if out, err = fn(&in); err == nil {
				data, err = msgpack.Marshal(out)
			}
		}
		// Answering fails only while the connection is down.
		if err != nil {
			_ = r.Error("500", err.Error(), nil)
			return
		}
		_ = r.Respond(data)
	})
}

func (microPeer) Dial(ctx context.Context, at Place) (Client, error) {
	nc, err := at.Connect(ctx, "micro-client")
	if err != nil {
		return nil, err
	}
	return microClient{nc}, nil
}

type microClient struct{ nc *nats.Conn }

func (c microClient) Caller(p Payload) (Call, error) {
	return callerOf(p,
		func(a, b float64) (float64, error) {
			var out Sum
			err := c.call("add", &Terms{a, b}, &out)
			return out.Sum, err
		},
		func(data []byte) ([]byte, error) {
			var out Blob
			err := c.call("echo", &Blob{data}, &out)
			return out.Data, err
		},
		func(order *benchsvc.Order) (*benchsvc.Order, error) {
			out := new(benchsvc.Order)
			return out, c.call("echoOrder", order, out)
		})
}

func (c microClient) call(method string, in, out any) error {
	data, err := msgpack.Marshal(in)
	if err != nil {
		return err
	}
	m, err := c.nc.Request(microService+"."+method, data, Timeout)
	if err != nil {
		return err
	}
	if text := m.Header.Get(micro.ErrorHeader); text != "" {
		return errors.New(text)
	}
	return msgpack.Unmarshal(m.Data, out)
}

func (c microClient) Close() error { c.nc.Close(); return nil }
