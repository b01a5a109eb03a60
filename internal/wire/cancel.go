package wire

import (
	"fmt"

	"github.com/helium-rpc/helium/internal/msgpack"
)

// TimeOver in the [Frame.Time] of a cancel says that its call has no time left: a handler is told that
// rather than that its caller gave up. The two clocks agree only so far, so the instance may think that some is left.
const TimeOver = 1

// appendCancel appends the frame of a cancel, which has a third element only where there is a reason.
func appendCancel(b []byte, kind, seq, reason uint64) []byte {
	n := 2
	if reason != 0 {
		n = 3
	}
	b = msgpack.AppendUint(msgpack.AppendArrayHeader(b, n), kind)
	b = msgpack.AppendUint(b, seq)
	if reason != 0 {
		b = msgpack.AppendUint(b, reason)
	}
	return b
}

// readCancel reads the elements behind the kind of such a frame of n, and says how many it has read. Other reasons
// are for versions to come.
func readCancel(r *msgpack.Reader, n int) (seq, reason uint64, read int, err error) {
	if n < 2 {
		return 0, 0, 0, fmt.Errorf("cancel frame: %d elements, want at least 2", n)
	}
	if seq, err = r.Unsigned(); err != nil {
		return 0, 0, 0, fmt.Errorf("frame sequence number: %w", err)
	}
	read = 2
	if n > 2 {
		if reason, err = r.Unsigned(); err != nil {
			return seq, 0, 2, nil
		}
		read++
	}
	if reason != TimeOver {
		reason = 0
	}
	return seq, reason, read, nil
}
