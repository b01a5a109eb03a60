package rpcserver

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/transcode"
	"github.com/helium-rpc/helium/signature"
)

// TypeDoc says of a named type of a [Service] what its shape can't.
type TypeDoc struct {
	// Doc says what the type is for.
	Doc string
	// Fields say what its fields are for, by their names on the wire.
	Fields map[string]string
}

// Enum is a type of which some values have names. It is open: there may be others.
type Enum struct {
	// Type is that of its values in the notation of package signature: "bool", one of the
	// integers, or "string".
	Type string
	// Doc says what the type is for.
	Doc string
	// Values are those that have names.
	Values []EnumValue
}

// EnumValue is one of the values of an [Enum].
type EnumValue struct {
	// Name is what people call it, such as the name of a Go constant.
	Name string
	// Value is the value, as a handler would return it: a Go constant, for one. A value
	// that its own encoding refuses isn't told of, as it can't travel.
	Value any
	// Doc says what it means.
	Doc string
}

// serviceTypes are the named types of a service as it is registered.
type serviceTypes struct {
	named *signature.Types // with enums; nil if they can't be read
	plain *signature.Types // without
	types map[string]string
	docs  map[string]binder.TypeDoc
	enums map[string]binder.Enum
}

// readTypes reads what a service says of its types: their definitions, what they are for, and
// its enums. What is wrong goes to faults.
func readTypes(types map[string]string, docs map[string]TypeDoc, enums map[string]Enum, faults *faults) (out serviceTypes) {
	kinds := make(map[string]string, len(enums))
	for name, enum := range enums {
		kinds[name] = enum.Type
	}
	named, err := signature.ParseTypesWithEnums(types, kinds)
	if err != nil {
		faults.add("types: %v", err)
		return out
	}
	without := named.WithoutEnums()
	plain, err := signature.ParseTypes(without)
	if err != nil {
		faults.add("types: %v", err)
		return out
	}
	out = serviceTypes{named: named, plain: plain, types: maps.Clone(types)}
	for name, with := range named.Definitions() {
		doc := binder.TypeDoc{Doc: shortDoc(docs[name].Doc)}
		if with != without[name] {
			out.types[name], doc.WithEnums = without[name], with
		}
		for field, text := range docs[name].Fields {
			if !hasField(named, name, field) {
				faults.add("TypeDocs: type %s has no field %q", name, field)
			}
			if text != "" {
				doc.Fields = set(doc.Fields, field, shortDoc(text))
			}
		}
		if doc.Doc != "" || doc.Fields != nil || doc.WithEnums != "" {
			out.docs = set(out.docs, name, doc)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(docs)) {
		if _, ok := types[name]; !ok {
			faults.add("TypeDocs: there is no type %q; the doc of an enum is its own", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(enums)) {
		enum, err := readEnum(enums[name])
		if err != nil {
			faults.add("enum %s: %v", name, err)
			continue
		}
		out.enums = set(out.enums, name, enum)
	}
	return out
}

func set[V any](m map[string]V, key string, value V) map[string]V {
	if m == nil {
		m = make(map[string]V)
	}
	m[key] = value
	return m
}

func hasField(types *signature.Types, name, field string) bool {
	m, err := types.Parse("f() " + name)
	return err == nil && slices.ContainsFunc(m.Result.Fields, func(f signature.Field) bool { return f.Name == field })
}

func readEnum(e Enum) (binder.Enum, error) {
	out := binder.Enum{Type: e.Type, Doc: shortDoc(e.Doc), Values: []binder.EnumValue{}}
	m, err := signature.NewTypes().Parse("f() " + e.Type)
	if err != nil {
		return out, err
	}
	for _, v := range e.Values {
		if v.Name == "" {
			return out, fmt.Errorf("the value %v has no name", v.Value)
		}
		data, ok := encoded(v.Value)
		if !ok {
			continue
		}
		text, err := transcode.JSON(data, m.Result)
		if err == nil {
			_, err = transcode.Value(text, m.Result) // which is strict about the type
		}
		if err != nil {
			return out, fmt.Errorf("the value of %s isn't of type %s: %w", v.Name, e.Type, err)
		}
		out.Values = append(out.Values, binder.EnumValue{Name: v.Name, Value: json.RawMessage(text), Doc: shortDoc(v.Doc)})
	}
	return out, nil
}

// encoded returns a value as it travels, and false if its own encoding refuses it or has no
// place for it, as one for a constant that only counts the others.
func encoded(v any) (data []byte, ok bool) {
	defer func() {
		if recover() != nil {
			data, ok = nil, false
		}
	}()
	var w codec.Writer
	w.Value(v)
	return w.Bytes(), w.Err() == nil
}
