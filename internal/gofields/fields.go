package gofields

import (
	"cmp"
	"fmt"
	"slices"
	"unicode/utf8"
)

// Field is a field of a struct that travels.
type Field[T any] struct {
	// Name is the field's name on the wire. It is read under Alias, too, if there is one.
	Name, Alias string
	// Path is the field's name in Go, for messages: "Order.Lines".
	Path string
	// Index leads to the field, through the embedded structs that lend it.
	Index []int
	Type  T
	// OmitEmpty and OmitZero say when the field is left out.
	OmitEmpty, OmitZero bool
	// AsString says that a bool, a number or a text, or what a pointer to one points to,
	// travels as the text that JSON has for it.
	AsString bool
	// MayMiss says that values are written without the field: by an option of its tag,
	// or because a pointer on the way to it is nil.
	MayMiss bool

	tagged bool // its name is from the tag
}

// Fields are the fields of one struct that travel, in the order in which they are written.
type Fields[T any] struct {
	List []Field[T]
	// Hidden says that there are fields that don't travel because they aren't exported.
	Hidden bool
	// Faults are what keeps the struct from being written and read without loss.
	Faults []Fault
}

// OnlyHidden reports a struct of which nothing would travel, though there is something.
func (f Fields[T]) OnlyHidden() bool { return f.Hidden && len(f.List) == 0 }

// Fault is what is wrong with a field.
type Fault struct {
	Index   []int
	Path    string // "Order.Lines"
	Problem string // and what to do about it
}

// collect finds the fields of a struct, see [FieldsOf]. A type that encodes itself is a field
// wherever it stands.
func collect[T any](m Model[T], t T, encodesItself func(T) bool) Fields[T] {
	c := collector[T]{model: m, encodesItself: encodesItself}
	for level := []embedded[T]{{typ: t}}; len(level) > 0; {
		level = c.walk(level)
	}
	fields := Fields[T]{List: c.dominant(), Hidden: c.hidden, Faults: c.faults}
	for _, f := range fields.List {
		if !utf8.ValidString(f.Name) {
			fields.Faults = append(fields.Faults, Fault{f.Index, f.Path, fmt.Sprintf("its wire name %q isn't UTF-8; mend the tag", f.Name)})
		}
	}
	return fields
}

// embedded is a struct whose fields the struct at hand has; the first is that itself.
type embedded[T any] struct {
	typ   T
	index []int
	outer []T // those that it is embedded in
	// mayMiss says that a pointer leads to it, twice that it is embedded twice at its
	// level.
	mayMiss, twice bool
}

type collector[T any] struct {
	model Model[T]
	// encodesItself reports types that have a form of their own on the wire.
	encodesItself func(T) bool

	walked []T
	found  []Field[T]
	hidden bool
	faults []Fault
}

// walk collects the fields of the structs at one level, and returns those that they embed.
func (c *collector[T]) walk(level []embedded[T]) (next []embedded[T]) {
	for _, s := range level {
		// What was met at a higher level has all the names already.
		if contains(c.model, c.walked, s.typ) {
			continue
		}
		c.walked = append(c.walked, s.typ)
		members, _ := c.model.Members(s.typ)
		omitEmpty := false
		for i, member := range members {
			tag := ParseTag(member.Tag)
			if tag.Skip {
				continue
			}
			if member.Name == "_msgpack" {
				omitEmpty = omitEmpty || tag.OmitEmpty
			}
			if !member.Exported && !member.Embedded {
				c.hidden = c.hidden || member.Name != "_" && member.Name != "_msgpack"
				continue
			}
			tag.OmitEmpty = tag.OmitEmpty || omitEmpty
			if inner, lends := c.lends(s, i, member, tag); !lends {
				c.field(s, i, member, tag)
			} else if at := c.indexOf(next, inner.typ); at >= 0 {
				next[at].twice = true
			} else {
				next = append(next, inner)
			}
		}
	}
	return next
}

func (c *collector[T]) indexOf(structs []embedded[T], t T) int {
	return slices.IndexFunc(structs, func(s embedded[T]) bool { return c.model.Same(s.typ, t) })
}

