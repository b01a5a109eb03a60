package rpcclient

import (
	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/internal/stream"
	"github.com/helium-rpc/helium/internal/wire"
)

// errItemTooLarge is the error of an item that came and can't be taken for its size.
var errItemTooLarge = helium.ErrResultTooLarge.WithOutcome(helium.Executed)

// itemBounds are those of items of a service that come in parts. One that fits a message is never too large.
func (c *core) itemBounds(service string) stream.Bounds {
	return stream.Bounds{Most: max(c.maxValue, c.links.MaxMessage()), Way: chunks.ToCaller, Of: service, TooLarge: errItemTooLarge, NoRoom: errItemTooLarge, See: "rpcclient.Config.MaxValue"}
}

// resultTooLarge returns the error of a result of so many bytes.
func (c *core) resultTooLarge(length uint64) *helium.Error {
	return helium.ErrResultTooLarge.WithMessage("the method ran, and its result has %d bytes; this client takes at most %d, see rpcclient.Config.MaxValue", length, c.maxValue).WithOutcome(helium.Executed)
}

// itemTooLarge returns the error of an item that can't be sent for its size, where it could go in parts or not.
func itemTooLarge(parts bool, nth, size, most int) *helium.Error {
	if parts {
		return helium.ErrTooLarge.WithMessage("item %d has %d bytes; at most %d are sent, see rpcclient.Config.MaxValue", nth, size, most)
	}
	return helium.ErrTooLarge.WithMessage("item %d has %d bytes; at most %d fit a message, and the instance, which is of an older version, takes none in parts. Send smaller ones, or raise the NATS server's max_payload", nth, size, most)
}

// mostKept is up to which size memory is kept for the next item that is written, in bytes.
const mostKept = wire.UsualPayload

// newItemWriter returns a writer of items with room for what goes in front of them.
func newItemWriter() codec.Writer { return codec.NewWriter(make([]byte, wire.Room, wire.Room+64)) }
