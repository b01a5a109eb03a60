package service

import (
	"go/token"
	"go/types"

	"github.com/helium-rpc/helium/signature"
)

// Service is an interface as it is called remotely.
type Service struct {
	Package   *types.Package
	Interface *types.TypeName
	Name      string            // on the bus
	Types     map[string]string // what the names of types in the signatures stand for
	Methods   []*Method         // in the order of the source

	Doc       string
	TypeDocs  []TypeDoc
	Enums     []Enum
	WithEnums map[string]string // types with the names of enums; nil: there are none
}

// Method is a method of the interface.
type Method struct {
	Func       *types.Func
	Wire       string // its name on the wire
	Signature  string // in Helium's notation
	WithEnums  string // the signature with the names of enums
	HasContext bool
	Params     []Param // without the context
	Variadic   bool
	Result     types.Type // nil: none, or a stream
	Sends      *Stream    // what callers send as a stream, behind Params; nil: nothing
	Yields     *Stream    // the result, if it is a stream; else nil

	Doc        string
	Idempotent bool
	Errors     []*types.Var // variables of type *helium.Error
	Example    Example

	parsed   *signature.Method
	hasError bool
}

// Stream is a parameter or a result that is a stream.
type Stream struct {
	Param            // with the type of the iterator
	Item  types.Type // of the items
}

// Param is a parameter that travels.
type Param struct {
	Name string // as in the source; "" or "_" if it has none
	Type types.Type
	pos  token.Pos
}

// TypeDoc is what comments say of a named type.
type TypeDoc struct {
	Name   string // in the signatures
	Doc    string
	Fields [][2]string // by name on the wire, in order
}

// Enum is a Go type of which constants are declared.
type Enum struct {
	Name   string // in the signatures
	Kind   signature.Kind
	Doc    string
	Values []EnumValue
}

// EnumValue is a constant.
type EnumValue struct {
	Constant *types.Const
	Doc      string
	ByName   bool // its value is what methods of its type make of it, so code names it
}
