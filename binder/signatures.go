package binder

import (
	"encoding/json"
	"maps"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/signature"
)

// checkSignatures refuses a record whose types or signatures can't be read. It is done
// when a record comes in, not again for each binder that reads it from the bucket.
func checkSignatures(r *Record) error {
	types, err := signature.ParseTypes(r.Types)
	if err != nil {
		return helium.ErrBadRecord.WithMessage("service %q: its types can't be read: %w", r.Service, err)
	}
	for i := range r.Methods {
		m := &r.Methods[i]
		if m.Kind != KindCall {
			continue // a kind of the future may say more than this notation can
		}
		parsed, err := types.Parse(m.Signature)
		if err != nil {
			return helium.ErrBadRecord.WithMessage("service %q: the signature of its method %q can't be read: %w", r.Service, m.Name, err)
		}
		if parsed.Name != m.Name {
			return helium.ErrBadRecord.WithMessage("service %q: the signature of its method %q is that of %q", r.Service, m.Name, parsed.Name)
		}
	}
	return nil
}

// ReadTypes returns the record's named types with all that is said of them, and with its
// enums where what it says of these agrees with the types. The error says which type can't
// be read.
func (r *Record) ReadTypes() (*signature.Types, error) {
	types, err := signature.ParseTypes(r.Types)
	if err != nil {
		return nil, err
	}
	types = r.withEnums(types)
	for name, doc := range r.TypeDocs {
		types.Describe(name, doc.Doc, doc.Fields, nil)
	}
	for name, enum := range r.Enums {
		values := make([]signature.Value, 0, len(enum.Values))
		for _, v := range enum.Values {
			if isScalar(v.Value) {
				values = append(values, signature.Value{Name: v.Name, JSON: v.Value, Doc: v.Doc})
			}
		}
		if r.Types[name] == "" {
			types.Describe(name, enum.Doc, nil, values)
		}
	}
	return types, nil
}

// isScalar reports a text, a number or a bool of JSON.
func isScalar(value json.RawMessage) bool {
	return len(value) > 0 && value[0] != '{' && value[0] != '[' && string(value) != "null" && json.Valid(value)
}

// withEnums returns the types with the enums in them, or those given if what the record says
// isn't the same without the enums.
func (r *Record) withEnums(plain *signature.Types) *signature.Types {
	if len(r.Enums) == 0 {
		return plain
	}
	defs := maps.Clone(r.Types)
	for name, doc := range r.TypeDocs {
		if defs[name] != "" && doc.WithEnums != "" {
			defs[name] = doc.WithEnums
		}
	}
	enums := make(map[string]string, len(r.Enums))
	for name, enum := range r.Enums {
		enums[name] = enum.Type
	}
	types, err := signature.ParseTypesWithEnums(defs, enums)
	if err != nil || !maps.Equal(types.WithoutEnums(), plain.Definitions()) {
		return plain
	}
	return types
}

// Read returns the method's signature, with its enums where what it says of these agrees.
// Types are the record's, see [Record.ReadTypes].
func (m *Method) Read(types *signature.Types) (*signature.Method, error) {
	plain, err := types.Parse(m.Signature)
	if err != nil || m.WithEnums == "" {
		return plain, err
	}
	named, err := types.Parse(m.WithEnums)
	if err != nil || named.WithoutEnums().String() != plain.WithoutEnums().String() {
		return plain, nil
	}
	return named, nil
}
