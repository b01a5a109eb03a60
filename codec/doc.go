// Package codec is msgpack for Go values that come from strangers: nothing is decoded that
// the guard hasn't let pass, numbers that don't fit are errors, and what is common costs
// neither reflection nor allocation.
//
//   - guard.go: refuses hostile bytes, without allocating
//   - append.go, writer.go, reader.go, number.go: by hand, for what is common
//   - value.go, plan.go, encode.go, decode.go, dynamic.go, fields.go: for any Go type, by a
//     plan compiled once for each
//   - methods.go: for types that encode themselves, with the msgpack library where they
//     are made for it
//   - path.go: where in a value an error is
package codec
