package wire

import (
	"fmt"
	"reflect"
	"strings"
)

// structFields are the fields of a struct as they stand on the wire.
type structFields struct {
	list   []field
	byName map[string]int
}

type field struct {
	// name is the field's key, head that key as msgpack.
	name string
	head []byte
	// index leads to the field, through embedded structs.
	index []int
	codec *codec
	// empty reports that a value is left out; nil: it never is.
	empty func(reflect.Value) bool

	typ reflect.Type
	// tagged tells a name that a tag gave from the field's own.
	tagged bool
}

// fieldsOf finds the fields of a struct: the exported ones, under the name in the tag
// `msgpack`, else in the tag `json`, else their own. The tag "-" leaves a field out;
// the option omitempty leaves an empty value out, omitzero a zero one. An embedded
// struct without a name in its tag lends its fields, unless it says noinline; any
// struct with the option inline does. Of fields with the same name the one least deep
// wins, and then the one named by a tag, as in encoding/json.
func (m codecMaker) fieldsOf(t reflect.Type) *structFields {
	found := collectFields(t, nil, nil)
	fields := &structFields{byName: make(map[string]int)}
	for i := range found {
		f := found[i]
		if !wins(&found[i], found) {
			continue
		}
		f.head = AppendString(nil, f.name)
		f.codec = m.codec(f.typ)
		fields.byName[f.name] = len(fields.list)
		fields.list = append(fields.list, f)
	}
	return fields
}

// collectFields lists the fields of t at index and those of the structs it inlines.
// Outer holds the structs that it is inlined in, which can't be inlined again.
func collectFields(t reflect.Type, index []int, outer []reflect.Type) []field {
	for _, o := range outer {
		if o == t {
			return nil
		}
	}
	outer = append(outer[:len(outer):len(outer)], t)
	var found []field
	for i := range t.NumField() {
		sf := t.Field(i)
		tag := parseTag(sf.Tag)
		target := sf.Type
		if target.Kind() == reflect.Pointer {
			target = target.Elem()
		}
		isStruct := target.Kind() == reflect.Struct
		if tag.skip || !sf.IsExported() && !(sf.Anonymous && isStruct) {
			continue
		}
		at := append(index[:len(index):len(index)], i)
		inline := tag.inline || sf.Anonymous && tag.name == "" && !tag.noinline
		if inline && isStruct && target != timeType && !hasMethods(target) {
			found = append(found, collectFields(target, at, outer)...)
			continue
		}
		if !sf.IsExported() {
			continue
		}
		f := field{name: tag.name, index: at, typ: sf.Type, tagged: tag.name != ""}
		if !f.tagged {
			f.name = sf.Name
		}
		switch {
		case tag.omitempty:
			f.empty = emptyFunc(sf.Type)
		case tag.omitzero:
			f.empty = zeroFunc(sf.Type)
		}
		found = append(found, f)
	}
	return found
}

// wins reports whether f has its name to itself.
func wins(f *field, all []field) bool {
	for i := range all {
		other := &all[i]
		if other == f || other.name != f.name || len(other.index) > len(f.index) {
			continue
		}
		if len(other.index) < len(f.index) || other.tagged || !f.tagged {
			return false
		}
	}
	return true
}

type fieldTag struct {
	name                                        string
	skip, omitempty, omitzero, inline, noinline bool
}

func parseTag(tag reflect.StructTag) fieldTag {
	text := tag.Get("msgpack")
	if text == "" {
		text = tag.Get("json")
	}
	if text == "-" {
		return fieldTag{skip: true}
	}
	name, options, _ := strings.Cut(text, ",")
	t := fieldTag{name: name}
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "omitempty":
			t.omitempty = true
		case "omitzero":
			t.omitzero = true
		case "inline":
			t.inline = true
		case "noinline":
			t.noinline = true
		}
	}
	return t
}

type isZeroer interface{ IsZero() bool }

var isZeroerType = reflect.TypeFor[isZeroer]()

// emptyFunc is omitempty: nothing in it, or zero.
func emptyFunc(t reflect.Type) func(reflect.Value) bool {
	if !t.Implements(isZeroerType) {
		switch t.Kind() {
		case reflect.Map, reflect.Slice, reflect.Array:
			return func(v reflect.Value) bool { return v.Len() == 0 }
		}
	}
	return zeroFunc(t)
}

// zeroFunc is omitzero: zero, or so says its IsZero method.
func zeroFunc(t reflect.Type) func(reflect.Value) bool {
	if !t.Implements(isZeroerType) {
		return reflect.Value.IsZero
	}
	return func(v reflect.Value) bool {
		// An IsZero method may not be ready for a nil receiver.
		return isNil(v) || v.Interface().(isZeroer).IsZero()
	}
}

// isNil reports whether v is nil, and false where it can't be.
func isNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Map, reflect.Slice, reflect.Pointer, reflect.Interface, reflect.Func, reflect.Chan:
		return v.IsNil()
	}
	return false
}

// of returns the field's value in v. It isn't there if an embedded pointer is nil.
func (f *field) of(v reflect.Value) (reflect.Value, bool) {
	for _, i := range f.index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return reflect.Value{}, false
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	return v, true
}

// settable returns the field's value in v and makes the embedded structs on the way.
func (f *field) settable(v reflect.Value) (reflect.Value, error) {
	for _, i := range f.index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				if !v.CanSet() {
					return v, valueErrorf("the embedded %v is nil and can't be set, because its type isn't exported; embed the struct itself", v.Type())
				}
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	return v, nil
}

// find returns the field of that name, or nil. Senders mostly keep the order of the
// fields, so the i-th is tried first.
func (fields *structFields) find(name []byte, i int) *field {
	if i < len(fields.list) && fields.list[i].name == string(name) {
		return &fields.list[i]
	}
	if i, ok := fields.byName[string(name)]; ok {
		return &fields.list[i]
	}
	return nil
}

// keyName is the path segment of the value under a map's key.
func keyName(key reflect.Value) string {
	for key.Kind() == reflect.Interface && !key.IsNil() {
		key = key.Elem()
	}
	switch {
	case key.Kind() == reflect.String:
		return nameOf(key.String())
	case key.CanInt() || key.CanUint() || key.CanFloat() || key.Kind() == reflect.Bool:
		return fmt.Sprintf("[%v]", key)
	}
	return keySegment
}
