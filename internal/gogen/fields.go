package gogen

import (
	"go/token"
	"go/types"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// field is a field of a Go struct that travels.
type field struct {
	name, alias string       // on the wire; it is read under the alias too
	path        string       // for messages: "Order.Lines"
	steps       []*types.Var // the field itself, after the embedded ones that lead to it
	typ         types.Type
	omitEmpty   bool
	mayMiss     bool // omitEmpty, or inside an embedded pointer that may be nil
	lent        bool // by an embedded struct
}

// fieldsOf returns the fields of a struct that travel, in the order in which they are
// written, by the rules of package signature. Problems go to report, which may be nil.
func fieldsOf(t types.Type, report func(at token.Pos, path, problem string)) []*field {
	c := collector{report: report}
	if c.report == nil {
		c.report = func(token.Pos, string, string) {}
	}
	fields, hidden := c.collect(t, nil)
	for _, f := range fields {
		if !utf8.ValidString(f.name) {
			c.report(f.pos(), f.path, "its wire name isn't UTF-8; mend the tag")
		}
	}
	if len(fields) == 0 && hidden {
		c.report(token.NoPos, "", shortType(t)+" has no exported fields, so nothing of it would be sent; export some, or use another type")
	}
	return fields
}

func (f *field) pos() token.Pos { return f.steps[len(f.steps)-1].Pos() }

type collector struct {
	report func(at token.Pos, path, problem string)
}

// collect lists the fields of t, and tells whether t has some that don't travel because
// they aren't exported. Outer are the structs that t is embedded in.
func (c *collector) collect(t types.Type, outer []types.Type) (found []*field, hidden bool) {
	outer = append(outer[:len(outer):len(outer)], t)
	s := t.Underlying().(*types.Struct)
	allOmitted := false
	for i := range s.NumFields() {
		v := s.Field(i)
		tag := parseTag(s.Tag(i))
		if tag.name == "-" {
			continue
		}
		if v.Name() == "_msgpack" {
			allOmitted = allOmitted || tag.has("omitempty")
		}
		if !v.Exported() && !v.Embedded() {
			hidden = hidden || v.Name() != "_" && v.Name() != "_msgpack"
			continue
		}
		path := structName(t) + "." + v.Name()
		if v.Embedded() && !tag.has("noinline") {
			lent, lends, problem := c.lentBy(v, outer)
			if problem != "" {
				c.report(v.Pos(), path, problem)
				continue
			}
			taken := func(f *field) bool { return indexByName(found, f.name) >= 0 }
			if lends && (tag.has("inline") || !slices.ContainsFunc(lent, taken)) {
				found = append(found, slices.DeleteFunc(lent, taken)...)
				continue
			}
		}
		if !v.Exported() {
			c.report(v.Pos(), path, "an embedded type that isn't exported can't be a field, and its own fields can't take the place of others; export it, or give it a field's name")
			continue
		}
		omitEmpty := allOmitted || tag.has("omitempty")
		f := &field{
			name: tag.name, alias: tag.alias, path: path, steps: []*types.Var{v}, typ: v.Type(),
			omitEmpty: omitEmpty, mayMiss: omitEmpty,
		}
		if f.name == "" {
			f.name = v.Name()
		}
		switch other := indexByName(found, f.name); {
		case other < 0:
			found = append(found, f)
		case found[other].lent:
			found[other] = f // hides it, as in Go
		default:
			c.report(v.Pos(), path, "its wire name "+quoted(f.name)+" is that of field "+found[other].path+" too; rename one with a tag such as `msgpack:\"other\"`")
		}
	}
	return found, hidden
}

// lentBy returns the fields that an embedded field lends to the struct around it, and
// false if it lends none but is a field itself.
func (c *collector) lentBy(v *types.Var, outer []types.Type) (lent []*field, lends bool, problem string) {
	t := types.Unalias(v.Type())
	pointer, isPointer := t.(*types.Pointer)
	if isPointer {
		t = types.Unalias(pointer.Elem())
	}
	if _, isStruct := t.Underlying().(*types.Struct); !isStruct {
		return nil, false, ""
	}
	if slices.ContainsFunc(outer, func(o types.Type) bool { return types.Identical(o, t) }) {
		return nil, false, ""
	}
	if own, _ := encodingOf(t); own != noEncoding {
		return nil, false, ""
	}
	if isPointer && !v.Exported() {
		return nil, false, "an embedded pointer to a type that isn't exported can't be set by the reader; embed the struct itself"
	}
	lent, _ = c.collect(t, outer)
	for _, f := range lent {
		f.lent = true
		f.steps = append([]*types.Var{v}, f.steps...)
		f.mayMiss = f.mayMiss || isPointer
	}
	return lent, true, ""
}

func indexByName(fields []*field, name string) int {
	return slices.IndexFunc(fields, func(f *field) bool { return f.name == name })
}

// fieldTag is the tag of a struct's field: `msgpack:"name,option,option:value"`.
type fieldTag struct {
	name, alias string
	options     []string
}

func (t fieldTag) has(option string) bool { return slices.Contains(t.options, option) }

// parseTag reads the tag msgpack of a field, or json if it has none.
func parseTag(tags string) fieldTag {
	text := reflect.StructTag(tags).Get("msgpack")
	if text == "" {
		text = reflect.StructTag(tags).Get("json")
	}
	name, options, _ := strings.Cut(text, ",")
	tag := fieldTag{name: strings.TrimSpace(name)}
	for option := range strings.SplitSeq(options, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(option), ":")
		tag.options = append(tag.options, key)
		if key == "alias" {
			tag.alias = strings.TrimSpace(value)
		}
	}
	return tag
}

func structName(t types.Type) string {
	if name := runtimeName(t); name != "" {
		return name
	}
	return "struct"
}
