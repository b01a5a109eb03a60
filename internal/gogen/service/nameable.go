package service

import (
	"go/types"
	"strings"
)

// Nameable returns a type as code in the package home can write it: an alias that another
// package keeps to itself is what it stands for there. Ok is false if there is no way to write
// it, as secret, a part of it, has no name that home can use.
func Nameable(t types.Type, home *types.Package) (written types.Type, secret types.Type, ok bool) {
	w := nameWriter{home: home}
	written = w.typ(t)
	return written, w.secret, w.secret == nil
}

// nameWriter finds the names for the parts of a type.
type nameWriter struct {
	home   *types.Package
	secret types.Type // the first without one
}

func (w *nameWriter) typ(t types.Type) types.Type {
	switch t := t.(type) {
	case *types.Alias:
		if isForeignSecret(t.Obj(), w.home) || !w.areNameable(t.TypeArgs()) {
			return w.typ(t.Rhs())
		}
	case *types.Named:
		if isForeignSecret(t.Obj(), w.home) {
			w.keep(t)
			return t
		}
		return w.instance(t)
	case *types.Pointer:
		if elem := w.typ(t.Elem()); elem != t.Elem() {
			return types.NewPointer(elem)
		}
	case *types.Slice:
		if elem := w.typ(t.Elem()); elem != t.Elem() {
			return types.NewSlice(elem)
		}
	case *types.Array:
		if elem := w.typ(t.Elem()); elem != t.Elem() {
			return types.NewArray(elem, t.Len())
		}
	case *types.Map:
		if key, elem := w.typ(t.Key()), w.typ(t.Elem()); key != t.Key() || elem != t.Elem() {
			return types.NewMap(key, elem)
		}
	case *types.Signature: // a stream
		params, changedParams := w.tuple(t.Params())
		results, changedResults := w.tuple(t.Results())
		if changedParams || changedResults {
			return types.NewSignatureType(nil, nil, nil, params, results, t.Variadic())
		}
	case *types.Struct:
		return w.structure(t)
	}
	return t
}

// keep notes a type that has no name here.
func (w *nameWriter) keep(t types.Type) {
	if w.secret == nil {
		w.secret = t
	}
}

func (w *nameWriter) areNameable(args *types.TypeList) bool {
	for t := range args.Types() {
		if _, _, ok := Nameable(t, w.home); !ok {
			return false
		}
	}
	return true
}

// instance is typ for what may be an instance of a generic type.
func (w *nameWriter) instance(t *types.Named) types.Type {
	var args []types.Type
	changed := false
	for arg := range t.TypeArgs().Types() {
		args = append(args, w.typ(arg))
		changed = changed || args[len(args)-1] != arg
	}
	if changed {
		if instance, err := types.Instantiate(nil, t.Origin(), args, false); err == nil {
			return instance
		}
	}
	return t
}

func (w *nameWriter) tuple(t *types.Tuple) (written *types.Tuple, changed bool) {
	var vars []*types.Var
	for v := range t.Variables() {
		typ := w.typ(v.Type())
		changed = changed || typ != v.Type()
		vars = append(vars, types.NewParam(v.Pos(), v.Pkg(), v.Name(), typ))
	}
	return types.NewTuple(vars...), changed
}

func (w *nameWriter) structure(t *types.Struct) types.Type {
	var fields []*types.Var
	var tags []string
	changed := false
	for f := range t.Fields() {
		if !f.Exported() && f.Pkg() != w.home {
			w.keep(t)
		}
		typ := w.typ(f.Type())
		changed = changed || typ != f.Type()
		fields = append(fields, types.NewField(f.Pos(), f.Pkg(), f.Name(), typ, f.Embedded()))
		tags = append(tags, t.Tag(len(tags)))
	}
	if changed {
		return types.NewStruct(fields, tags)
	}
	return t
}

func isForeignSecret(obj *types.TypeName, home *types.Package) bool {
	return obj.Pkg() != nil && obj.Pkg() != home && (!obj.Exported() || !importable(obj.Pkg(), home))
}

// whyUnnameable says why a type has no name in the package home, and what to do.
func whyUnnameable(secret types.Type, home *types.Package) string {
	named, ok := secret.(*types.Named)
	switch {
	case !ok:
		return "has fields that another package keeps to itself, so generated code can't write it; give it a name that is exported"
	case named.Obj().Exported():
		return "is of package " + named.Obj().Pkg().Path() + ", which can't be imported here, so generated code can't name it; use another type, or an alias of it in a package that can be imported"
	}
	return "isn't exported by its package, so generated code can't name it; export it"
}

// importable reports whether generated code, which stands in the package home, can import
// another.
func importable(p, home *types.Package) bool {
	path := "/" + p.Path() + "/"
	at := strings.LastIndex(path, "/internal/")
	switch {
	case p == home:
		return true
	case strings.HasPrefix(p.Path(), "vendor/"):
		return false
	case at < 0:
		return true
	}
	return at > 0 && strings.HasPrefix("/"+home.Path()+"/", path[:at+1])
}
