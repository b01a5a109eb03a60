package stub

import (
	"go/types"
	"slices"

	"github.com/helium-rpc/helium/internal/gogen/source"
)

var (
	// methodLocals are the names that the methods and handlers use themselves.
	methodLocals = []string{"c", "ctx", "call", "impl", "err", "at", "result", "i", "n", "raw", "item"}
	// codecLocals are those of the other functions.
	codecLocals = []string{"w", "r", "v", "list", "m", "p", "key", "value", "name", "srv", "service", "types"}
	// locals are all. A type of the package that has such a name gets another one in the
	// generated file, as it would be hidden.
	locals = slices.Concat(methodLocals, codecLocals)
)

// predeclared are the names of Go itself that generated code can't do without.
var predeclared = []string{
	"bool", "byte", "error", "float32", "float64", "int", "int8", "int16", "int32", "int64", "rune", "string",
	"uint", "uint8", "uint16", "uint32", "uint64", "any", "false", "nil", "len", "make", "new",
}

// CheckPredeclared tells of names of Go itself that the package uses for something of its own.
func CheckPredeclared(pkg *types.Package, faults *source.Collector) {
	for _, name := range predeclared {
		if other := pkg.Scope().Lookup(name); other != nil {
			faults.Add(other.Pos(), "%s is declared here and hides Go's own %s, which generated code needs; rename it", name, name)
		}
	}
}
