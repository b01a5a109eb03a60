package stub

import (
	"go/types"
	"slices"

	"golang.org/x/tools/go/types/typeutil"

	"github.com/helium-rpc/helium/internal/gogen/gotype"
	"github.com/helium-rpc/helium/internal/gogen/service"
)

// shape says how generated code reads and writes values of a type.
type shape int

const (
	// reflected values go through Writer.Value and Reader.Value, which know every type.
	reflected shape = iota
	scalarShape
	bytesShape
	timeShape
	optionalShape
	listShape
	mapShape
	structShape
)

// composite reports a shape with functions of its own.
func (s shape) composite() bool { return s >= optionalShape }

// largeElement is the size in bytes from which the elements of a list are large. Every
// element takes at least a byte on the wire, so a list of smaller ones takes at most so
// many times the memory of the message: the limit that reflection keeps to by counting.
const largeElement = 128

// roomFloor is how much memory a value may always take, in bytes, as in reflection.
const roomFloor = 4 << 20

// planner decides which types get code of their own. Code is generated for numbers,
// text, bytes and times, for lists, maps and pointers of them, and for the structs of
// the package at hand. All else goes by reflection: it is right for every type, and
// follows types of other packages when they change.
type planner struct {
	home  *types.Package
	sizes types.Sizes
	open  []types.Type // lists, maps and pointers whose shape is being asked
}

func newPlanner(home *types.Package) *planner {
	// What is generated must not depend on the machine.
	return &planner{home: home, sizes: types.SizesFor("gc", "amd64")}
}

// argument returns the shape of a whole argument or result.
func (p *planner) argument(t types.Type) shape {
	if p.heavy(t, false, new(typeutil.Map), new(typeutil.Map)) {
		return reflected
	}
	return p.shape(t)
}

// variadic reports whether the values of a variadic parameter get code of their own.
func (p *planner) variadic(elem types.Type) bool {
	return p.shape(elem) != reflected && p.argument(types.NewSlice(elem)) != reflected && p.sizes.Sizeof(elem) <= largeElement
}

// shape returns the shape of a part of an argument.
func (p *planner) shape(t types.Type) shape {
	t = types.Unalias(t)
	if gotype.IsTime(t) {
		return timeShape
	}
	if gotype.EncodesItself(t) || !p.canName(t) {
		return reflected
	}
	if slices.ContainsFunc(p.open, func(o types.Type) bool { return types.Identical(o, t) }) {
		return reflected // a list or map that contains itself
	}
	p.open = append(p.open, t)
	defer func() { p.open = p.open[:len(p.open)-1] }()
	switch u := t.Underlying().(type) {
	case *types.Basic:
		if _, ok := gotype.ScalarKinds[u.Kind()]; ok {
			return scalarShape
		}
	case *types.Pointer:
		if s := p.shape(u.Elem()); s != reflected && s != optionalShape {
			return optionalShape
		}
	case *types.Slice:
		switch {
		case types.Identical(u, gotype.ByteSlice):
			return bytesShape
		case !gotype.IsUint8(u.Elem()) && p.shape(u.Elem()) != reflected:
			return listShape
		}
	case *types.Map:
		if p.shape(u.Key()) == scalarShape && p.shape(u.Elem()) != reflected {
			return mapShape
		}
	case *types.Struct:
		if p.plainStruct(t) {
			return structShape
		}
	}
	return reflected
}

// canName reports whether generated code can write the type's name.
func (p *planner) canName(t types.Type) bool {
	_, _, ok := service.Nameable(t, p.home)
	return ok
}

// plainStruct reports a struct of the package at hand that doesn't contain itself and
// whose fields are reached by their names alone.
func (p *planner) plainStruct(t types.Type) bool {
	named, ok := t.(*types.Named)
	if !ok || named.Obj().Pkg() != p.home {
		return false
	}
	for _, f := range gotype.FieldsOf(t, nil) {
		for _, step := range f.Steps[:len(f.Steps)-1] {
			if _, pointer := types.Unalias(step.Type()).(*types.Pointer); pointer || !step.Exported() && step.Pkg() != p.home {
				return false
			}
		}
		if _, ok := whenFilled(f, ""); !ok || f.AsString {
			return false
		}
		// What may be left out may be null, and then the zero value is written.
		if (f.OmitEmpty || f.OmitZero) && !p.canName(declaredType(f)) {
			return false
		}
	}
	return !p.reaches(t, t, new(typeutil.Map))
}

// declaredType returns the type of a field by the names that its struct has for it.
func declaredType(f *gotype.Field) types.Type { return f.Steps[len(f.Steps)-1].Type() }

// reaches reports whether a value of type target can lie inside one of type t. A writer
// that doesn't count how deep it is would never end with a value that contains itself.
func (p *planner) reaches(t, target types.Type, seen *typeutil.Map) bool {
	found := false
	eachPart(t, func(part types.Type) {
		if found || types.Identical(part, target) {
			found = true
			return
		}
		if seen.Set(part, true) == nil {
			found = p.reaches(part, target, seen)
		}
	})
	return found
}

// heavy reports whether a short message could make values of type t take much memory: by
// large elements in many lists, which only reflection counts over all of them. Of one
// list alone, generated code checks the size itself.
func (p *planner) heavy(t types.Type, repeated bool, once, many *typeutil.Map) bool {
	t = types.Unalias(t)
	seen := once
	if repeated {
		seen = many
	}
	if seen.Set(t, true) != nil {
		return false
	}
	if repeated && p.elementSize(t) > largeElement {
		return true
	}
	switch t.Underlying().(type) {
	case *types.Slice, *types.Map:
		repeated = true
	}
	found := false
	eachPart(t, func(part types.Type) { found = found || p.heavy(part, repeated, once, many) })
	return found
}

// elementSize returns the memory that one element of a list, a map or behind a pointer
// takes, in bytes; 0 for other types.
func (p *planner) elementSize(t types.Type) int64 {
	switch u := t.Underlying().(type) {
	case *types.Slice:
		return p.sizes.Sizeof(u.Elem())
	case *types.Pointer:
		return p.sizes.Sizeof(u.Elem())
	case *types.Map:
		return p.sizes.Sizeof(u.Key()) + p.sizes.Sizeof(u.Elem())
	}
	return 0
}

// eachPart calls visit for the types that a value of type t directly holds values of.
func eachPart(t types.Type, visit func(types.Type)) {
	t = types.Unalias(t)
	if gotype.EncodesItself(t) || gotype.IsTime(t) {
		return
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		visit(types.Unalias(u.Elem()))
	case *types.Slice:
		visit(types.Unalias(u.Elem()))
	case *types.Array:
		visit(types.Unalias(u.Elem()))
	case *types.Map:
		visit(types.Unalias(u.Key()))
		visit(types.Unalias(u.Elem()))
	case *types.Struct:
		for _, f := range gotype.FieldsOf(t, nil) {
			visit(types.Unalias(f.Type))
		}
	}
}
