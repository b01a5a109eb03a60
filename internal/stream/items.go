package stream

import (
	"fmt"

	"github.com/helium-rpc/helium/codec"
)

// Items are those of a receiver, one by one.
type Items struct {
	from   *Receiver
	reader codec.Reader
	begin  int    // of the item that is being read, in what the reader reads
	whole  bool   // what the reader reads has come in parts
	open   bool   // an item is being read
	left   uint64 // behind it, of those that the reader reads
	count  uint64 // that were read, this one among them
}

// NewItems returns the items that arrive at a receiver.
func NewItems(from *Receiver) *Items { return &Items{from: from} }

// Next waits for the next item, and returns a reader that stands before it. An item counts as read when
// Next is called again. There are no more if the reader is nil, and an error says why.
func (x *Items) Next() (item *codec.Reader, err error) {
	if x.open {
		x.open = false
		x.from.Took(x.size())
	}
	if x.left > 0 {
		if err := x.from.whyCut(); err != nil {
			return nil, err
		}
	} else {
		if rest := x.reader.Len(); rest > 0 {
			return nil, fmt.Errorf("%d bytes are left behind item %d of the stream", rest, x.count)
		}
		chunk, err := x.from.Next()
		if err != nil || chunk.Count == 0 {
			return nil, err
		}
		x.reader, x.left, x.whole = codec.NewReader(chunk.Data), chunk.Count, chunk.Assembled
		if chunk.Owned {
			x.reader = codec.NewOwnedReader(chunk.Data)
		}
	}
	x.open, x.begin = true, x.reader.Offset()
	x.left--
	x.count++
	return &x.reader, nil
}

// size returns how many bytes of the item that is being read don't count as read yet.
func (x *Items) size() int {
	if x.whole {
		return 0
	}
	return x.reader.Offset() - x.begin
}

// Count returns how many items were read.
func (x *Items) Count() uint64 { return x.count }
