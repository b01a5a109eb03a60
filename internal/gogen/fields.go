package gogen

import (
	"go/token"
	"go/types"

	"github.com/helium-rpc/helium/internal/gofields"
)

// field is a field of a Go struct that travels.
type field struct {
	gofields.Field[types.Type]
	steps []*types.Var // the field itself, after the embedded ones that lead to it
}

// fieldsOf returns the fields of a struct that travel, in the order in which they are
// written. Problems go to report, which may be nil.
func fieldsOf(t types.Type, report func(at token.Pos, path, problem string)) (fields []*field) {
	found := gofields.FieldsOf(sourceTypes{}, t)
	if report != nil {
		for _, f := range found.Faults {
			steps := stepsTo(t, f.Index)
			report(steps[len(steps)-1].Pos(), f.Path, f.Problem)
		}
		if found.OnlyHidden() && found.Faults == nil {
			report(token.NoPos, "", shortType(t)+" has no exported fields, so nothing of it would be sent; export some, or use another type")
		}
	}
	for _, f := range found.List {
		fields = append(fields, &field{f, stepsTo(t, f.Index)})
	}
	return fields
}

func (f *field) pos() token.Pos { return f.steps[len(f.steps)-1].Pos() }

// stepsTo follows an index through embedded structs.
func stepsTo(t types.Type, index []int) (steps []*types.Var) {
	for _, i := range index {
		if elem, ok := (sourceTypes{}).Pointee(t); ok {
			t = elem
		}
		step := t.Underlying().(*types.Struct).Field(i)
		steps, t = append(steps, step), step.Type()
	}
	return steps
}

// sourceTypes are the types of source code.
type sourceTypes struct{}

var _ gofields.Model[types.Type] = sourceTypes{}

func (sourceTypes) Same(a, b types.Type) bool { return types.Identical(a, b) }

func (sourceTypes) Name(t types.Type) string { return runtimeName(t) }

func (sourceTypes) Pointee(t types.Type) (types.Type, bool) {
	p, ok := types.Unalias(t).(*types.Pointer)
	if !ok {
		return nil, false
	}
	return types.Unalias(p.Elem()), true
}

func (sourceTypes) Members(t types.Type) ([]gofields.Member[types.Type], bool) {
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return nil, false
	}
	members := make([]gofields.Member[types.Type], s.NumFields())
	for i := range members {
		v := s.Field(i)
		members[i] = gofields.Member[types.Type]{
			Name: v.Name(), Tag: s.Tag(i), Type: types.Unalias(v.Type()), Exported: v.Exported(), Embedded: v.Embedded(),
		}
	}
	return members, true
}

func (sourceTypes) IsTime(t types.Type) bool { return isTime(t) }

func (sourceTypes) IsScalar(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&(types.IsBoolean|types.IsInteger|types.IsFloat|types.IsString) != 0 && b.Kind() != types.Uintptr
}

func (sourceTypes) Method(t types.Type, name string) (has, declared bool) {
	switch t.Underlying().(type) {
	case *types.Pointer, *types.Interface:
		return false, false // what they lead to may have methods
	}
	// The methods of a pointer are those of what it points to, too.
	m := types.NewMethodSet(types.NewPointer(t)).Lookup(nil, name)
	if m == nil || !methodShapes[name](m.Type().(*types.Signature)) {
		return false, false
	}
	return true, len(m.Index()) == 1
}