// lends reports whether the i-th member of s is an embedded struct that lends its fields.
func (c *collector[T]) lends(s embedded[T], i int, member Member[T], tag Tag) (inner embedded[T], lends bool) {
	if !member.Embedded || tag.NoInline || tag.Name != "" && !tag.Inline {
		return inner, false
	}
	t, isPointer := Pointee(c.model, member.Type)
	if !isPointer {
		t = member.Type
	}
	inner = embedded[T]{typ: t, index: at(s.index, i), outer: at(s.outer, s.typ), mayMiss: s.mayMiss || isPointer, twice: s.twice}
	if _, isStruct := c.model.Members(t); !isStruct || contains(c.model, inner.outer, t) || c.encodesItself(t) {
		return inner, false
	}
	if isPointer && !member.Exported {
		c.fault(s, i, member, "an embedded pointer to a type that isn't exported can't be set by the reader; embed the struct itself")
	}
	return inner, true
}

// field adds the i-th member of s.
func (c *collector[T]) field(s embedded[T], i int, member Member[T], tag Tag) {
	if !member.Exported {
		c.hidden = true
		c.fault(s, i, member, "an embedded type that isn't exported can't be a field, and its own fields can't take the place of others; export it, or give it a field's name")
		return
	}
	f := Field[T]{
		Name: tag.Name, Alias: tag.Alias, Path: c.path(s, member), Index: at(s.index, i), Type: member.Type,
		OmitEmpty: tag.OmitEmpty, OmitZero: tag.OmitZero, MayMiss: s.mayMiss || tag.OmitEmpty || tag.OmitZero,
		tagged: tag.Name != "",
	}
	if f.Name == "" {
		f.Name = member.Name
	}
	if tag.AsString {
		t, isPointer := Pointee(c.model, member.Type)
		if !isPointer {
			t = member.Type
		}
		f.AsString = isScalar(c.model, t) && !c.encodesItself(t)
	}
	c.found = append(c.found, f)
	if s.twice {
		c.found = append(c.found, f)
	}
}

// dominant returns, of the fields of each name, the one that counts, in the order in which
// the fields are declared.
func (c *collector[T]) dominant() []Field[T] {
	slices.SortStableFunc(c.found, func(a, b Field[T]) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), rank(a, b))
	})
	var fields []Field[T]
	for i, f := range c.found {
		if i == 0 || c.found[i-1].Name != f.Name {
			fields = append(fields, f)
			continue
		}
		first := fields[len(fields)-1]
		siblings := slices.Equal(first.Index[:len(first.Index)-1], f.Index[:len(f.Index)-1])
		switch {
		case slices.Equal(first.Index, f.Index):
			c.faults = append(c.faults, Fault{f.Index, f.Path, "the struct that it belongs to is embedded twice, so neither counts; give one of the two a name with a tag"})
		case rank(first, f) == 0 || siblings:
			if slices.Compare(first.Index, f.Index) > 0 {
				first, f = f, first
			}
			c.faults = append(c.faults, Fault{f.Index, f.Path, fmt.Sprintf("its wire name %q is that of field %s too; rename one with a tag such as `msgpack:\"other\"`", f.Name, first.Path)})
		}
	}
	slices.SortFunc(fields, func(a, b Field[T]) int { return slices.Compare(a.Index, b.Index) })
	return fields
}

// rank is negative if a counts before b, which has the same name.
func rank[T any](a, b Field[T]) int {
	if c := cmp.Compare(len(a.Index), len(b.Index)); c != 0 || a.tagged == b.tagged {
		return c
	}
	if a.tagged {
		return -1
	}
	return 1
}

func (c *collector[T]) fault(s embedded[T], i int, member Member[T], problem string) {
	c.faults = append(c.faults, Fault{at(s.index, i), c.path(s, member), problem})
}

func (c *collector[T]) path(s embedded[T], member Member[T]) string {
	if name := c.model.Name(s.typ); name != "" {
		return name + "." + member.Name
	}
	return "struct." + member.Name
}

// at returns path with one more step, in memory of its own.
func at[E any](path []E, step E) []E { return append(path[:len(path):len(path)], step) }
