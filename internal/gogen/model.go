package gogen

import (
	"go/types"

	"github.com/helium-rpc/helium/internal/gofields"
)

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

// methodShapes tell whether the methods that count for how a type travels have the
// parameters and results that they should have.
var methodShapes = map[string]func(*types.Signature) bool{
	"EncodeMsgpack":    takesMsgpack("Encoder"),
	"DecodeMsgpack":    takesMsgpack("Decoder"),
	"MarshalMsgpack":   returnsBytes,
	"UnmarshalMsgpack": takesBytes,
	"MarshalJSON":      returnsBytes,
	"UnmarshalJSON":    takesBytes,
	"MarshalText":      returnsBytes,
	"UnmarshalText":    takesBytes,
	"MarshalBinary":    returnsBytes,
	"UnmarshalBinary":  takesBytes,
	"IsZero":           isPredicate,
}

// returnsBytes reports func() ([]byte, error).
func returnsBytes(f *types.Signature) bool {
	return f.Params().Len() == 0 && f.Results().Len() == 2 &&
		types.Identical(f.Results().At(0).Type(), byteSlice) && types.Identical(f.Results().At(1).Type(), errorType)
}

// takesBytes reports func([]byte) error.
func takesBytes(f *types.Signature) bool {
	return !f.Variadic() && f.Params().Len() == 1 && f.Results().Len() == 1 &&
		types.Identical(f.Params().At(0).Type(), byteSlice) && types.Identical(f.Results().At(0).Type(), errorType)
}

// takesMsgpack reports func(*msgpack.<parameter>) error.
func takesMsgpack(parameter string) func(*types.Signature) bool {
	return func(f *types.Signature) bool {
		if f.Params().Len() != 1 || f.Results().Len() != 1 || !types.Identical(f.Results().At(0).Type(), errorType) {
			return false
		}
		p, ok := types.Unalias(f.Params().At(0).Type()).(*types.Pointer)
		return ok && isNamed(p.Elem(), "github.com/vmihailenco/msgpack/v5", parameter)
	}
}

// isPredicate reports func() bool.
func isPredicate(f *types.Signature) bool {
	return f.Params().Len() == 0 && f.Results().Len() == 1 && types.Identical(f.Results().At(0).Type(), types.Typ[types.Bool])
}
