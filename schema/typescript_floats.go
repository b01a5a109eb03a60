package schema

import (
	"slices"
	"strings"

	"github.com/helium-rpc/helium/signature"
)

// tsFloats says where in values of t the numbers are floats, as the client's Floats; "" if
// they are nowhere. In JSON 1e20 is written like an integer of so many digits, so only the
// type tells whether it is a number or a bigint.
func tsFloats(t *signature.Type, names map[string]string) string {
	if !holdsFloats(t) {
		return ""
	}
	if t.Name != "" {
		return tsString(names[t.Name])
	}
	return tsFloatsWithin(t, names)
}

// tsFloatsWithin is tsFloats without regard to t's own name, of a type that holds some.
func tsFloatsWithin(t *signature.Type, names map[string]string) string {
	switch t.Kind {
	case signature.List, signature.Map:
		return "{ each: " + tsFloats(t.Elem, names) + " }"
	case signature.Optional:
		return tsFloats(t.Elem, names)
	case signature.Struct:
		var fields []string
		for _, f := range t.Fields {
			if floats := tsFloats(f.Type, names); floats != "" {
				fields = append(fields, tsKey(f.Name)+": "+floats)
			}
		}
		return "{ fields: { " + strings.Join(fields, ", ") + " } }"
	}
	return `"number"`
}

// holdsFloats reports whether floats can be within values of t.
func holdsFloats(t *signature.Type) bool { return reachesFloats(t, make(map[*signature.Type]bool)) }

// reachesFloats is holdsFloats but for the types that were met already.
func reachesFloats(t *signature.Type, met map[*signature.Type]bool) bool {
	if t == nil || met[t] {
		return false
	}
	met[t] = true
	switch t.Kind {
	case signature.Float32, signature.Float64:
		return true
	case signature.List, signature.Map, signature.Optional:
		return reachesFloats(t.Elem, met)
	case signature.Struct:
		return slices.ContainsFunc(t.Fields, func(f signature.Field) bool { return reachesFloats(f.Type, met) })
	}
	return false
}
