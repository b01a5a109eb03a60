package service

import (
	"go/ast"
	"go/token"
	"go/types"

	"github.com/helium-rpc/helium/internal/gogen/source"
)

// checkEmbedded finds what an interface can't embed: Go's error, whose method is nobody's to
// call, and types that don't compile, whose methods would be missing without a word.
func checkEmbedded(name *types.TypeName, iface *types.Interface, files []*ast.File, faults *source.Collector) {
	isError := func(t types.Type) bool {
		method, _, _ := types.LookupFieldOrMethod(t, false, nil, "Error")
		return method != nil && method.Pkg() == nil
	}
	if !isError(iface) && iface.NumEmbeddeds() == 0 {
		return
	}
	// What is embedded stands in the source in the order in which its types are known.
	places := embeddings(files, name)
	found := false
	for i := range iface.NumEmbeddeds() {
		t, pos := iface.EmbeddedType(i), name.Pos()
		if i < len(places) {
			pos = places[i]
		}
		switch {
		case isBroken(t):
			faults.Add(pos, "%s embeds what can't be embedded: %s", name.Name(), DoesNotCompile)
		case isError(t):
			found = true
			faults.Add(pos, "%s has the method Error of Go's error, and a service isn't an error; take it out of the interface", name.Name())
		}
	}
	if isError(iface) && !found {
		faults.Add(name.Pos(), "%s is Go's error, and a service isn't an error; declare an interface with the methods that can be called", name.Name())
	}
}

// isBroken reports a type that doesn't compile, or an interface that embeds one.
func isBroken(t types.Type) bool {
	if iface, ok := t.Underlying().(*types.Interface); ok {
		for i := range iface.NumEmbeddeds() {
			if isBroken(iface.EmbeddedType(i)) {
				return true
			}
		}
	}
	return t.Underlying() == types.Typ[types.Invalid]
}

// embeddings returns where the types stand that the declaration of an interface embeds;
// none if it is written elsewhere, as after type A = B.
func embeddings(files []*ast.File, name *types.TypeName) (places []token.Pos) {
	for _, file := range files {
		if name.Pos() < file.FileStart || name.Pos() > file.FileEnd {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok || spec.Name.Pos() != name.Pos() {
				return true
			}
			if declared, ok := ast.Unparen(spec.Type).(*ast.InterfaceType); ok {
				for _, field := range declared.Methods.List {
					if len(field.Names) == 0 {
						places = append(places, field.Type.Pos())
					}
				}
			}
			return false
		})
	}
	return places
}
