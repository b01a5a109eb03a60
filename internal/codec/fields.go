package codec

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// structFields are the fields of a struct as they stand on the codec.
type structFields struct {
	list   []field
	byName map[string]int
}

type field struct {
	// name is the field's key, head that key as msgpack. It may be read under alias too.
	name, alias string
	head        []byte
	// index leads to the field, through embedded structs.
	index []int
	typ   reflect.Type
	codec *codec
	// empty reports that a value is left out; nil: it never is.
	empty func(reflect.Value) bool
}

// fieldsOf finds the fields of a struct by the msgpack library's rules, which
// signatures follow too: the exported ones, under the name in the tag `msgpack`, else
// in the tag `json`, else their own. The tag "-" leaves a field out, the option
// omitempty leaves it out while it is empty, alias:x reads it under a second name.
//
// An embedded struct lends its fields, unless one of them has the name of a field
// above it; then it is a field itself. The option inline lends the others all the
// same, noinline none.
func (m codecMaker) fieldsOf(t reflect.Type) *structFields {
	fields := &structFields{byName: make(map[string]int)}
	for _, f := range collectFields(t, nil) {
		f.head = AppendString(nil, f.name)
		f.codec = m.codec(f.typ)
		fields.byName[f.name] = len(fields.list)
		fields.list = append(fields.list, f)
	}
	for i, f := range fields.list {
		if _, taken := fields.byName[f.alias]; f.alias != "" && !taken {
			fields.byName[f.alias] = i
		}
	}
	return fields
}

// collectFields lists the fields of t. Outer are the structs that t is embedded in:
// one that embeds itself isn't followed.
func collectFields(t reflect.Type, outer []reflect.Type) []field {
	outer = append(outer[:len(outer):len(outer)], t)
	var found []field
	allOmitted := false
	for i := range t.NumField() {
		sf := t.Field(i)
		tag := parseTag(sf.Tag)
		if tag.name == "-" {
			continue
		}
		if sf.Name == "_msgpack" {
			allOmitted = allOmitted || tag.omitempty
		}
		if sf.Anonymous && !tag.noinline {
			if inner, ok := embeddedFields(sf, outer); ok {
				shadowed := slices.ContainsFunc(inner, func(f field) bool { return indexByName(found, f.name) >= 0 })
				if tag.inline || !shadowed {
					for _, f := range inner {
						if indexByName(found, f.name) < 0 {
							f.index = append([]int{i}, f.index...)
							found = append(found, f)
						}
					}
					continue
				}
			}
		}
		if !sf.IsExported() {
			continue
		}
		f := field{name: tag.name, alias: tag.alias, index: []int{i}, typ: sf.Type}
		if f.name == "" {
			f.name = sf.Name
		}
		if tag.omitempty || allOmitted {
			f.empty = emptyFunc(sf.Type)
		}
		// A field of the struct's own hides an embedded one of that name.
		if at := indexByName(found, f.name); at >= 0 {
			found[at] = f
		} else {
			found = append(found, f)
		}
	}
	return found
}

// embeddedFields lists the fields that an embedded struct, or pointer to one, lends.
func embeddedFields(sf reflect.StructField, outer []reflect.Type) ([]field, bool) {
	t := sf.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == timeType || hasMethods(t) || slices.Contains(outer, t) {
		return nil, false
	}
	return collectFields(t, outer), true
}

func indexByName(fields []field, name string) int {
	return slices.IndexFunc(fields, func(f field) bool { return f.name == name })
}

type fieldTag struct {
	name, alias                 string
	omitempty, inline, noinline bool
}

func parseTag(tag reflect.StructTag) fieldTag {
	text := tag.Get("msgpack")
	if text == "" {
		text = tag.Get("json")
	}
	name, options, _ := strings.Cut(text, ",")
	t := fieldTag{name: strings.TrimSpace(name)}
	for option := range strings.SplitSeq(options, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(option), ":")
		switch key {
		case "omitempty":
			t.omitempty = true
		case "inline":
			t.inline = true
		case "noinline":
			t.noinline = true
		case "alias":
			t.alias = strings.TrimSpace(value)
		}
	}
	return t
}

type isZeroer interface{ IsZero() bool }

var isZeroerType = reflect.TypeFor[isZeroer]()

// emptyFunc tells what omitempty leaves out: a value whose IsZero method says so,
// what has no elements, and what is zero.
func emptyFunc(t reflect.Type) func(reflect.Value) bool {
	if t.Implements(isZeroerType) {
		return func(v reflect.Value) bool {
			// An IsZero method may not be ready for a nil receiver.
			return isNil(v) || v.Interface().(isZeroer).IsZero()
		}
	}
	switch t.Kind() {
	case reflect.Map, reflect.Slice, reflect.Array:
		return func(v reflect.Value) bool { return v.Len() == 0 }
	}
	return reflect.Value.IsZero
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
