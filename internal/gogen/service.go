package gogen

import (
	"go/token"
	"go/types"

	"github.com/helium-rpc/helium/signature"
)

// service is an interface as it is called remotely.
type service struct {
	pkg     *types.Package
	iface   *types.TypeName
	name    string // on the bus
	types   map[string]string
	methods []*method // in the order of the source

	doc       string
	typeDocs  []typeDoc
	enums     []enum
	withEnums map[string]string // types with the names of enums; nil: there are none
}

// method is a method of the interface.
type method struct {
	fn         *types.Func
	name       string // on the wire
	doc        string
	signature  string
	parsed     *signature.Method
	withEnums  string // the signature with the names of enums
	hasContext bool
	hasError   bool
	params     []param // without the context
	variadic   bool
	result     types.Type // nil: none

	idempotent bool
	errors     []*types.Var
	example    example
}

// param is a parameter that travels.
type param struct {
	name string // as in the source; "" or "_" if it has none
	typ  types.Type
	pos  token.Pos
}

// typeDoc is what comments say of a named type.
type typeDoc struct {
	name   string // in the signatures
	doc    string
	fields [][2]string // by name on the wire, in order
}

// enum is a Go type of which constants are declared.
type enum struct {
	name   string // in the signatures
	kind   signature.Kind
	doc    string
	values []enumValue
}

// enumValue is a constant.
type enumValue struct {
	constant *types.Const
	doc      string
	byName   bool // its value is what methods of its type make of it, so code names it
}
