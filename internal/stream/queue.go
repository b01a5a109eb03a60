package stream

import "github.com/helium-rpc/helium/internal/wire"

// maxKept is up to which size memory for items is used again, in bytes.
const maxKept = 64 << 10

// Chunk is a row of items.
type Chunk struct {
	// Data are the items, one after another. They are the receiver's again with the next call of
	// Next, unless they are Owned.
	Data []byte
	// Count is how many they are.
	Count uint64
	// Owned says that nobody else uses Data, now or later.
	Owned bool
	// Assembled says that Data are an item that came in parts, whose bytes count as read already.
	Assembled bool

	parts *parts // that have come of an item; nil: Data have
}

// queue is what has come and waits to be read.
type queue struct {
	chunks []Chunk
	spare  []byte // memory to be used again
}

// add adds items.
func (q *queue) add(items wire.Items) {
	if len(items.Data) >= large {
		q.chunks = append(q.chunks, Chunk{Data: items.Data, Count: items.Count, Owned: true})
		return
	}
	last := len(q.chunks) - 1
	if last < 0 || q.chunks[last].Owned || q.chunks[last].parts != nil {
		q.chunks = append(q.chunks, Chunk{Data: q.spare[:0]})
		q.spare = nil
		last++
	}
	q.chunks[last].Data = append(q.chunks[last].Data, items.Data...)
	q.chunks[last].Count += items.Count
}

// addPart adds a part of an item: to those before it, unless they were taken or it is the first.
func (q *queue) addPart(part *wire.Part) {
	last := len(q.chunks) - 1
	if last < 0 || part.Offset == 0 || q.chunks[last].parts == nil {
		q.chunks = append(q.chunks, Chunk{Count: 1, parts: newParts(part.Length)})
		last++
	}
	q.chunks[last].parts.add(part)
}

// empty reports whether nothing waits that can be read: of an item in parts all do.
func (q *queue) empty() bool {
	return len(q.chunks) == 0 || q.chunks[0].parts != nil && !q.chunks[0].parts.whole
}

// take takes out what has come first; nothing: there is nothing.
func (q *queue) take() (first Chunk) {
	if len(q.chunks) == 0 {
		return Chunk{}
	}
	first = q.chunks[0]
	q.chunks[0] = Chunk{}
	if len(q.chunks) == 1 {
		q.chunks = q.chunks[:0] // what is left of the memory is for those that come next
	} else {
		q.chunks = q.chunks[1:]
	}
	return first
}

// reuse takes memory of items that were read.
func (q *queue) reuse(memory []byte) {
	if cap(memory) <= maxKept && q.spare == nil {
		q.spare = memory
	}
}
