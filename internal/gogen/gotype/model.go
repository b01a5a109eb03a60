package gotype

import (
	"go/types"
	"reflect"

	"github.com/helium-rpc/helium/internal/gofields"
)

// Model are the types of source code.
type Model struct{}

var _ gofields.Model[types.Type] = Model{}

func (Model) Same(a, b types.Type) bool { return types.Identical(a, b) }

func (Model) Name(t types.Type) string { return NameOf(t) }

func (Model) Is(t types.Type, path, name string) bool {
	if path != "" {
		return IsNamed(t, path, name)
	}
	if b, ok := types.Unalias(t).(*types.Basic); ok {
		return types.Typ[b.Kind()].Name() == name // byte is uint8
	}
	return name == "error" && IsError(t)
}

func (Model) Kind(t types.Type) reflect.Kind {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return basicKinds[u.Kind()]
	case *types.Pointer:
		return reflect.Pointer
	case *types.Slice:
		return reflect.Slice
	case *types.Array:
		return reflect.Array
	case *types.Map:
		return reflect.Map
	case *types.Struct:
		return reflect.Struct
	case *types.Interface:
		return reflect.Interface
	case *types.Chan:
		return reflect.Chan
	case *types.Signature:
		return reflect.Func
	}
	return reflect.Invalid
}

var basicKinds = map[types.BasicKind]reflect.Kind{
	types.Bool: reflect.Bool,
	types.Int:  reflect.Int, types.Int8: reflect.Int8, types.Int16: reflect.Int16, types.Int32: reflect.Int32, types.Int64: reflect.Int64,
	types.Uint: reflect.Uint, types.Uint8: reflect.Uint8, types.Uint16: reflect.Uint16, types.Uint32: reflect.Uint32, types.Uint64: reflect.Uint64,
	types.Float32: reflect.Float32, types.Float64: reflect.Float64,
	types.Complex64: reflect.Complex64, types.Complex128: reflect.Complex128,
	types.Uintptr: reflect.Uintptr, types.UnsafePointer: reflect.UnsafePointer,
	types.String: reflect.String,
}

func (Model) Elem(t types.Type) types.Type {
	return types.Unalias(t.Underlying().(interface{ Elem() types.Type }).Elem())
}

func (Model) Members(t types.Type) ([]gofields.Member[types.Type], bool) {
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

func (Model) Method(t types.Type, name string) (m gofields.Method[types.Type], ok bool) {
	// The methods of a pointer are those of what it points to, too.
	found := types.NewMethodSet(types.NewPointer(t)).Lookup(nil, name)
	if found == nil {
		return m, false
	}
	f := found.Type().(*types.Signature)
	for v := range f.Params().Variables() {
		m.Params = append(m.Params, v.Type())
	}
	for v := range f.Results().Variables() {
		m.Results = append(m.Results, v.Type())
	}
	m.Variadic = f.Variadic()
	m.Declared = len(found.Index()) == 1
	return m, true
}
