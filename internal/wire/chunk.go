package wire

import (
	"fmt"
	"hash/crc32"

	"github.com/helium-rpc/helium/internal/msgpack"
)

// Arguments and results that are larger than a message travel in chunks, numbered by their offsets,
// between peers that say they take them. docs/protocol.md has the whole of it.

// Extent is what a value that comes in chunks will be.
type Extent struct {
	Length   uint64 // in bytes
	Checksum uint32 // the CRC-32C of all of them
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ExtentOf returns the extent of a value.
func ExtentOf(value []byte) Extent {
	return Extent{uint64(len(value)), crc32.Checksum(value, castagnoli)}
}

// UpdateChecksum takes further bytes into the checksum of those before them.
func UpdateChecksum(checksum uint32, further []byte) uint32 {
	return crc32.Update(checksum, castagnoli, further)
}

// AppendExtent appends the body of a [KindLargeCall], a [KindLargeReply] or a [KindLargeStream]: [length, checksum].
func AppendExtent(b []byte, e Extent) []byte {
	b = msgpack.AppendUint(msgpack.AppendArrayHeader(b, 2), e.Length)
	return msgpack.AppendUint(b, uint64(e.Checksum))
}

// ReadExtent reads it. Further elements are ignored.
func ReadExtent(body []byte) (e Extent, err error) {
	r := msgpack.NewReader(body)
	n, err := r.ArrayHeader()
	if err == nil && n < 2 {
		err = fmt.Errorf("%d elements, want at least 2", n)
	}
	var checksum uint64
	if err == nil {
		e.Length, err = r.Unsigned()
	}
	if err == nil {
		checksum, err = r.Unsigned()
	}
	if err == nil && checksum > 1<<32-1 {
		err = fmt.Errorf("a checksum of %d; it has 32 bits", checksum)
	}
	if err != nil {
		return Extent{}, fmt.Errorf("what comes in chunks: %w", err)
	}
	e.Checksum = uint32(checksum)
	return e, nil
}

// ChunkOverhead bounds what a message with one chunk has beside its bytes.
const ChunkOverhead = HeaderSize + AboutSize + frameOverhead

// appendChunkHead appends a frame about an offset in a value, but for the bytes of the chunk there, if it
// has one.
func appendChunkHead(b []byte, kind, seq, offset uint64, chunk []byte, has bool) []byte {
	n := 3
	if has {
		n = 4
	}
	b = msgpack.AppendUint(msgpack.AppendArrayHeader(b, n), kind)
	b = msgpack.AppendUint(b, seq)
	b = msgpack.AppendUint(b, offset)
	if has {
		b = msgpack.AppendBytesHeader(b, len(chunk))
	}
	return b
}

// readChunk reads the elements behind the kind of such a frame.
func readChunk(r *msgpack.Reader, has bool) (seq, offset uint64, chunk []byte, err error) {
	if seq, err = r.Unsigned(); err != nil {
		return 0, 0, nil, fmt.Errorf("frame sequence number: %w", err)
	}
	if offset, err = r.Unsigned(); err != nil {
		return 0, 0, nil, fmt.Errorf("frame offset: %w", err)
	}
	if has {
		if chunk, err = r.Binary(); err != nil {
			return 0, 0, nil, fmt.Errorf("frame chunk: %w", err)
		}
	}
	return seq, offset, chunk, nil
}
