package rpcserver

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/wire"
)

// An answer that doesn't fit a message would be its caller's timeout. So results are
// measured before they leave, and errors are cut to what always fits.

// answer is what a caller gets for a call.
type answer struct {
	err      *helium.Error // nil: the call's result
	micros   uint64        // the handler's time
	metadata []byte        // a msgpack map, or nil
}

// answer sends a call's answer, unless it was answered before, and reports whether it
// did. It looks at the call's result only if a has no error.
func (s *Server) answer(call *Call, a *answer) bool {
	company, ok := call.caller.take(call)
	switch {
	case !ok:
		return false
	case call.plain != nil:
		s.answerPlain(call.plain, a.err)
	case call.caller.outbox != nil:
		f := wire.Frame{Kind: wire.KindReply, Seq: call.seq, Time: a.micros, Metadata: a.metadata}
		if a.err != nil {
			f.Kind, f.Body = wire.KindError, wire.AppendError(nil, a.err)
		} else {
			f.Body = call.Result.Bytes()
		}
		if a.err == nil && batch.GoesWhole(&f, company) {
			call.caller.outbox.AddWhole(wire.Whole(&f, &call.Result), "", nil)
		} else {
			call.caller.outbox.Add(&f, "", 0, company, nil)
		}
	}
	return true
}

// pack brings the result of a call that went well into the form in which it leaves.
func (s *Server) pack(call *Call) *helium.Error {
	if err := call.Result.Err(); err != nil {
		return helium.ErrBadResult.WithMessage("%s ran, and its result can't be encoded: %w", call.describe(), err)
	}
	if len(call.Result.Bytes()) == 0 {
		call.Result.Nil()
	}
	if len(call.ReplyMetadata) > wire.MaxEntries {
		return helium.ErrBadResult.WithMessage("%s ran, and its reply metadata have %d entries; at most %d are allowed", call.describe(), len(call.ReplyMetadata), wire.MaxEntries)
	}
	if call.plain != nil {
		return s.packPlain(call)
	}
	call.packMetadata()
	f := wire.Frame{Metadata: call.packed, Body: call.Result.Bytes()}
	return s.tooLarge(call, wire.HeaderSize+f.Size())
}

func (s *Server) tooLarge(call *Call, size int) *helium.Error {
	if limit := s.maxPayload(); size > limit {
		return helium.ErrResultTooLarge.WithMessage("%s ran, and its result makes a message of %d bytes; at most %d fit. Return less at once, or raise the NATS server's max_payload", call.describe(), size, limit)
	}
	return nil
}

// packMetadata encodes the reply's metadata, which the handler may not touch any more.
func (c *Call) packMetadata() {
	if len(c.ReplyMetadata) > 0 {
		c.packed = msgpack.AppendStringMap(nil, c.ReplyMetadata)
	}
}

// fit returns a copy of e with its texts cut to what a message takes.
func (s *Server) fit(e *helium.Error) *helium.Error {
	limit := s.errorRoom()
	c := *e
	c.Message = cutText(e.Message, limit)
	c.Reason = cutText(e.Reason, wire.MaxReason)
	size := 0
	for k, v := range e.Details {
		size += len(k) + len(v)
	}
	if size > limit || len(e.Details) > wire.MaxEntries {
		c.Details = map[string]string{"helium.details": fmt.Sprintf("left out: %d entries of %d bytes are too many", len(e.Details), size)}
	}
	return &c
}

// errorRoom returns how many bytes an error's message may have, and its details, and
// the metadata beside it.
func (s *Server) errorRoom() int {
	return min(wire.MaxErrorText, max(0, s.maxPayload()-wire.ErrorOverhead)/4)
}

// cutText shortens a text to a number of bytes, between two characters.
func cutText(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}

// publish sends a message of replies.
func (c *caller) publish(m *batch.Message) {
	c.mu.Lock()
	reply := c.reply
	c.owed -= m.Frames
	c.messages++
	nth, last := c.messages, c.owed == 0
	c.mu.Unlock()
	s := c.server
	s.counters.sent(m.Frames) // first: who has an answer finds it counted
	if c.brief {
		s.refusals.lately.Add(reply) // the caller is forgotten by now
	}
	switch err := s.nc.Publish(reply, m.Data); {
	case errors.Is(err, nats.ErrMaxPayload):
		s.publishSingly(reply, m)
	case err != nil:
		s.counters.lostReplies.Add(uint64(m.Frames))
	}
	if c.export != "" {
		s.exports.answered(c.export, reply, nth, last)
	}
}

// publishSingly sends each reply of a message alone: the connection moved to a NATS
// server that takes smaller messages since the outbox was made. What still doesn't
// fit becomes an error.
func (s *Server) publishSingly(reply string, m *batch.Message) {
	s.payload.learn()
	s.counters.messagesSent.Add(uint64(m.Frames - 1)) // it was counted as one
	frames, err := wire.ReadMessage(m.Data)
	for err == nil && frames.More() {
		var f wire.Frame
		if err = frames.Next(&f); err != nil {
			break
		}
		if wire.HeaderSize+f.Size() > s.maxPayload() {
			e := helium.ErrResultTooLarge.WithOutcome(helium.Executed)
			e.Instance = s.instance
			f = wire.Frame{Kind: wire.KindError, Seq: f.Seq, Time: f.Time, Body: wire.AppendError(nil, e)}
		}
		s.publishFrame(reply, &f)
	}
}

// publishFrame sends a message of one frame, which is counted already.
func (s *Server) publishFrame(reply string, f *wire.Frame) {
	if s.nc.Publish(reply, wire.AppendFrame(wire.AppendMessageHeader(nil), f)) != nil {
		s.counters.lostReplies.Add(1)
	}
}

// refuseMessage tells a caller that nothing in its message is run: an error with the
// sequence number 0 concerns the message, not one of its calls.
func (s *Server) refuseMessage(reply string, err *helium.Error) {
	e := s.fit(err)
	e.Outcome, e.Instance = helium.NotExecuted, s.instance
	if reply == "" {
		s.unheard(e)
		return
	}
	s.counters.sent(1)
	s.refusals.lately.Add(reply)
	s.publishFrame(reply, &wire.Frame{Kind: wire.KindError, Body: wire.AppendError(nil, e)})
}
