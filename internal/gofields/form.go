package gofields

import "reflect"

// Form is how values of a type travel, one level deep: the elements of a list, the fields of a
// struct and what a pointer points to have forms of their own.
type Form uint8

// The forms.
const (
	Unsendable  Form = iota // means nothing elsewhere: a channel, a function
	AsScalar                // a bool, a number or a text, by its kind
	AsTime                  // time.Time
	AsDuration              // time.Duration
	AsText                  // what methods of its own write as text
	AsBytes                 // a list of bytes, or what methods of its own write as bytes
	AsAny                   // what methods of its own write, whatever it is, and a json.Number
	Half                    // methods of its own, of which the other half is missing; see [OwnOf]
	AsInterface             // what it holds, if that can be told
	AsPointer               // what it points to, or nil
	AsList
	AsMap
	AsStruct

	// Elsewhere is the form of a key that travels as it would anywhere else.
	Elsewhere
)

// FormOf returns the form of a type.
func FormOf[T any](m Model[T], t T) Form {
	switch {
	case isTime(m, t):
		return AsTime
	case m.Is(t, "time", "Duration"):
		return AsDuration
	case m.Kind(t) == reflect.Interface:
		return AsInterface
	case isNumber(m, t):
		return AsAny
	}
	if own := OwnOf(m, t); own != (Own{}) {
		return own.form()
	}
	return formByKind(m, t)
}

// KeyFormOf returns the form of a type whose values are keys of a map, and the methods of its
// own that make it. Some types stand for something else there: a json.Number is a text, and a
// key has no use for MarshalJSON, as in encoding/json.
func KeyFormOf[T any](m Model[T], t T) (Form, Own) {
	own := keyOwnOf(m, t)
	switch {
	case isNumber(m, t):
		return AsText, own
	case own == OwnOf(m, t) || isTime(m, t):
		return Elsewhere, own
	case own != Own{}:
		return own.form(), own
	}
	return formByKind(m, t), own
}

// form is what methods of a type's own write.
func (o Own) form() Form {
	switch {
	case !o.Whole():
		return Half
	case o.Write == Text:
		return AsText
	case o.Write == Binary:
		return AsBytes
	}
	return AsAny
}

// formByKind is the form of a type without methods that count.
func formByKind[T any](m Model[T], t T) Form {
	switch m.Kind(t) {
	case reflect.Pointer:
		return AsPointer
	case reflect.Struct:
		return AsStruct
	case reflect.Map:
		return AsMap
	case reflect.Slice, reflect.Array:
		if IsByte(m, m.Elem(t)) {
			return AsBytes
		}
		return AsList
	case reflect.Interface:
		return AsInterface
	}
	if isScalar(m, t) {
		return AsScalar
	}
	return Unsendable
}

// Advice says what to use in place of a type of an [Unsendable] kind.
func Advice(k reflect.Kind) string {
	switch k {
	case reflect.Chan:
		return "use a list, or a stream: an iter.Seq2[T, error] as the last parameter or the only result"
	case reflect.Func:
		return "pass the name of a method that the other side may call; a stream is an iter.Seq2[T, error] as the last parameter or the only result"
	case reflect.Complex64, reflect.Complex128:
		return "use a struct of two floats"
	case reflect.Uintptr:
		return "use uint64"
	case reflect.UnsafePointer:
		return "memory means nothing to another process; send what it points to"
	}
	return "use another type"
}

// IteratorAdvice says what to use in place of an iterator that isn't a stream, such as an iter.Seq.
const IteratorAdvice = "use iter.Seq2[T, error], as the last parameter or the only result: a stream may end with an error"

// IsByte reports a type whose lists travel as bytes.
func IsByte[T any](m Model[T], t T) bool {
	return m.Kind(t) == reflect.Uint8 && !Encodes(m, t)
}

// isNumber reports a text that stands for a number in JSON, and so travels as one.
func isNumber[T any](m Model[T], t T) bool { return m.Is(t, "encoding/json", "Number") }
