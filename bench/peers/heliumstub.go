package peers

import (
	"context"
	"errors"

	"github.com/helium-rpc/helium/bench/benchsvc"
	"github.com/helium-rpc/helium/rpcclient"
)

// heliumStub is the service as one of Helium's ways of calling has it.
type heliumStub struct {
	add       func(ctx context.Context, a, b float64) (float64, error)
	echo      func(ctx context.Context, data []byte) ([]byte, error)
	echoOrder func(ctx context.Context, order benchsvc.Order) (benchsvc.Order, error)
}

// caller returns the Call of a payload. No context has a deadline: the client gives each call its
// default one, which is Timeout.
func (s *heliumStub) caller(p Payload) (Call, error) {
	ctx := context.Background()
	return callerOf(p,
		func(a, b float64) (float64, error) { return s.add(ctx, a, b) },
		func(data []byte) ([]byte, error) { return s.echo(ctx, data) },
		func(order *benchsvc.Order) (*benchsvc.Order, error) {
			got, err := s.echoOrder(ctx, *order)
			return &got, err
		})
}

// callerWithTimeouts is caller with a context.WithTimeout for each call.
func (s *heliumStub) callerWithTimeouts(p Payload) (Call, error) {
	return callerOf(p,
		func(a, b float64) (float64, error) {
			ctx, cancel := context.WithTimeout(context.Background(), Timeout)
			defer cancel()
			return s.add(ctx, a, b)
		},
		func(data []byte) ([]byte, error) {
			ctx, cancel := context.WithTimeout(context.Background(), Timeout)
			defer cancel()
			return s.echo(ctx, data)
		},
		func(order *benchsvc.Order) (*benchsvc.Order, error) {
			ctx, cancel := context.WithTimeout(context.Background(), Timeout)
			defer cancel()
			got, err := s.echoOrder(ctx, *order)
			return &got, err
		})
}

func generatedStub(c *rpcclient.Client, service string) (heliumStub, error) {
	stub := benchsvc.NewClient(c, service)
	return heliumStub{stub.Add, stub.Echo, stub.EchoOrder}, nil
}

func boundStub(c *rpcclient.Client, service string) (heliumStub, error) {
	var stub struct {
		Add       func(ctx context.Context, a, b float64) (float64, error)
		Echo      func(ctx context.Context, data []byte) ([]byte, error)
		EchoOrder func(ctx context.Context, order benchsvc.Order) (benchsvc.Order, error)
	}
	err := c.Bind(service, &stub)
	return heliumStub{stub.Add, stub.Echo, stub.EchoOrder}, err
}

func funcStub(c *rpcclient.Client, service string) (heliumStub, error) {
	add, err1 := rpcclient.Func[func(context.Context, float64, float64) (float64, error)](c, service+".add")
	echo, err2 := rpcclient.Func[func(context.Context, []byte) ([]byte, error)](c, service+".echo")
	echoOrder, err3 := rpcclient.Func[func(context.Context, benchsvc.Order) (benchsvc.Order, error)](c, service+".echoOrder")
	return heliumStub{add, echo, echoOrder}, errors.Join(err1, err2, err3)
}

func nameStub(c *rpcclient.Client, service string) (heliumStub, error) {
	add, echo, echoOrder := service+".add", service+".echo", service+".echoOrder"
	return heliumStub{
		func(ctx context.Context, a, b float64) (sum float64, err error) {
			err = c.Call(ctx, add, &sum, a, b)
			return sum, err
		},
		func(ctx context.Context, data []byte) (got []byte, err error) {
			err = c.Call(ctx, echo, &got, data)
			return got, err
		},
		func(ctx context.Context, order benchsvc.Order) (got benchsvc.Order, err error) {
			err = c.Call(ctx, echoOrder, &got, order)
			return got, err
		},
	}, nil
}
