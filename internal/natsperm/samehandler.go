package natsperm

import (
	"unsafe"

	"github.com/nats-io/nats.go"
)

// same reports whether two handlers are one. Go doesn't compare functions; a function's value
// is a pointer, which is another one for each closure.
func same(a, b nats.ErrHandler) bool {
	return *(*unsafe.Pointer)(unsafe.Pointer(&a)) == *(*unsafe.Pointer)(unsafe.Pointer(&b))
}
