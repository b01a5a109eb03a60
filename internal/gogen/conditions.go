package gogen

import (
	"go/build/constraint"
	"go/types"
	"maps"
	"path/filepath"
	"slices"

	"golang.org/x/tools/go/packages"

	"github.com/helium-rpc/helium/internal/gogen/service"
	"github.com/helium-rpc/helium/internal/gogen/source"
)

// constraints returns the conditions under which all is compiled that generated code names:
// those of the files of the package that declare the interface, its methods, their types
// and errors. The generated file has the same, or other platforms couldn't build the
// package.
func constraints(pkg *packages.Package, svc *service.Service, dir string) (conditions []constraint.Expr, err error) {
	files := make(map[string]bool)
	add := func(obj types.Object) {
		if obj.Pkg() == pkg.Types && obj.Pos().IsValid() {
			// By its base, as cgo compiles a copy that says where it comes from.
			files[filepath.Base(pkg.Fset.Position(obj.Pos()).Filename)] = true
		}
	}
	add(svc.Interface)
	seen := make(map[*types.TypeName]bool)
	for _, m := range svc.Methods {
		add(m.Func)
		declared(m.Func.Type(), seen)
		for _, e := range m.Errors {
			add(e)
		}
	}
	for name := range seen {
		add(name)
	}
	known := make(map[string]bool)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		of, err := source.ConstraintsOf(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		for _, c := range of {
			if !known[c.String()] {
				known[c.String()] = true
				conditions = append(conditions, c)
			}
		}
	}
	return conditions, nil
}

// declared gathers the named types that a type is made of.
func declared(t types.Type, seen map[*types.TypeName]bool) {
	switch t := t.(type) {
	case *types.Alias:
		if !seen[t.Obj()] {
			seen[t.Obj()] = true
			declared(types.Unalias(t), seen)
		}
	case *types.Named:
		for i := range t.TypeArgs().Len() {
			declared(t.TypeArgs().At(i), seen)
		}
		if !seen[t.Obj()] {
			seen[t.Obj()] = true
			declared(t.Underlying(), seen)
		}
	case *types.Pointer:
		declared(t.Elem(), seen)
	case *types.Slice:
		declared(t.Elem(), seen)
	case *types.Array:
		declared(t.Elem(), seen)
	case *types.Map:
		declared(t.Key(), seen)
		declared(t.Elem(), seen)
	case *types.Struct:
		for f := range t.Fields() {
			declared(f.Type(), seen)
		}
	case *types.Signature:
		for v := range t.Params().Variables() {
			declared(v.Type(), seen)
		}
		for v := range t.Results().Variables() {
			declared(v.Type(), seen)
		}
	}
}
