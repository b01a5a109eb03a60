package rpcserver

import (
	"iter"
	"reflect"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/signature"
)

// takesStream reports whether the last parameter of a function is a stream.
func takesStream(t reflect.Type) bool {
	n := t.NumIn()
	return n > 0 && signature.StreamItem(t.In(n-1)) != nil
}

// returnsStream reports whether a function returns a stream.
func returnsStream(t reflect.Type) bool {
	return t.NumOut() > 0 && signature.StreamItem(t.Out(0)) != nil
}

// reflectItems returns what a caller sends as an iterator of type t.
func reflectItems(call *Call, t reflect.Type) reflect.Value {
	item := signature.StreamItem(t)
	items := Items(call, func(r *codec.Reader) (reflect.Value, error) {
		v := reflect.New(item).Elem()
		return v, r.ReflectValue(v)
	})
	return reflect.MakeFunc(t, func(in []reflect.Value) []reflect.Value {
		for v, err := range items {
			e := reflect.Zero(reflect.TypeFor[error]())
			if err != nil {
				v, e = reflect.Zero(item), reflect.ValueOf(&err).Elem()
			}
			if !in[0].Call([]reflect.Value{v, e})[0].Bool() {
				break
			}
		}
		return nil
	})
}

// reflectYield sends what an iterator gives.
func reflectYield(call *Call, items reflect.Value) error {
	if items.IsNil() {
		return Yield[reflect.Value](call, nil, nil)
	}
	return Yield(call, seqOf(items), (*codec.Writer).ReflectValue)
}

// seqOf returns an iterator of any type as one of values.
func seqOf(items reflect.Value) iter.Seq2[reflect.Value, error] {
	return func(yield func(reflect.Value, error) bool) {
		body := reflect.MakeFunc(items.Type().In(0), func(in []reflect.Value) []reflect.Value {
			err, _ := in[1].Interface().(error)
			return []reflect.Value{reflect.ValueOf(yield(in[0], err))}
		})
		items.Call([]reflect.Value{body})
	}
}
