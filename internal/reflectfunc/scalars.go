package reflectfunc

import (
	"iter"
	"reflect"
)

// Iterators of the types that most streams have are run without reflection: a loop's body that is made by
// reflection takes memory for each item, which for small items is most of what a stream costs.

// scalarValues returns what an iterator gives, nil if it is of another type. Each value is good until the next one.
func scalarValues(items any) iter.Seq2[reflect.Value, error] {
	switch items := items.(type) {
	case iter.Seq2[bool, error]:
		return valuesOf(items)
	case iter.Seq2[int, error]:
		return valuesOf(items)
	case iter.Seq2[int64, error]:
		return valuesOf(items)
	case iter.Seq2[float64, error]:
		return valuesOf(items)
	case iter.Seq2[string, error]:
		return valuesOf(items)
	case iter.Seq2[[]byte, error]:
		return valuesOf(items)
	}
	return nil
}

func valuesOf[T any](items iter.Seq2[T, error]) iter.Seq2[reflect.Value, error] {
	return func(yield func(reflect.Value, error) bool) {
		item := new(T)
		value := reflect.ValueOf(item).Elem()
		for v, err := range items {
			*item = v
			if !yield(value, err) {
				return
			}
		}
	}
}

// scalarIterator returns items, whose values can be set, as an iterator of type t: an invalid value if it is of another type.
func scalarIterator(t reflect.Type, items iter.Seq2[reflect.Value, error]) reflect.Value {
	switch reflect.Zero(t).Interface().(type) {
	case iter.Seq2[bool, error]:
		return iteratorFrom[bool](items)
	case iter.Seq2[int, error]:
		return iteratorFrom[int](items)
	case iter.Seq2[int64, error]:
		return iteratorFrom[int64](items)
	case iter.Seq2[float64, error]:
		return iteratorFrom[float64](items)
	case iter.Seq2[string, error]:
		return iteratorFrom[string](items)
	case iter.Seq2[[]byte, error]:
		return iteratorFrom[[]byte](items)
	}
	return reflect.Value{}
}

func iteratorFrom[T any](items iter.Seq2[reflect.Value, error]) reflect.Value {
	return reflect.ValueOf(iter.Seq2[T, error](func(yield func(T, error) bool) {
		for v, err := range items {
			var item T
			if err == nil {
				item = *v.Addr().Interface().(*T)
			}
			if !yield(item, err) {
				return
			}
		}
	}))
}
