package schema

import (
	"slices"
	"strings"

	"github.com/helium-rpc/helium/signature"
)

// tsWire says how values of t stand in msgpack, as the client's WireForm: text in JSON may be bytes, a time or a
// duration there, and names keys of any type.
func tsWire(t *signature.Type, names map[string]string) string {
	switch {
	case t == nil:
		return `"any"`
	case t.IsEnum():
		return tsString(t.Kind.String())
	case t.Name != "":
		return tsString(names[t.Name])
	}
	return tsWireWithin(t, names)
}

// tsWireWithin is tsWire without regard to t's own name.
func tsWireWithin(t *signature.Type, names map[string]string) string {
	switch t.Kind {
	case signature.List:
		return "{ list: " + tsWire(t.Elem, names) + " }"
	case signature.Map:
		return "{ map: " + tsWire(t.Elem, names) + ", key: " + tsString(t.Key.Kind.String()) + " }"
	case signature.Optional:
		return "{ maybe: " + tsWire(t.Elem, names) + " }"
	case signature.Struct:
		if len(t.Fields) == 0 {
			return "{ fields: {} }"
		}
		fields := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			fields[i] = tsKey(f.Name) + ": " + tsWire(f.Type, names)
		}
		return "{ fields: { " + strings.Join(fields, ", ") + " } }"
	}
	return tsString(t.Kind.String())
}

// sentTypes are the named types that methods which take streams lead to, by name, without enums.
func (s *Service) sentTypes() []*signature.Type {
	sending := &Service{Methods: slices.DeleteFunc(slices.Clone(s.Methods), func(m Method) bool { return m.Signature.Sends == nil })}
	return slices.DeleteFunc(sending.namedTypes(), (*signature.Type).IsEnum)
}
