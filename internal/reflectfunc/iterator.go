package reflectfunc

import (
	"iter"
	"reflect"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/signature"
)

// Values returns an iterator of any type as one of values, nil if it is nil.
func Values(items reflect.Value) iter.Seq2[reflect.Value, error] {
	if items.IsNil() {
		return nil
	}
	return func(yield func(reflect.Value, error) bool) {
		body := reflect.MakeFunc(items.Type().In(0), func(in []reflect.Value) []reflect.Value {
			err, _ := in[1].Interface().(error)
			return []reflect.Value{reflect.ValueOf(yield(in[0], err))}
		})
		items.Call([]reflect.Value{body})
	}
}

// iteratorOf returns items as an iterator of type t.
func iteratorOf(t reflect.Type, items iter.Seq2[reflect.Value, error]) reflect.Value {
	item := signature.StreamItem(t)
	return reflect.MakeFunc(t, func(in []reflect.Value) []reflect.Value {
		for v, err := range items {
			e := reflect.Zero(errorType)
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

// reader returns what reads an item of an iterator of type t.
func reader(t reflect.Type) func(*codec.Reader) (reflect.Value, error) {
	item := signature.StreamItem(t)
	return func(r *codec.Reader) (reflect.Value, error) {
		v := reflect.New(item).Elem()
		return v, r.ReflectValue(v)
	}
}
