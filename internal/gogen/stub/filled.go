package stub

import (
	"go/types"
	"strings"

	"github.com/helium-rpc/helium/internal/gofields"
	"github.com/helium-rpc/helium/internal/gogen/gotype"
)

// whenFilled returns the condition under which a field that may be left out is written, "" if
// it always is, for a value written as expr. It returns false where no short condition
// says it.
func whenFilled(f *gotype.Field, expr string) (condition string, ok bool) {
	t := types.Unalias(f.Type)
	var conditions []string
	if f.OmitEmpty {
		switch u := t.Underlying().(type) {
		case *types.Slice, *types.Map:
			conditions = append(conditions, "len("+expr+") != 0")
		case *types.Struct: // is never empty
		default:
			nonzero, ok := isNonzero(u, expr)
			if !ok {
				return "", false
			}
			conditions = append(conditions, nonzero)
		}
	}
	if f.OmitZero {
		elem, isPointer := gofields.Pointee(gotype.Model{}, t)
		_, isInterface := t.Underlying().(*types.Interface)
		switch {
		case isInterface:
			return "", false // what it holds may have the method
		case isPointer && gofields.IsZero(gotype.Model{}, elem):
			conditions = append(conditions, expr+" != nil", "!"+expr+".IsZero()")
		case gofields.IsZero(gotype.Model{}, t):
			conditions = append(conditions, "!"+expr+".IsZero()")
		default:
			nonzero, ok := isNonzero(t.Underlying(), expr)
			if !ok {
				return "", false
			}
			conditions = append(conditions, nonzero)
		}
	}
	return strings.Join(conditions, " && "), true
}

// isNonzero returns the condition for a value of such a type not to be zero.
func isNonzero(underlying types.Type, expr string) (condition string, ok bool) {
	switch u := underlying.(type) {
	case *types.Pointer, *types.Interface, *types.Slice, *types.Map:
		return expr + " != nil", true
	case *types.Basic:
		switch info := u.Info(); {
		case info&types.IsBoolean != 0:
			return expr, true
		case info&types.IsString != 0:
			return expr + ` != ""`, true
		case info&types.IsInteger != 0:
			return expr + " != 0", true
		}
	}
	return "", false // a float: -0 isn't zero
}
