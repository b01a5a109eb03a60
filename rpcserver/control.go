package rpcserver

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// handleControl cancels the calls that a message on one of the instance's control subjects names.
// Like a message of calls it is read whole before anything is done.
func (s *Server) handleControl(msg *nats.Msg) {
	if !wire.IsMessage(msg.Data) {
		s.counters.malformed.Add(1)
		err := helium.ErrBadMessage.WithMessage("%s takes cancels only; send a plain request to %q", msg.Subject, s.subjects.Method("<service>", "<method>")).WithOutcome(helium.NotExecuted)
		err.Instance = s.instance
		s.answerPlain(&plainRequest{reply: msg.Reply, json: looksLikeJSON(msg.Data)}, err)
		return
	}
	numbers, err := readCancels(msg.Data)
	switch {
	case msg.Reply == "":
		// Only the reply subject tells whose calls are meant, and who is to hear of a fault.
		s.counters.malformed.Add(1)
		return
	case err != nil:
		s.counters.malformed.Add(1)
		s.refuseMessage(msg.Reply, helium.ErrBadMessage.WithMessage("the message was refused whole: %w", err))
		return
	}
	for _, seq := range numbers {
		if s.callers.cancel(msg.Reply, seq, context.Canceled) {
			s.counters.cancels.Add(1)
		} else {
			s.counters.strayCancels.Add(1)
		}
	}
}

// readCancels returns the sequence numbers of the cancels in a message.
func readCancels(data []byte) (numbers []uint64, err error) {
	frames, err := readFrames(data)
	for err == nil && frames.More() {
		var f wire.Frame
		if err = frames.Next(&f); err != nil {
			break
		}
		switch f.Kind {
		case wire.KindCancel:
			numbers = append(numbers, f.Seq)
		case wire.KindCall, wire.KindNotify, wire.KindReply, wire.KindError:
			err = fmt.Errorf("a frame of kind %d has no place on a control subject, which takes cancels only", f.Kind)
		}
	}
	return numbers, err
}
