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
	if scalars := scalarValues(items.Interface()); scalars != nil {
		return scalars
	}
	return func(yield func(reflect.Value, error) bool) {
		more := make([]reflect.Value, 1) // for item after item
		body := reflect.MakeFunc(items.Type().In(0), func(in []reflect.Value) []reflect.Value {
			err, _ := in[1].Interface().(error)
			more[0] = reflect.ValueOf(yield(in[0], err))
			return more
		})
		items.Call([]reflect.Value{body})
	}
}

// iteratorOf returns items as an iterator of type t.
func iteratorOf(t reflect.Type, items iter.Seq2[reflect.Value, error]) reflect.Value {
	if scalars := scalarIterator(t, items); scalars.IsValid() {
		return scalars
	}
	noItem, noError := reflect.Zero(signature.StreamItem(t)), reflect.Zero(errorType)
	return reflect.MakeFunc(t, func(in []reflect.Value) []reflect.Value {
		given := make([]reflect.Value, 2) // for item after item
		for v, err := range items {
			given[0], given[1] = v, noError
			if err != nil {
				given[0], given[1] = noItem, errorValue(err)
			}
			if !in[0].Call(given)[0].Bool() {
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
