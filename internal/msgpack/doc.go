// Package msgpack is the bytes of msgpack: it appends them, checks them, and reads the parts
// of Helium's own messages. What they mean to a Go type is for package codec, which rests on
// this one.
//
//   - append.go: values and heads, in their shortest form
//   - syntax.go, head.go, scan.go: the guard, which refuses hostile bytes without allocating
//   - number.go: numbers of any format
//   - digest.go: a hash of what a value says, however it is written
//   - reader.go: what holds a message together, read exactly as it is written
package msgpack
