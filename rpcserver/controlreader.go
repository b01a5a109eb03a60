package rpcserver

import (
	"fmt"

	"github.com/helium-rpc/helium/internal/wire"
)

// readControl reads the frames of a message to a control subject into frames: cancels, and what goes
// on in streams.
func readControl(data []byte, into []wire.Frame) ([]wire.Frame, error) {
	frames, err := openFrames(data)
	for err == nil && frames.More() {
		var f wire.Frame
		if err = frames.Next(&f); err != nil {
			break
		}
		switch f.Kind {
		case wire.KindCancel, wire.KindItems, wire.KindItemsEnd, wire.KindCredit, wire.KindChunkCredit:
			into = append(into, f)
		case wire.KindCall, wire.KindNotify, wire.KindReply, wire.KindError, wire.KindStream, wire.KindLargeCall, wire.KindLargeReply:
			err = fmt.Errorf("a frame of kind %d has no place on a control subject, which takes cancels and what goes on in streams", f.Kind)
		}
	}
	return into, err
}
