package benchsvc

import (
	"context"

	"github.com/helium-rpc/helium/rpcclient"
)

// Signatures of the methods, in Helium's notation.
const (
	addSignature       = "add(a float64, b float64) float64"
	echoSignature      = "echo(data bytes) bytes"
	echoOrderSignature = "echoOrder(order Order) Order"
)

// types are the named types of the signatures.
func types() map[string]string {
	return map[string]string{
		"Order":    "{id string, placed int64, customer Customer, lines []Line, notes map[string]string}",
		"Customer": "{name string, email string, address Address}",
		"Address":  "{street string, city string, country string}",
		"Line":     "{sku string, quantity int64, price float64, tags []string}",
	}
}

// client is a stub in the shape that a generator writes: one field a method, and
// neither reflection nor any on the way of a call.
type client struct {
	add, echo, echoOrder *rpcclient.Method
}

// NewClient returns the service of that name on the bus as a Service.
func NewClient(c *rpcclient.Client, name string) Service {
	return &client{
		add:       c.Method(name, "add", addSignature, nil),
		echo:      c.Method(name, "echo", echoSignature, nil),
		echoOrder: c.Method(name, "echoOrder", echoOrderSignature, types()),
	}
}

func (c *client) Add(ctx context.Context, a, b float64) (float64, error) {
	call := c.add.Begin(2)
	call.Args.Float64(a)
	call.Args.Float64(b)
	if err := call.Do(ctx); err != nil {
		return 0, err
	}
	result, err := call.Result.Float64()
	return result, call.End(err)
}

func (c *client) Echo(ctx context.Context, data []byte) ([]byte, error) {
	call := c.echo.Begin(1)
	call.Args.Binary(data)
	if err := call.Do(ctx); err != nil {
		return nil, err
	}
	result, err := call.Result.Bytes()
	return result, call.End(err)
}

func (c *client) EchoOrder(ctx context.Context, order Order) (Order, error) {
	call := c.echoOrder.Begin(1)
	writeOrder(&call.Args, &order)
	if err := call.Do(ctx); err != nil {
		return Order{}, err
	}
	var result Order
	err := readOrder(&call.Result, &result)
	return result, call.End(err)
}
