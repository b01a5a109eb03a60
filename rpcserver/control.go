package rpcserver

import (
	"fmt"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

// handleControl cancels the calls that a message names, and hands streams what concerns them. Like a
// message of calls it is read whole before anything is done.
func (r *receiver) handleControl(in *link.Incoming) {
	if in.Plain != nil {
		r.counters.malformed.Add(1)
		err := helium.ErrBadMessage.WithMessage("%s takes cancels and what goes on in streams; send a plain request to %q", in.Where, r.reader.subject("<service>", "<method>")).WithOutcome(helium.NotExecuted)
		err.Instance = r.reader.instance
		if in.From.Key != nobodysKey {
			(&plainAnswer{link: in.Plain, to: in.From, json: looksLikeJSON(in.Data)}).fail(err)
		}
		return
	}
	frames, err := readControl(in.Data, r.control[:0])
	defer func() { clear(frames); r.control = frames[:0] }()
	switch {
	case in.From.Key == nobodysKey:
		// Only from whom the message is tells whose calls are meant, and who is to hear of a fault.
		r.counters.malformed.Add(1)
		return
	case err != nil:
		r.counters.malformed.Add(1)
		r.refuse(in, helium.ErrBadMessage.WithMessage("the message was refused whole: %w", err))
		return
	}
	for i := range frames {
		f := &frames[i]
		switch {
		case f.Kind == wire.KindChunkCredit:
			r.callers.large(in.From, f.Seq).grant(f.Time)
		case f.Kind != wire.KindCancel:
			r.callers.follow(in.From, f) // that of a stream which is over is late
		case r.callers.cancel(in.From.Key, f.Seq, endingOf(f)):
			r.counters.cancels.Add(1)
		default:
			r.counters.strayCancels.Add(1)
		}
	}
}

// endingOf returns why a cancel ends its call's context.
func endingOf(cancel *wire.Frame) ending {
	if cancel.Time == wire.TimeOver {
		return exceeded
	}
	return canceled
}

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
		case wire.KindCancel, wire.KindItems, wire.KindItemPart, wire.KindItemsEnd, wire.KindCredit, wire.KindAccount, wire.KindChunkCredit:
			into = append(into, f)
		case wire.KindCall, wire.KindNotify, wire.KindReply, wire.KindError, wire.KindStream, wire.KindLargeCall, wire.KindLargeReply, wire.KindLargeStream:
			err = fmt.Errorf("a frame of kind %d has no place on a control subject, which takes cancels and what goes on in streams", f.Kind)
		}
	}
	return into, err
}
