package rpcclient

import (
	"context"
	"iter"
	"reflect"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/signature"
)

// returnsStream reports whether a function returns a stream.
func returnsStream(t reflect.Type) bool {
	return t.NumOut() == 1 && signature.StreamItem(t.Out(0)) != nil
}

// sendsStream reports whether the last parameter of a function is a stream.
func sendsStream(t reflect.Type) bool {
	n := t.NumIn()
	return n > 0 && signature.StreamItem(t.In(n-1)) != nil
}

// isStream reports whether an argument is a stream to send.
func isStream(arg any) bool {
	t := reflect.TypeOf(arg)
	return t != nil && signature.StreamItem(t) != nil
}

// sendReflect has a call send what an iterator of any type gives.
func (call *Invocation) sendReflect(items reflect.Value) {
	var seq iter.Seq2[reflect.Value, error]
	if !items.IsNil() {
		seq = seqOf(items)
	}
	Send(call, seq, (*codec.Writer).ReflectValue)
	call.says().sendsType = signature.StreamItem(items.Type())
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

// yieldReflect returns an iterator of type t over the items of calls that begin begins.
func yieldReflect(ctx context.Context, t reflect.Type, begin func() *Invocation) reflect.Value {
	item := signature.StreamItem(t)
	items := Yielded(ctx, func() (*Invocation, error) { return begin(), nil }, func(r *codec.Reader) (reflect.Value, error) {
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
