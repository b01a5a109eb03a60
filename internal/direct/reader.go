package direct

import (
	"encoding/binary"
	"io"

	"github.com/helium-rpc/helium/internal/uncleared"
)

const (
	// smallChunk and largeChunk are how much memory is taken at once for what is read, in bytes:
	// the one for a connection on which little comes at a time. What was read points into it for
	// as long as somebody needs it, so it isn't used again.
	smallChunk = 4 << 10
	largeChunk = 64 << 10
	// firstPart is how much memory is taken for a large frame before any of it has come, in
	// bytes, and then as much again as has come: lengths are only claims.
	firstPart = 1 << 20
)

// reader reads frames. A frame that is read stays as it is.
type reader struct {
	from  io.Reader
	chunk []byte // chunk[begin:end] was read and is in no frame yet
	begin int
	end   int
	large bool // the last chunk was soon full
	reads int  // into this chunk
	alone bool // the last frame was as large as a chunk or so, and so may be the next
}

// next waits for the next frame.
func (r *reader) next(f *frame) error {
	for {
		n, whole, err := r.whole()
		switch {
		case err != nil:
			return err
		case whole:
			b := r.chunk[r.begin+lengthSize : r.begin+lengthSize+n : r.begin+lengthSize+n]
			r.begin += lengthSize + n
			r.alone = false
			return f.read(b)
		case n > largeChunk/4:
			b, err := r.readLarge(n)
			if err != nil {
				return err
			}
			r.alone = n > largeChunk/2 && n <= 2*largeChunk
			return f.read(b)
		}
		if err := r.fill(n); err != nil {
			return err
		}
	}
}

// whole reports whether a whole frame was read, and how long it is behind its length; 0: that
// isn't known yet.
func (r *reader) whole() (n int, whole bool, err error) {
	have := r.chunk[r.begin:r.end]
	if len(have) <= lengthSize {
		return 0, false, nil
	}
	n = int(binary.BigEndian.Uint32(have))
	if err := checkLength(n, kind(have[lengthSize])); err != nil {
		return 0, false, err
	}
	return n, len(have) >= lengthSize+n, nil
}

// waits reports whether next would return at once.
func (r *reader) waits() bool {
	_, whole, err := r.whole()
	return whole || err != nil
}

// fill reads what is there, for a frame of n bytes behind its length; 0: not known.
func (r *reader) fill(n int) error {
	if need := lengthSize + max(n, 1); len(r.chunk)-r.begin < need || len(r.chunk)-r.end < smallChunk/8 {
		size := smallChunk
		if r.large = r.reads < 4 && len(r.chunk) > 0 || r.large && r.reads < 64; r.large {
			size = largeChunk
		}
		chunk := uncleared.Bytes(max(size, 2*need))
		r.end = copy(chunk, r.chunk[r.begin:r.end])
		r.chunk, r.begin, r.reads = chunk, 0, 0
	}
	most := len(r.chunk)
	if r.alone {
		most = min(most, r.end+smallChunk) // what is read of a large frame here has to be moved
	}
	got, err := r.from.Read(r.chunk[r.end:most])
	r.end += got
	r.reads++
	if got > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

// readLarge reads a frame of n bytes into memory of its own.
func (r *reader) readLarge(n int) ([]byte, error) {
	b := uncleared.Bytes(min(n, firstPart))
	have := copy(b, r.chunk[r.begin+lengthSize:r.end])
	r.end = r.begin // it has moved
	for {
		if _, err := io.ReadFull(r.from, b[have:]); err != nil {
			return nil, err
		}
		have = len(b)
		if have == n {
			return b, nil
		}
		grown := uncleared.Bytes(have + min(n-have, have))
		copy(grown, b)
		b = grown
	}
}
