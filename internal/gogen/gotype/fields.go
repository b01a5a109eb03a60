package gotype

import (
	"go/token"
	"go/types"

	"github.com/helium-rpc/helium/internal/gofields"
)

// Field is a field of a Go struct that travels.
type Field struct {
	gofields.Field[types.Type]
	Steps []*types.Var // the field itself, after the embedded ones that lead to it
}

// FieldsOf returns the fields of a struct that travel, in the order in which they are
// written. Problems go to report, which may be nil.
func FieldsOf(t types.Type, report func(at token.Pos, path, problem string)) (fields []*Field) {
	found := gofields.FieldsOf(Model{}, t)
	if report != nil {
		for _, f := range found.Faults {
			steps := stepsTo(t, f.Index)
			report(steps[len(steps)-1].Pos(), f.Path, f.Problem)
		}
		if found.OnlyHidden() && found.Faults == nil {
			report(token.NoPos, "", ShortType(t)+" has no exported fields, so nothing of it would be sent; export some, or use another type")
		}
	}
	for _, f := range found.List {
		fields = append(fields, &Field{f, stepsTo(t, f.Index)})
	}
	return fields
}

// Pos returns where the field is declared.
func (f *Field) Pos() token.Pos { return f.Steps[len(f.Steps)-1].Pos() }

// stepsTo follows an index through embedded structs.
func stepsTo(t types.Type, index []int) (steps []*types.Var) {
	for _, i := range index {
		if elem, ok := gofields.Pointee(Model{}, t); ok {
			t = elem
		}
		step := t.Underlying().(*types.Struct).Field(i)
		steps, t = append(steps, step), step.Type()
	}
	return steps
}
