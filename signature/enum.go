package signature

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// A Value is one of the values that an enum names.
type Value struct {
	// Name is what the service's own language calls it, such as "Red".
	Name string
	// JSON is the value as it stands in the JSON of a plain request.
	JSON json.RawMessage
	// Doc says what it means. May be empty.
	Doc string
}

// ParseTypesWithEnums is [ParseTypes] where names can also be those of enums: of a bool, an
// integer or a string, by the word of the notation, of which some values have names.
//
//	ParseTypesWithEnums(map[string]string{"Item": "{paint Color}"}, map[string]string{"Color": "string"})
//
// A type that is an enum has the Kind of its values and a Name. It is open: values without
// a name are values too.
func ParseTypesWithEnums(defs, enums map[string]string) (*Types, error) {
	if n := len(defs) + len(enums); n > MaxTypes {
		return nil, fmt.Errorf("%d types and enums are defined; at most %d can be", n, MaxTypes)
	}
	named := make(map[string]*Type, len(defs)+len(enums))
	for _, name := range slices.Sorted(maps.Keys(enums)) {
		if err := checkTypeName(name); err != nil {
			return nil, err
		}
		if _, twice := defs[name]; twice {
			return nil, fmt.Errorf("%s is both a type and an enum; rename one", name)
		}
		t := scalars[enums[name]]
		if t == nil || !t.Kind.mayBeEnum() {
			return nil, fmt.Errorf("enum %s: %.40q can't be the type of its values; bool, integers and string can", name, enums[name])
		}
		named[name] = &Type{Kind: t.Kind, Name: name}
	}
	return parseTypes(defs, named)
}

// mayBeEnum reports whether values of k can have names.
func (k Kind) mayBeEnum() bool { return k >= Bool && k <= Uint64 || k == String }

// IsEnum reports a type that [ParseTypesWithEnums] made of an enum's name.
func (t *Type) IsEnum() bool { return t != nil && t.Name != "" && t.Kind.mayBeEnum() }

// Describe says of a named type or an enum what its definition can't: what it is for, what
// its fields are for, by their names, and which values have names. It does nothing if no
// type has that name.
func (ts *Types) Describe(name, doc string, fields map[string]string, values []Value) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t := ts.named[name]
	if t == nil {
		return
	}
	t.Doc, t.Values = doc, values
	for i := range t.Fields {
		t.Fields[i].Doc = fields[t.Fields[i].Name]
	}
}

// WithoutEnums returns what the names of types stand for, as [Types.Definitions] does, with
// the types of their values in the places of enums.
func (ts *Types) WithoutEnums() map[string]string {
	ts.mu.RLock()
	defer ts.mu.RUnlock()
	defs := make(map[string]string, len(ts.named))
	for name, t := range ts.named {
		if !t.IsEnum() {
			unnamed := *t
			unnamed.Name = ""
			defs[name] = withoutEnums(&unnamed).String()
		}
	}
	return defs
}

// WithoutEnums returns the signature with the types of their values in the places of enums.
func (m *Method) WithoutEnums() *Method {
	plain := *m
	plain.Params = make([]Param, len(m.Params))
	for i, p := range m.Params {
		plain.Params[i] = Param{p.Name, withoutEnums(p.Type)}
	}
	plain.Result = withoutEnums(m.Result)
	return &plain
}

// withoutEnums copies t as far as no name stands for it: that is how deep its text goes.
func withoutEnums(t *Type) *Type {
	switch {
	case t == nil:
		return nil
	case t.IsEnum():
		return scalar(t.Kind)
	case t.Name != "":
		return t
	}
	plain := *t
	plain.Key, plain.Elem = withoutEnums(t.Key), withoutEnums(t.Elem)
	plain.Fields = slices.Clone(t.Fields)
	for i := range plain.Fields {
		plain.Fields[i].Type = withoutEnums(t.Fields[i].Type)
	}
	return &plain
}
