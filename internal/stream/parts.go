package stream

import (
	"slices"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/internal/uncleared"
	"github.com/helium-rpc/helium/internal/wire"
)

// large is from which size on items, and parts of one, are kept in the message in which they came. Smaller ones
// are copied, or each would keep a message that may be many times as large.
const large = 16 << 10

// Bounds are those of items that come in parts.
type Bounds struct {
	// Most is how large an item may be, in bytes.
	Most int
	// Way is which way they go.
	Way chunks.Way
	// Of is whose they are, who has to keep to a share of the room for them; "": nobody's.
	Of string
	// TooLarge is the error of a larger one, and NoRoom that of one for which this process has no room. Both
	// get a text, which ends in See.
	TooLarge, NoRoom *helium.Error
	See              string
}

// tooLarge returns the error of an item that is too large.
func (b Bounds) tooLarge(nth, length uint64) *helium.Error {
	return b.TooLarge.WithMessage("item %d of the stream has %d bytes; this side takes at most %d, see %s", nth, length, b.Most, b.See)
}

// noRoom returns the error of an item that there was no room for.
func (b Bounds) noRoom(length uint64) *helium.Error {
	return b.NoRoom.WithMessage("this process has no room for an item of %d bytes, as %d bytes of other large values and items are there, and had none for too long; try again later", length, chunks.Taken())
}

// parts are those of one item that have come, in a row. They are put together when the item is whole: so it
// is copied once, and memory is taken as bytes come, whatever length it claims to have.
type parts struct {
	length uint64 // of the item
	whole  bool   // its last part is among them
	size   uint64 // of them, in bytes
	pieces [][]byte
	few    [4][]byte // the first room for these
	copied bool      // the last piece is a copy
}

func newParts(length uint64) *parts {
	p := &parts{length: length}
	p.pieces = p.few[:0]
	return p
}

// add adds the next part.
func (p *parts) add(part *wire.Part) {
	p.size += uint64(len(part.Data))
	p.whole = part.IsLast()
	last := len(p.pieces) - 1
	switch small := len(part.Data) < large; {
	case small && p.copied && len(p.pieces[last]) < large:
		p.pieces[last] = append(p.pieces[last], part.Data...)
	case small: // see large
		p.pieces, p.copied = append(p.pieces, slices.Clone(part.Data)), true
	default:
		p.pieces, p.copied = append(p.pieces, part.Data), false
	}
}

// join adds the parts behind these.
func (p *parts) join(next *parts) {
	p.pieces = append(p.pieces, next.pieces...)
	p.size, p.whole, p.copied = p.size+next.size, next.whole, false
}

// value returns the item, once it is whole.
func (p *parts) value() []byte {
	if len(p.pieces) == 1 {
		return p.pieces[0]
	}
	all := uncleared.Bytes(int(p.size))[:0]
	for _, piece := range p.pieces {
		all = append(all, piece...)
	}
	return all
}
