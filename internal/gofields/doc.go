// Package gofields holds the rules by which Go types travel: which fields of a struct do
// and under which names, and which methods encode a type in place of its fields.
//
// The codec, signatures and generated code all follow these rules, the first two for the
// types of a running program and the third for types in source. So the rules are written
// once, over a [Model] of types, and what one of the three writes is what the other two
// announce and read.
//
//   - form.go: what a type is on the wire, as a value and as the key of a map
//   - own.go, pair.go, method.go: methods of a type's own that encode it
//   - fields.go, tag.go: the fields of a struct, as encoding/json finds them
//   - model.go: what the rules need to know of types
//   - reflect.go: types at run time
//
// Package gogen has the model of types in source, so that no program links what reads source.
package gofields
