package rpcclient

import (
	"context"
	"iter"

	"github.com/helium-rpc/helium/codec"
)

// Stream calls a method that returns a stream, by name, and gives its items as they come. Nothing is sent
// before the first is wanted, and each range over it calls anew.
//
//	for p, err := range rpcclient.Stream[int](ctx, c, "math.primes", 100) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(p)
//	}
//
// An error is the last item. Who leaves the loop ends the stream, and so does ctx; its handler is told.
// Without a deadline of ctx a stream may last for ever, once it has begun.
func Stream[T any](ctx context.Context, c *Client, method string, args ...any) iter.Seq2[T, error] {
	return Yielded(ctx, func() (*Invocation, error) { return c.beginStream(ctx, method, args) }, readValue[T])
}

func readValue[T any](r *codec.Reader) (item T, err error) {
	err = r.Value(&item)
	return item, err
}

// beginStream begins a call by name.
func (c *Client) beginStream(ctx context.Context, method string, args []any) (*Invocation, error) {
	m, began, err := c.lookUpMethod(ctx, method)
	if err != nil {
		return nil, err
	}
	call := m.begin(args)
	call.viewKey, call.says().began = &c.key, began
	return call, nil
}
