package wire

import (
	"fmt"

	"github.com/helium-rpc/helium/internal/msgpack"
)

// Part is a piece of one item of a stream. An item travels so, in pieces that follow one another, where it is
// larger than a message, or faster: between peers with the ability [ItemParts].
type Part struct {
	// Before is how many items of the stream came before this one.
	Before uint64
	// Length is how long the whole item is, and Offset where in it this part begins, in bytes.
	Length, Offset uint64
	// Data is what stands there, and isn't empty.
	Data []byte
	// Waited says that there was no credit for this part when it was there.
	Waited bool
}

// PartOverhead bounds what a message with one part has beside its bytes.
const PartOverhead = HeaderSize + AboutSize + 1 + 1 + 9 + 9 + 9 + 9 + 5 + 1

// IsLast reports whether the item is whole with this part.
func (p *Part) IsLast() bool { return p.Offset+uint64(len(p.Data)) == p.Length }

// AppendPart appends the body of a [KindItemPart].
func AppendPart(b []byte, p Part) []byte {
	b = msgpack.AppendUint(b, p.Before)
	b = msgpack.AppendUint(b, p.Length)
	b = msgpack.AppendUint(b, p.Offset)
	b = msgpack.AppendBytes(b, p.Data)
	if p.Waited {
		b = msgpack.AppendUint(b, waited)
	}
	return b
}

// AppendPartFrame appends the frame of a part.
func AppendPartFrame(b []byte, seq uint64, p Part) []byte {
	elements := 6
	if p.Waited {
		elements++
	}
	b = msgpack.AppendUint(msgpack.AppendArrayHeader(b, elements), uint64(KindItemPart))
	return AppendPart(msgpack.AppendUint(b, seq), p)
}

// ReadPart reads the body of a [KindItemPart].
func ReadPart(body []byte) (p Part, err error) {
	r := msgpack.NewReader(body)
	for _, to := range []*uint64{&p.Before, &p.Length, &p.Offset} {
		if *to, err = r.Unsigned(); err != nil {
			return Part{}, fmt.Errorf("part of an item: %w", err)
		}
	}
	if p.Data, err = r.Binary(); err != nil {
		return Part{}, fmt.Errorf("part of an item: %w", err)
	}
	if p.Offset > p.Length || len(p.Data) == 0 || uint64(len(p.Data)) > p.Length-p.Offset {
		return Part{}, fmt.Errorf("part of an item: %d bytes from %d on, of %d", len(p.Data), p.Offset, p.Length)
	}
	p.Waited = readWaited(&r)
	return p, nil
}
