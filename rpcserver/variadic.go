package rpcserver

import (
	"fmt"
	"reflect"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/msgpack"
)

// VariadicValue reads the values of a variadic parameter, from that position on, into the
// slice that slice points to, by reflection; with no values the slice stays as it is. It
// is what generated code uses where values may be large in memory: all of them together
// may take as much as one list. The position counts from 0.
func (c *Call) VariadicValue(position int, slice any) error {
	v := reflect.ValueOf(slice)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Slice {
		return fmt.Errorf("VariadicValue can't read into a %T; hint: pass a pointer to a slice", slice)
	}
	return c.readVariadic(position, v.Elem())
}

// readVariadic reads the arguments from the n-th on into a slice. They are read as one list
// and not one by one, because a value can be a byte on the wire and large in memory:
// a list as a whole may take so much and no more.
func (c *Call) readVariadic(n int, slice reflect.Value) error {
	rest := c.NumArgs - n
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
	r := codec.NewReader(append(list, c.args[c.Args.Offset():]...))
	return r.ReflectValue(slice)
}
