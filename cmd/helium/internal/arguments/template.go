package arguments

import (
	"encoding/json"
	"errors"
	"slices"

	"github.com/helium-rpc/helium/signature"
)

// A template holds the arguments of a method as JSON to fill in: an object by name or, where
// the service doesn't tell names, an array. As it stands it can be passed back in, but where a
// method's any is of a type with a form of its own that doesn't read null.
//
//	numbers           0
//	string, bool      "", false
//	bytes, time       "aGVsbG8=", "2006-01-02T15:04:05Z"
//	duration          "1h30m"
//	any               null
//	[]T, map[K]V      one element, to be repeated
//	T?                null, or a T if that has parts to fill in
//	a T within a T    null, [] or {}: what ends it

// maxTemplate bounds how many values a template has. Types of types of types can double
// them again and again.
const maxTemplate = 10_000

// Template returns the template of a method's arguments.
func Template(m *signature.Method) ([]byte, error) {
	open, end := "{", "}"
	unnamed := len(m.Params) == 0 || m.Params[0].Name == ""
	if unnamed {
		open, end = "[", "]"
	}
	var w templateWriter
	w.add(open)
	for i, p := range m.Params {
		if i > 0 {
			w.add(",")
		}
		t := p.Type
		if !unnamed {
			w.name(p.Name)
			if m.Variadic && i == len(m.Params)-1 {
				t = &signature.Type{Kind: signature.List, Elem: t}
			}
		}
		if !w.value(t) {
			return nil, errors.New("its arguments are too large for a template, or have no end")
		}
	}
	w.add(end)
	return w.text, nil
}

// ItemTemplate returns the template of an item of the stream that a method takes.
func ItemTemplate(m *signature.Method) ([]byte, error) {
	var w templateWriter
	if !w.value(m.Sends.Type) {
		return nil, errors.New("its items are too large for a template, or have no end")
	}
	return w.text, nil
}

type templateWriter struct {
	text   []byte
	values int
	open   []*signature.Type // that are being written
}

func (w *templateWriter) add(text string) { w.text = append(w.text, text...) }

// name writes the name of a field, and the colon behind it.
func (w *templateWriter) name(name string) {
	quoted, err := json.Marshal(name)
	if err != nil {
		quoted = []byte(`""`) // can't be: it is a string
	}
	w.add(string(quoted) + ":")
}

// value writes a value of type t. It returns false if none would have an end, or be small
// enough.
func (w *templateWriter) value(t *signature.Type) bool {
	if w.values++; w.values > maxTemplate {
		return false
	}
	switch t.Kind {
	case signature.Any:
		w.add("null")
	case signature.Optional:
		parts := t.Elem.Kind == signature.Struct || t.Elem.Kind == signature.List || t.Elem.Kind == signature.Map
		w.unless("null", parts && !slices.Contains(w.open, t.Elem), func() bool { return w.value(t.Elem) })
	case signature.List:
		w.unless("[]", true, func() bool {
			return w.within(t, func() bool {
				w.add("[")
				ok := w.value(t.Elem)
				w.add("]")
				return ok
			})
		})
	case signature.Map:
		w.unless("{}", true, func() bool {
			return w.within(t, func() bool {
				w.add("{")
				w.name(keyToFill(t.Key))
				ok := w.value(t.Elem)
				w.add("}")
				return ok
			})
		})
	case signature.Struct:
		return w.within(t, func() bool { return w.fields(t) })
	case signature.Bool:
		w.add("false")
	case signature.String:
		w.add(`""`)
	case signature.Bytes, signature.Time, signature.Duration:
		w.add(`"` + keyToFill(t) + `"`)
	default:
		w.add("0")
	}
	return true
}

func (w *templateWriter) fields(t *signature.Type) bool {
	w.add("{")
	for i, f := range t.Fields {
		if i > 0 {
			w.add(",")
		}
		w.name(f.Name)
		if !w.value(f.Type) {
			return false
		}
	}
	w.add("}")
	return true
}

// unless writes what write does, or what is nothing of its kind, if that has no end.
func (w *templateWriter) unless(nothing string, parts bool, write func() bool) {
	begin := len(w.text)
	if !parts || !write() {
		w.text = append(w.text[:begin], nothing...)
	}
}

// within writes a t that others may lie in, but no t itself.
func (w *templateWriter) within(t *signature.Type, write func() bool) bool {
	if slices.Contains(w.open, t) {
		return false
	}
	w.open = append(w.open, t)
	ok := write()
	w.open = w.open[:len(w.open)-1]
	return ok
}

// keyToFill is the text of a key of a map, and of values that not every text is.
func keyToFill(t *signature.Type) string {
	switch t.Kind {
	case signature.Bool:
		return "false"
	case signature.Bytes:
		return "aGVsbG8="
	case signature.Time:
		return "2006-01-02T15:04:05Z"
	case signature.Duration:
		return "1h30m"
	case signature.String:
		return "key"
	}
	return "0"
}
