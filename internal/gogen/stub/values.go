package stub

import (
	"go/types"
	"strings"

	"github.com/helium-rpc/helium/internal/gogen/service"
)

// stream is the Writer or Reader that a statement uses: as a value with methods, and as
// a pointer to pass on.
type stream struct{ value, pointer string }

var (
	theWriter = stream{"w", "w"} // of a function that writes a composite value
	theReader = stream{"r", "r"}
	theArgs   = stream{"call.Args", "&call.Args"}
	theResult = stream{"call.Result", "&call.Result"}
)

// values writes the statements that read and write single values.
type values struct {
	names     *names
	functions *functions
}

// scalarMethod returns the method of Writer and Reader for a number, a bool or a text,
// and the type that the one takes and the other returns.
func scalarMethod(t types.Type) (method, typ string) {
	switch kind := t.Underlying().(*types.Basic).Kind(); kind {
	case types.Bool:
		return "Bool", "bool"
	case types.Int, types.Int8, types.Int16, types.Int32, types.Int64:
		return "Int", "int64"
	case types.Uint, types.Uint8, types.Uint16, types.Uint32, types.Uint64:
		return "Uint", "uint64"
	case types.Float32:
		return "Float32", "float32"
	case types.Float64:
		return "Float64", "float64"
	}
	return "String", "string"
}

// width returns what the reading method wants to know of an integer: its bits.
func (v *values) width(t types.Type) string {
	switch kind := t.Underlying().(*types.Basic).Kind(); kind {
	case types.Int, types.Uint:
		return v.names.imports.name("strconv", "strconv") + ".IntSize"
	case types.Int8, types.Uint8:
		return "8"
	case types.Int16, types.Uint16:
		return "16"
	case types.Int32, types.Uint32:
		return "32"
	case types.Int64, types.Uint64:
		return "64"
	}
	return ""
}

// writing returns the statement that writes the value of expr, which can be addressed.
func (v *values) writing(w stream, t types.Type, s shape, expr string) string {
	t = types.Unalias(t)
	switch s {
	case scalarShape:
		method, typ := scalarMethod(t)
		if typ != types.TypeString(t, nil) {
			expr = typ + "(" + expr + ")"
		}
		return w.value + "." + method + "(" + expr + ")"
	case bytesShape:
		return w.value + ".Binary(" + expr + ")"
	case timeShape:
		return w.value + ".Time(" + expr + ")"
	case reflected:
		return w.value + ".Value(" + expr + ")"
	}
	return v.functions.to("write", t) + "(" + w.pointer + ", " + address(expr) + ")"
}

// simpleRead returns the expression that reads a value without parts, the type of its
// first result, and what makes of a variable of that type a value of type t.
func (v *values) simpleRead(r stream, t types.Type, s shape, variable string) (read, typ, converted string) {
	t = types.Unalias(t)
	switch s {
	case bytesShape:
		return r.value + ".Bytes()", "[]byte", variable
	case timeShape:
		return r.value + ".Time()", v.names.typ(t), variable
	}
	method, typ := scalarMethod(t)
	read = r.value + "." + method + "(" + v.width(t) + ")"
	if types.TypeString(t, nil) == typ {
		return read, typ, variable
	}
	return read, typ, v.names.typ(t) + "(" + variable + ")"
}

// reading returns the statements that read a value into target. They set err.
func (v *values) reading(r stream, t types.Type, s shape, target string) string {
	switch {
	case s == reflected:
		return "err = " + r.value + ".Value(" + address(target) + ")"
	case s.composite():
		return "err = " + v.functions.to("read", t) + "(" + r.pointer + ", " + address(target) + ")"
	}
	read, typ, converted := v.simpleRead(r, t, s, "raw")
	if converted == "raw" {
		return target + ", err = " + read
	}
	return "var raw " + typ + "\nraw, err = " + read + "\n" + target + " = " + converted
}

// zero writes the zero value of a type.
func (v *values) zero(t types.Type) string {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		switch info := u.Info(); {
		case info&types.IsBoolean != 0:
			return "false"
		case info&types.IsString != 0:
			return `""`
		}
		return "0"
	case *types.Struct, *types.Array:
		written, _, _ := service.Nameable(t, v.names.home)
		return v.names.typ(written) + "{}"
	}
	return "nil"
}

// address returns the address of an expression.
func address(expr string) string {
	if pointer, ok := strings.CutPrefix(expr, "*"); ok {
		return pointer
	}
	return "&" + expr
}
