package peers

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/nats-io/nats.go"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/helium-rpc/helium/bench/benchsvc"
)

// natsPeer is nats.go's Request with no RPC around it: floats as sixteen bytes, bytes
// as they are, the order in msgpack. It is what the bus itself costs.
type natsPeer struct{}

const natsSubject = "bench.nats."

func (natsPeer) Name() string { return "nats" }
func (natsPeer) OnBus() bool  { return true }

func (natsPeer) Serve(ctx context.Context, at Place) (Server, error) {
	nc, err := at.Connect(ctx, "nats-server")
	if err != nil {
		return nil, err
	}
	service := benchsvc.New()
	answer := map[string]func(data []byte) ([]byte, error){
		"add": func(data []byte) ([]byte, error) {
			if len(data) != 16 {
				return nil, fmt.Errorf("add takes 16 bytes, not %d", len(data))
			}
			sum, err := service.Add(ctx, float64At(data), float64At(data[8:]))
			return appendFloat64(nil, sum), err
		},
		"echo": func(data []byte) ([]byte, error) { return service.Echo(ctx, data) },
		"order": func(data []byte) ([]byte, error) {
			var order benchsvc.Order
			if err := msgpack.Unmarshal(data, &order); err != nil {
				return nil, err
			}
			order, err := service.EchoOrder(ctx, order)
			if err != nil {
				return nil, err
			}
			return msgpack.Marshal(&order)
		},
	}
	server := busServer{nc: nc}
	for name, fn := range answer {
		sub, err := nc.QueueSubscribe(natsSubject+name, "bench", func(m *nats.Msg) {
			data, err := fn(m.Data)
			if err != nil {
				data = nil // which no caller takes for an answer
			}
			_ = m.Respond(data) // fails only while the connection is down
		})
		if err == nil {
			server.stops = append(server.stops, sub.Unsubscribe)
			err = sub.SetPendingLimits(-1, -1)
		}
		if err != nil {
			nc.Close()
			return nil, err
		}
	}
	if err := nc.FlushWithContext(ctx); err != nil {
		nc.Close()
		return nil, err
	}
	return server, nil
}

// busServer is a server of which nothing is left when its connection is closed.
type busServer struct {
	nc    *nats.Conn
	stops []func() error
}

func (busServer) Address() string { return "" }

// Close returns once the broker knows that nobody listens here: else it would send
// calls to a server that has gone.
func (s busServer) Close() (err error) {
	defer s.nc.Close()
	for _, stop := range s.stops {
		err = errors.Join(err, stop())
	}
	return errors.Join(err, s.nc.Flush())
}

func (natsPeer) Dial(ctx context.Context, at Place) (Client, error) {
	nc, err := at.Connect(ctx, "nats-client")
	if err != nil {
		return nil, err
	}
	return natsClient{nc}, nil
}

type natsClient struct{ nc *nats.Conn }

func (c natsClient) Caller(p Payload) (Call, error) {
	request := func(name string, data []byte) ([]byte, error) {
		m, err := c.nc.Request(natsSubject+name, data, Timeout)
		if err != nil {
			return nil, err
		}
		return m.Data, nil
	}
	return callerOf(p,
		func(a, b float64) (float64, error) {
			data, err := request("add", appendFloat64(appendFloat64(make([]byte, 0, 16), a), b))
			if err != nil {
				return 0, err
			}
			if len(data) != 8 {
				return 0, fmt.Errorf("the sum has %d bytes, want 8", len(data))
			}
			return float64At(data), nil
		},
		func(data []byte) ([]byte, error) { return request("echo", data) },
		func(order *benchsvc.Order) (*benchsvc.Order, error) {
			data, err := msgpack.Marshal(order)
			if err != nil {
				return nil, err
			}
			if data, err = request("order", data); err != nil {
				return nil, err
			}
			got := new(benchsvc.Order)
			return got, msgpack.Unmarshal(data, got)
		})
}

func (c natsClient) Close() error { c.nc.Close(); return nil }

func appendFloat64(b []byte, v float64) []byte {
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
}

func float64At(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) }
