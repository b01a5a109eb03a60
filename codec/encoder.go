package codec

import (
	"fmt"
	"sync"

	"github.com/helium-rpc/helium/internal/msgpack"
)

// encoder appends one value and keeps count of what a receiver's limits are about.
type encoder struct {
	b []byte
	// depth counts the arrays and maps that are open, interfaces the interfaces being
	// followed, which a value that holds a pointer to itself can do without opening any.
	depth, interfaces int
	// elements counts what arrays and maps hold.
	elements int
}

const (
	// maxAppendDepth is how deep arrays and maps may lie in an appended value. The rest
	// of msgpack.MaxDepth is for what is put around it, such as the array of arguments.
	maxAppendDepth = msgpack.MaxDepth - 4
	maxInterfaces  = 4 * msgpack.MaxDepth
)

var encoders = sync.Pool{New: func() any { return new(encoder) }}

// open is called before the head of an array or a map of so many values, and done
// after its end.
func (e *encoder) open(values int) error {
	if e.depth++; e.depth > maxAppendDepth {
		return valueErrorf("arrays and maps lie more than %d deep here; a value that contains itself can't be sent", maxAppendDepth)
	}
	if e.elements += values; e.elements > msgpack.MaxElements {
		return valueErrorf("the value holds more than %d values; send it in parts, or as bytes", msgpack.MaxElements)
	}
	return nil
}

func (e *encoder) done() { e.depth-- }

// appendRaw appends what a method made, if the other side will accept it here.
func (e *encoder) appendRaw(raw []byte) error {
	err := msgpack.ScanWithin(raw, maxAppendDepth-e.depth)
	if err != nil {
		return fmt.Errorf("it made what can't be sent: %w", err)
	}
	e.b = append(e.b, raw...)
	return nil
}

// finish returns what was encoded and puts the encoder back. One that failed isn't
// put back: a type's own method may still hold on to it.
func (e *encoder) finish() []byte {
	out := e.b
	*e = encoder{}
	encoders.Put(e)
	return out
}
