package wire

import (
	"iter"

	"github.com/helium-rpc/helium/internal/msgpack"
)

// AppendRunning appends the numbers of calls to the body of a KindRunning.
func AppendRunning(body []byte, seq uint64) []byte { return msgpack.AppendUint(body, seq) }

// Running returns the sequence numbers in a KindRunning. Reading them allocates nothing.
func (f *Frame) Running() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for r := msgpack.NewReader(f.Body); r.Len() > 0; {
			seq, err := r.Unsigned()
			if err != nil || !yield(seq) {
				return
			}
		}
	}
}

func appendRunningHead(b []byte, f *Frame) []byte {
	n := 1
	for range f.Running() {
		n++
	}
	return msgpack.AppendUint(msgpack.AppendArrayHeader(b, n), uint64(f.Kind))
}

// readRunning reads a KindRunning of n elements, and returns how many it has read. One that has
// anything but numbers in it is ignored; see readAbout.
func (fr *FrameReader) readRunning(f *Frame, n int) (read int) {
	before := fr.r
	for read = 1; read < n; read++ {
		if _, err := fr.r.Unsigned(); err != nil {
			*f = Frame{Kind: kindNothing}
			return read
		}
	}
	f.Body = before.Until(&fr.r)
	return read
}
