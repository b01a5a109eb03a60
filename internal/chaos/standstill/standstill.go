// Package standstill has a NATS client seem to be on a machine that was suspended: what its messages of calls
// say of its clock is less than it was, as it is where the clock stood still for a while.
package standstill

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"github.com/helium-rpc/helium/internal/chaos/proxy"
	"github.com/helium-rpc/helium/internal/wire"
)

// Rewriter rewrites what a client sends on one connection, for [proxy.StartRewriting].
type Rewriter struct{ rest []byte } // what came of a line or a message that isn't whole yet

// New returns a rewriter for a connection that has just been made.
func New() proxy.Rewriter { return new(Rewriter) }

// Rewrite implements [proxy.Rewriter].
func (r *Rewriter) Rewrite(came []byte, now proxy.Conditions) (out []byte) {
	r.rest = append(r.rest, came...)
	for {
		line, more, whole := bytes.Cut(r.rest, []byte("\r\n"))
		if !whole {
			return out
		}
		words := bytes.Fields(line)
		if len(words) < 3 || !bytes.EqualFold(words[0], []byte("PUB")) && !bytes.EqualFold(words[0], []byte("HPUB")) {
			out, r.rest = append(append(out, line...), "\r\n"...), more
			continue
		}
		size, err := strconv.Atoi(string(words[len(words)-1]))
		if err != nil || len(more) < size+2 {
			return out // the message isn't whole; one without a size never is, and NATS would have refused it
		}
		payload := more[:size]
		if now.Behind != 0 && len(words[0]) == len("PUB") {
			payload = setBack(payload, now.Behind)
			line = fmt.Appendf(bytes.TrimRight(line, "0123456789"), "%d", len(payload))
		}
		out = append(append(append(append(out, line...), "\r\n"...), payload...), "\r\n"...)
		r.rest = more[size+2:]
	}
}

// setBack returns a message with the reading of its sender's clock set back, if it has one.
func setBack(message []byte, by time.Duration) []byte {
	frames, err := wire.ReadMessage(message)
	if err != nil {
		return message
	}
	var f wire.Frame
	if frames.Next(&f) != nil || f.Kind != wire.KindSender {
		return message
	}
	frame := func() []byte { return wire.AppendFrame(wire.AppendMessageHeader(nil), &f) }
	rest, found := bytes.CutPrefix(message, frame())
	if !found {
		return message
	}
	f.Time -= uint64(by / time.Microsecond)
	return append(frame(), rest...)
}
