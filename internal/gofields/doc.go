// Package gofields holds the rules by which Go types travel: which fields of a struct do
// and under which names, and which methods encode a type in place of its fields.
//
// The codec, signatures and generated code all follow these rules, the first two for the
// types of a running program and the third for types in source. So the rules are written
// once, over a [Model] of types, and what one of the three writes is what the other two
// announce and read.
//
//   - tag.go: what a field's tag says
//   - fields.go: the fields of a struct, as encoding/json finds them
//   - pair.go: methods of a type's own that encode it
//   - model.go: what the rules need to know of types; reflect.go: types at run time
package gofields
