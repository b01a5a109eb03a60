package signature

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// goField is a field of a Go struct that travels.
type goField struct {
	name    string // on the wire
	path    string // for messages: "Order.Lines"
	typ     reflect.Type
	mayMiss bool // omitempty, or inside an embedded pointer that may be nil
	lent    bool // by an embedded struct
}

// fieldsOf returns the fields of a Go struct that travel, in the order in which they
// are written. It follows internal/wire's fieldsOf, which writes them: what is written
// and what is told about it must not differ, and a test compares the two.
func (w *walk) fieldsOf(t reflect.Type, at string) []*goField {
	fields, hidden := w.collect(t, at, nil)
	for _, f := range fields {
		if !utf8.ValidString(f.name) {
			w.fault(fieldPath(at, f.path), "its wire name %q isn't UTF-8; mend the tag", f.name)
		}
	}
	if len(fields) == 0 && hidden {
		w.fault(at, "%.100v has no exported fields, so nothing of it would be sent; export some, or use another type", t)
	}
	return fields
}

// collect lists the fields of t, and tells whether t has some that don't travel
// because they aren't exported. Outer are the structs that t is embedded in.
func (w *walk) collect(t reflect.Type, at string, outer []reflect.Type) (found []*goField, hidden bool) {
	outer = append(outer[:len(outer):len(outer)], t)
	allMayMiss := false
	for i := range t.NumField() {
		f := t.Field(i)
		tag := parseTag(f.Tag)
		if tag.name == "-" {
			continue
		}
		if f.Name == "_msgpack" {
			allMayMiss = allMayMiss || tag.has("omitempty")
		}
		if !f.IsExported() && !f.Anonymous {
			hidden = hidden || f.Name != "_" && f.Name != "_msgpack"
			continue
		}
		path := structName(t) + "." + f.Name
		if f.Anonymous && !tag.has("noinline") {
			lent, lends, err := w.lentBy(f, at, outer)
			if err != nil {
				w.fault(fieldPath(at, path), "%w", err)
				continue
			}
			taken := func(f *goField) bool { return named(found, f.name) >= 0 }
			if lends && (tag.has("inline") || !slices.ContainsFunc(lent, taken)) {
				found = append(found, slices.DeleteFunc(lent, taken)...)
				continue
			}
		}
		if !f.IsExported() {
			w.fault(fieldPath(at, path), "an embedded type that isn't exported can't be a field, and its own fields can't take the place of others; export it, or give it a field's name")
			continue
		}
		field := &goField{name: tag.name, path: path, typ: f.Type, mayMiss: allMayMiss || tag.has("omitempty")}
		if field.name == "" {
			field.name = f.Name
		}
		switch other := named(found, field.name); {
		case other < 0:
			found = append(found, field)
		case found[other].lent:
			found[other] = field // hides it, as in Go
		default:
			w.fault(fieldPath(at, path), "its wire name %q is that of field %s too; rename one with a tag such as `msgpack:\"other\"`", field.name, found[other].path)
		}
	}
	return found, hidden
}

// lentBy returns the fields that the embedded field f lends to the struct around it,
// and false if it lends none but is a field itself.
func (w *walk) lentBy(f reflect.StructField, at string, outer []reflect.Type) ([]*goField, bool, error) {
	t := f.Type
	pointer := t.Kind() == reflect.Pointer
	if pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || slices.Contains(outer, t) {
		return nil, false, nil
	}
	if own, _ := encodingOf(t); own != noEncoding {
		return nil, false, nil
	}
	if pointer && !f.IsExported() {
		return nil, false, errors.New("an embedded pointer to a type that isn't exported can't be set by the reader; embed the struct itself")
	}
	fields, _ := w.collect(t, at, outer)
	for _, field := range fields {
		field.lent = true
		field.mayMiss = field.mayMiss || pointer
	}
	return fields, true, nil
}

// named returns the index of the field of that name, -1 if there is none.
func named(fields []*goField, name string) int {
	return slices.IndexFunc(fields, func(f *goField) bool { return f.name == name })
}

// fieldTag is the tag of a struct's field: `msgpack:"name,option,option:value"`.
type fieldTag struct {
	name    string
	options []string
}

func (t fieldTag) has(option string) bool { return slices.Contains(t.options, option) }

// parseTag reads the tag msgpack of a field, or json if it has none.
func parseTag(tags reflect.StructTag) fieldTag {
	text := tags.Get("msgpack")
	if text == "" {
		text = tags.Get("json")
	}
	var tag fieldTag
	for i, part := range strings.Split(text, ",") {
		part = strings.TrimSpace(part)
		if i == 0 {
			tag.name = part
			continue
		}
		key, _, _ := strings.Cut(part, ":")
		tag.options = append(tag.options, key)
	}
	return tag
}

func structName(t reflect.Type) string {
	if t.Name() == "" {
		return "struct"
	}
	return t.Name()
}
