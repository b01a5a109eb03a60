package probe

import (
	"errors"
	"fmt"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/wire"
)

// ignorable returns a message that holds no call, by the rule for unknown frames.
func ignorable() []byte { return wire.AppendNothing(wire.AppendMessageHeader(nil)) }

// expired returns a message with one call that has no time left, of one argument more
// than the method takes.
func expired(seq uint64, params int) []byte {
	args := msgpack.AppendArrayHeader(nil, params+1)
	for range params + 1 {
		args = msgpack.AppendNil(args)
	}
	return wire.AppendFrame(wire.AppendMessageHeader(nil), &wire.Frame{Kind: wire.KindCall, Seq: seq, Time: 0, Body: args})
}

var errRan = errors.New("it answered with a result, as if the call had run: the time left in a call means nothing to it")

// readAnswer reads what came back for a call: the error that refused it. A call that
// wasn't refused, or an answer that can't be read, is an error of this side.
func readAnswer(data []byte, seq uint64) (refusal *helium.Error, err error) {
	frames, err := wire.ReadMessage(data)
	for err == nil && frames.More() {
		var f wire.Frame
		if err = frames.Next(&f); err != nil {
			break
		}
		switch {
		case f.Seq != seq && f.Seq != 0: // 0: a refusal of the whole message
		case f.Kind == wire.KindError:
			return wire.ReadError(f.Body)
		case f.Kind == wire.KindReply:
			return nil, errRan
		}
	}
	if err == nil {
		err = fmt.Errorf("the answer holds none to call %d", seq)
	}
	return nil, err
}
