package rpcserver

import (
	"fmt"
	"reflect"
)

// RestValue reads the values of a variadic parameter, from that position on, into the
// slice that slice points to, by reflection; with no values the slice stays as it is. It
// is what generated code uses where values may be large in memory: all of them together
// may take as much as one list. The position counts from 0.
func (c *Call) RestValue(position int, slice any) error {
	v := reflect.ValueOf(slice)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Slice {
		return fmt.Errorf("RestValue can't read into a %T; hint: pass a pointer to a slice", slice)
	}
	return c.readRest(position, v.Elem())
}
