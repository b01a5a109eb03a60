package service

import "go/types"

// eachUnnameable calls report for the types that code in the package home can't name: those
// that other packages keep to themselves.
func eachUnnameable(t types.Type, home *types.Package, report func(types.Type)) {
	switch t := t.(type) {
	case *types.Alias:
		if isForeignSecret(t.Obj(), home) {
			eachUnnameable(types.Unalias(t), home, report)
		}
	case *types.Named:
		if isForeignSecret(t.Obj(), home) {
			report(t)
		}
		for i := range t.TypeArgs().Len() {
			eachUnnameable(t.TypeArgs().At(i), home, report)
		}
	case *types.Pointer:
		eachUnnameable(t.Elem(), home, report)
	case *types.Slice:
		eachUnnameable(t.Elem(), home, report)
	case *types.Array:
		eachUnnameable(t.Elem(), home, report)
	case *types.Map:
		eachUnnameable(t.Key(), home, report)
		eachUnnameable(t.Elem(), home, report)
	}
}

func isForeignSecret(obj *types.TypeName, home *types.Package) bool {
	return obj.Pkg() != nil && obj.Pkg() != home && !obj.Exported()
}
