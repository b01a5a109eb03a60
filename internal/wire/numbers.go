package wire

import (
	"iter"

	"github.com/helium-rpc/helium/internal/msgpack"
)

// AppendNumber appends the sequence number of a call to the body of a [KindRunning].
func AppendNumber(body []byte, seq uint64) []byte { return msgpack.AppendUint(body, seq) }

// Numbers returns the sequence numbers in the body of a [KindRunning]. Reading them allocates
// nothing.
func Numbers(body []byte) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for r := msgpack.NewReader(body); r.Len() > 0; {
			seq, err := r.Unsigned()
			if err != nil || !yield(seq) {
				return
			}
		}
	}
}

// appendNumbers appends an array of a number and of those in a body.
func appendNumbers(b []byte, first uint64, body []byte) []byte {
	n := 1
	for range Numbers(body) {
		n++
	}
	return append(msgpack.AppendUint(msgpack.AppendArrayHeader(b, n), first), body...)
}

// readNumbers reads n numbers, to the first value that is none, and returns them as they stand.
func readNumbers(r *msgpack.Reader, n int) (body []byte, read int) {
	before := *r
	for read < n {
		if _, err := r.Unsigned(); err != nil {
			break
		}
		read++
	}
	return before.Until(r), read
}
