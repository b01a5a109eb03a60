// Package uncleared takes memory without clearing it first, where make would clear it. That is for who writes over all
// of it before anybody reads it, as who reads large values from a socket does. What it brings is told in
// docs/performance.md.
package uncleared

import (
	"strings"
	"unsafe"
)

// Bytes returns so many bytes, in which anything may stand.
//
// Only a strings.Builder can ask the runtime for such memory. It doesn't say so: if it cleared memory one day, this
// would be slower and nothing else. The string that is made on the way is nobody's, so its bytes may change.
func Bytes(size int) []byte {
	var b strings.Builder
	b.Grow(size)
	b.WriteByte(0) // so that there is a string, and its memory
	return unsafe.Slice(unsafe.StringData(b.String()), size)
}
