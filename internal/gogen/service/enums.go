package service

import (
	"go/build/constraint"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"

	"github.com/helium-rpc/helium/internal/gogen/gotype"
	"github.com/helium-rpc/helium/internal/gogen/source"
)

// enumReader finds the constants of types.
type enumReader struct {
	home     *types.Package
	fset     *token.FileSet
	comments *source.Comments
	iface    *types.TypeName // whose methods have the types
}

// values returns the constants of a type that generated code can tell of.
func (r *enumReader) values(t *types.Named) (values []EnumValue) {
	byName := gotype.EncodesItself(t)
	if byName && !importable(t.Obj().Pkg(), r.home) {
		return nil
	}
	for _, c := range constantsOf(t, r.fset) {
		if r.isEverywhere(c, t.Obj()) {
			values = append(values, EnumValue{c, r.comments.OfConst(c), byName})
		}
	}
	return values
}

// isEverywhere reports whether a constant is there wherever its type and the interface are.
// One of some platforms only would make the file theirs, or differ between them.
func (r *enumReader) isEverywhere(c *types.Const, typ *types.TypeName) bool {
	of := func(obj types.Object) []constraint.Expr {
		path := r.fset.Position(obj.Pos()).Filename
		if obj.Pkg() != r.home {
			if path = r.comments.Source(obj.Pkg().Path(), filepath.Base(path)); path == "" {
				return nil
			}
		}
		conditions, err := source.ConstraintsOf(path)
		if err != nil {
			return nil // it was compiled, so this can't be
		}
		return conditions
	}
	common := append(of(r.iface), of(typ)...)
	for _, condition := range of(c) {
		if !slices.ContainsFunc(common, func(known constraint.Expr) bool { return known.String() == condition.String() }) {
			return false
		}
	}
	return true
}

// constantsOf returns the exported constants of a type in its own package, in the order of
// the source.
func constantsOf(t *types.Named, fset *token.FileSet) (constants []*types.Const) {
	scope := t.Obj().Pkg().Scope()
	for _, name := range scope.Names() {
		if c, ok := scope.Lookup(name).(*types.Const); ok && c.Exported() && types.Identical(c.Type(), t) {
			constants = append(constants, c)
		}
	}
	slices.SortStableFunc(constants, func(a, b *types.Const) int {
		return source.ComparePositions(fset.Position(a.Pos()), fset.Position(b.Pos()))
	})
	return constants
}
