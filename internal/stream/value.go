package stream

import (
	"bytes"
	"fmt"

	"github.com/helium-rpc/helium/internal/wire"
)

// Value returns the item that Next has returned, to be kept, where that is no item of the stream but a value that
// was announced: arguments, or a result, that are larger than a message. It isn't counted among the items.
func (x *Items) Value(announced wire.Extent) ([]byte, error) {
	value, err := x.reader.Raw()
	if err != nil {
		return nil, err
	}
	x.count--
	if got := wire.ExtentOf(value); got != announced {
		return nil, fmt.Errorf("it has %d bytes and the checksum %08x; %d and %08x were announced", got.Length, got.Checksum, announced.Length, announced.Checksum)
	}
	if !x.whole {
		value = bytes.Clone(value) // it shares its memory with what comes next
	}
	return value, nil
}
