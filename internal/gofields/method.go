package gofields

import "reflect"

// hasShape reports whether a method that counts for how a type travels has the parameters and
// results that it should have.
func hasShape[T any](model Model[T], name string, m Method[T]) bool {
	switch name {
	case "EncodeMsgpack":
		return takesMsgpack(model, m, "Encoder")
	case "DecodeMsgpack":
		return takesMsgpack(model, m, "Decoder")
	case "MarshalMsgpack", "MarshalJSON", "MarshalText", "MarshalBinary":
		return returnsBytes(model, m)
	case "UnmarshalMsgpack", "UnmarshalJSON", "UnmarshalText", "UnmarshalBinary":
		return takesBytes(model, m)
	case "IsZero":
		return isPredicate(model, m)
	}
	return false
}

// methodOf reports whether a pointer to t has the method of that name, of a [Pair] or IsZero,
// in its shape, and whether it is declared for t. A pointer and an interface have none: what
// they lead to may have methods.
func methodOf[T any](model Model[T], t T, name string) (has, declared bool) {
	if k := model.Kind(t); k == reflect.Pointer || k == reflect.Interface {
		return false, false
	}
	m, ok := model.Method(t, name)
	if !ok || !hasShape(model, name, m) {
		return false, false
	}
	return true, m.Declared
}

// returnsBytes reports func() ([]byte, error).
func returnsBytes[T any](model Model[T], m Method[T]) bool {
	return len(m.Params) == 0 && len(m.Results) == 2 && isBytes(model, m.Results[0]) && isError(model, m.Results[1])
}

// takesBytes reports func([]byte) error.
func takesBytes[T any](model Model[T], m Method[T]) bool {
	return len(m.Params) == 1 && !m.Variadic && isBytes(model, m.Params[0]) && len(m.Results) == 1 && isError(model, m.Results[0])
}

// takesMsgpack reports func(*msgpack.<parameter>) error. It goes by names, so that this
// package needs no msgpack.
func takesMsgpack[T any](model Model[T], m Method[T], parameter string) bool {
	if len(m.Params) != 1 || len(m.Results) != 1 || !isError(model, m.Results[0]) {
		return false
	}
	p, ok := Pointee(model, m.Params[0])
	return ok && model.Is(p, "github.com/vmihailenco/msgpack/v5", parameter)
}

// isPredicate reports func() bool.
func isPredicate[T any](model Model[T], m Method[T]) bool {
	return len(m.Params) == 0 && len(m.Results) == 1 && model.Is(m.Results[0], "", "bool")
}

func isBytes[T any](m Model[T], t T) bool {
	return m.Kind(t) == reflect.Slice && m.Name(t) == "" && m.Is(m.Elem(t), "", "uint8")
}

func isError[T any](m Model[T], t T) bool { return m.Is(t, "", "error") }
