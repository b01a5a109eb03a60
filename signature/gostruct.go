package signature

import (
	"fmt"
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
}

// goFields are the fields of a Go struct as vmihailenco/msgpack v5.4.1 finds them
// (types.go, getFields): list is what it writes, byName what it reads.
type goFields struct {
	list   []*goField
	byName map[string]*goField
}

// fieldsOf returns the fields of a Go struct that travel, in the order in which they
// are written.
func (w *walk) fieldsOf(t reflect.Type, at string) []*goField {
	fields := w.collect(t, at, nil)
	for _, f := range fields.list {
		switch other := fields.byName[f.name]; {
		case other != f:
			w.fault(fieldPath(at, f.path), "its wire name %q is that of field %s too; rename one with a tag such as `msgpack:\"other\"`", f.name, other.path)
		case !utf8.ValidString(f.name):
			w.fault(fieldPath(at, f.path), "its wire name %q isn't UTF-8; mend the tag", f.name)
		}
	}
	return fields.list
}

// collect follows getFields step by step, because what is written and what is told
// about it must not differ. Outer are the structs in which t is embedded.
func (w *walk) collect(t reflect.Type, at string, outer []reflect.Type) goFields {
	fields := goFields{byName: make(map[string]*goField)}
	allMayMiss, hidden := false, false
	for i := range t.NumField() {
		f := t.Field(i)
		path := structName(t) + "." + f.Name
		tag, err := parseTag(f.Tag)
		if err != nil {
			w.fault(fieldPath(at, path), "%w", err)
			continue
		}
		if tag.name == "-" {
			continue
		}
		if f.Name == "_msgpack" {
			if tag.has("as_array") || tag.has("asArray") {
				w.fault(fieldPath(at, path), "a struct written as an array couldn't grow a field; remove as_array")
			}
			allMayMiss = allMayMiss || tag.has("omitempty")
		}
		if !f.IsExported() && !f.Anonymous {
			hidden = hidden || f.Name != "_" && f.Name != "_msgpack"
			continue
		}
		if tag.has("intern") {
			w.fault(fieldPath(at, path), "interned strings can't be read by other programs; remove intern from the tag")
			continue
		}
		field := &goField{name: tag.name, path: path, typ: f.Type, mayMiss: allMayMiss || tag.has("omitempty")}
		if field.name == "" {
			field.name = f.Name
		}
		if f.Anonymous && !tag.has("noinline") {
			inlined, err := w.inline(&fields, f, tag.has("inline"), at, append(outer, t))
			if err != nil {
				w.fault(fieldPath(at, path), "%w", err)
				continue
			}
			if inlined {
				// msgpack still reads the embedded struct under its own name.
				fields.byName[field.name] = field
				continue
			}
		}
		if !f.IsExported() {
			w.fault(fieldPath(at, path), "an embedded type that isn't exported can't be set by the reader; export it, or make it a field")
			continue
		}
		fields.add(field)
		if alias, ok := tag.options["alias"]; ok {
			fields.byName[alias] = field
		}
	}
	if len(fields.list) == 0 && hidden && len(outer) == 0 {
		w.fault(at, "%.100v has no exported fields, so nothing of it would be sent; export some, or use another type", t)
	}
	return fields
}

func (fs *goFields) add(f *goField) {
	fs.list = append(fs.list, f)
	fs.byName[f.name] = f
}

// inline adds the fields of the embedded field f as if they were the outer struct's
// own, and tells whether it did.
func (w *walk) inline(fields *goFields, f reflect.StructField, forced bool, at string, outer []reflect.Type) (bool, error) {
	t := f.Type
	pointer := t.Kind() == reflect.Pointer
	if pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == timeType {
		if forced {
			return false, fmt.Errorf("%.100v can't be inlined; remove inline from the tag", f.Type)
		}
		return false, nil
	}
	if !forced {
		if own, err := encodingOf(t); own != noEncoding || err != nil {
			return false, nil // not plain: the field's own walk says what is wrong
		}
	}
	switch {
	case slices.Contains(outer, t):
		return false, fmt.Errorf("%.100v embeds itself, which msgpack can't follow; make it a field", t)
	case pointer && forced:
		return false, fmt.Errorf("a pointer can't be inlined by a tag; remove inline from the tag")
	case pointer && !f.IsExported():
		return false, fmt.Errorf("an embedded pointer to a type that isn't exported can't be set by the reader; embed the struct itself")
	}
	inner := w.collect(t, at, outer).list
	shadowed := func(f *goField) bool { return fields.byName[f.name] != nil }
	if forced {
		inner = slices.DeleteFunc(inner, shadowed)
	} else if slices.ContainsFunc(inner, shadowed) {
		return false, nil
	}
	for _, field := range inner {
		field.mayMiss = field.mayMiss || pointer
		fields.add(field)
	}
	return true, nil
}

// fieldTag is the tag of a struct's field: `msgpack:"name,option,option:value"`.
type fieldTag struct {
	name    string
	options map[string]string
}

func (t fieldTag) has(option string) bool {
	_, ok := t.options[option]
	return ok
}

// parseTag reads the tag msgpack of a field, or json if it has none. The library's
// own parser knows quotes and escapes, and takes a name with a colon for an option;
// they are refused.
func parseTag(tags reflect.StructTag) (fieldTag, error) {
	text := tags.Get("msgpack")
	if text == "" {
		text = tags.Get("json")
	}
	name, rest, _ := strings.Cut(text, ",")
	if strings.ContainsAny(name, `:'`) || strings.ContainsAny(rest, `'\(`) {
		return fieldTag{}, fmt.Errorf("msgpack reads the tag %q otherwise than it looks; use no colon, quote, backslash or bracket in it", text)
	}
	tag := fieldTag{name: strings.TrimSpace(name), options: make(map[string]string)}
	for option := range strings.SplitSeq(rest, ",") {
		key, value, _ := strings.Cut(option, ":")
		tag.options[strings.TrimSpace(key)] = strings.TrimSpace(value)
	}
	return tag, nil
}

func structName(t reflect.Type) string {
	if t.Name() == "" {
		return "struct"
	}
	return t.Name()
}
