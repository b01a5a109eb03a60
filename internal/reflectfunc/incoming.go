package reflectfunc

import (
	"context"
	"iter"
	"reflect"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/msgpack"
)

// Incoming is a call that a handler runs. It is good until the handler returns.
type Incoming struct {
	Args   *codec.Reader
	Data   []byte // what Args reads, from its beginning
	Count  int    // of the arguments that came: of a variadic function, any number
	Result *codec.Writer
	Items  Items // of a function without streams it isn't asked
}

// Items is how a call takes and sends the items of its streams.
type Items interface {
	// Received returns those that its caller sends.
	Received(read func(*codec.Reader) (reflect.Value, error)) iter.Seq2[reflect.Value, error]
	// Send sends those that the function returned, nil if it returned none.
	Send(items iter.Seq2[reflect.Value, error], write func(*codec.Writer, reflect.Value)) error
}

// Handler runs a function: it reads its arguments and writes its result, if it has one and the
// function returned no error. An argument that can't be read is a [typedfunc.ArgumentError].
type Handler func(ctx context.Context, call Incoming) error

// Variadic reads the arguments from the n-th on into a slice. They are read as one list
// and not one by one, because a value can be a byte on the wire and large in memory:
// a list as a whole may take so much and no more.
func (c *Incoming) Variadic(n int, slice reflect.Value) error {
	rest := c.Count - n
	if rest <= 0 {
		return nil
	}
	if slice.Type().Elem().Kind() == reflect.Uint8 {
		// As a list they would be expected to be one value, bytes.
		slice.Set(reflect.MakeSlice(slice.Type(), rest, rest))
		for i := range rest {
			if err := c.Args.ReflectValue(slice.Index(i)); err != nil {
				return err
			}
		}
		return nil
	}
	list := msgpack.AppendArrayHeader(make([]byte, 0, c.Args.Len()+5), rest)
	r := codec.NewReader(append(list, c.Data[c.Args.Offset():]...))
	return r.ReflectValue(slice)
}
