package rpcserver

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// The way of a message through the server:
//
//	NATS ─▶ inbound channel ─▶ receive ─┬▶ control: cancel a call
//	                                    ├▶ frames:  admit the calls ─▶ pool ─▶ run ─▶ answer
//	                                    └▶ plain:   admit one call  ─▶ pool ─▶ run ─▶ answer
//
// One goroutine receives, in the order of arrival, so a cancel can't overtake its
// call; it never runs a handler and never waits.

// target is what a subject stands for.
type target struct {
	service *service
	method  *method // nil on a subject for several methods
}

// maxMetadata bounds the metadata of one call, in entries.
const maxMetadata = 256

// longest bounds the time left that a caller may claim.
const longest = 365 * 24 * time.Hour

// receive handles messages until a nil one comes.
func (s *Server) receive() {
	defer close(s.received)
	for msg := range s.inbound {
		if msg == nil {
			return
		}
		s.handle(msg)
	}
}

func (s *Server) handle(msg *nats.Msg) {
	if msg.Reply != "" && !wire.AllowedReply(msg.Reply) {
		// Answering would let a caller make this server publish where only the
		// server may.
		s.counters.badReplies.Add(1)
		return
	}
	if msg.Subject == s.control {
		s.handleControl(msg)
		return
	}
	to, ok := s.targets[msg.Subject]
	if !ok {
		s.counters.malformed.Add(1)
		return
	}
	if wire.IsMessage(msg.Data) {
		s.handleFrames(msg, to)
		return
	}
	s.handlePlain(msg, to)
}

// handleControl cancels the calls that the message names.
func (s *Server) handleControl(msg *nats.Msg) {
	frames, err := wire.ReadMessage(msg.Data)
	for err == nil && frames.More() {
		var f wire.Frame
		if err = frames.Next(&f); err == nil && f.Kind == wire.KindCancel {
			s.callers.cancel(msg.Reply, f.Seq, context.Canceled)
		}
	}
	if err != nil {
		s.counters.malformed.Add(1)
	}
}

// handleFrames admits the calls of a Helium message. A message that breaks the
// protocol anywhere is refused whole, before any of its calls runs.
func (s *Server) handleFrames(msg *nats.Msg, to target) {
	calls, oneWay := s.calls[:0], s.oneWay[:0]
	defer func() {
		s.calls, s.oneWay = calls, oneWay
		clear(calls)
		clear(oneWay)
	}()
	now := time.Now()
	frames, err := wire.ReadMessage(msg.Data)
	for err == nil && frames.More() {
		var f wire.Frame
		if err = frames.Next(&f); err != nil {
			break
		}
		switch f.Kind {
		case wire.KindCall:
			calls = append(calls, s.newCall(&f, to, now))
		case wire.KindNotify:
			oneWay = append(oneWay, s.newCall(&f, to, now))
		}
	}
	switch {
	case err != nil:
		s.counters.malformed.Add(1)
		s.refuseMessage(msg.Reply, ErrBadMessage.WithMessage("the message was refused whole: %w", err))
		return
	case msg.Reply == "":
		oneWay = append(oneWay, calls...)
		clear(calls)
		calls = calls[:0]
	}
	if len(calls) > 0 {
		s.submit(s.callers.admit(msg.Reply, calls, now))
	}
	if len(oneWay) > 0 {
		s.submitForNobody(oneWay, now)
	}
}

// submitForNobody runs calls that no sequence number of a caller's names.
func (s *Server) submitForNobody(calls []*Call, now time.Time) {
	for _, call := range calls {
		s.nobodySeq++
		call.seq = s.nobodySeq
	}
	s.submit(s.callers.admit(nobody, calls, now))
}

// newCall makes a call of a frame. One that can't be run says why in its refusal.
func (s *Server) newCall(f *wire.Frame, to target, now time.Time) *Call {
	left := longest
	if f.Time < uint64(longest/time.Millisecond) {
		left = time.Duration(f.Time) * time.Millisecond
	}
	call := s.emptyCall(to, now.Add(left))
	call.seq, call.args = f.Seq, f.Body
	switch {
	case to.method == nil:
		if call.method = to.service.methods[f.Method]; call.method == nil {
			call.refusal = ErrNoMethod.WithMessage("service %q has no method %.64q", to.service.name, f.Method)
		}
	case f.Method != "" && f.Method != to.method.Name:
		// Permissions to publish on a method's subject are for that method alone.
		call.refusal = ErrBadMessage.WithMessage("a call on the subject of %s.%s names the method %.64q", to.service.name, to.method.Name, f.Method)
	}
	if f.Metadata != nil {
		r := wire.NewReader(f.Metadata)
		md, err := r.StringMap(maxMetadata)
		if err != nil {
			call.refusal = ErrBadMessage.WithMessage("the call's metadata: %w", err)
		}
		call.metadata = md
	}
	return call
}

func (s *Server) emptyCall(to target, deadline time.Time) *Call {
	call := &Call{method: to.method}
	call.Result = wire.NewWriter(call.small[:0])
	call.ctx.call = call
	call.ctx.deadline = deadline
	return call
}

// submit hands admitted calls to the pool and refuses those for which it has no room.
func (s *Server) submit(calls []*Call) {
	if len(calls) == 0 {
		return
	}
	s.active.Add(int64(len(calls)))
	s.deadlines.Watch(earliestDeadline(calls))
	taken := s.pool.submit(calls)
	for _, call := range calls[taken:] {
		s.counters.refused.Add(1)
		s.finish(call, ErrOverloaded.WithOutcome(helium.NotExecuted), 0)
	}
}

func earliestDeadline(calls []*Call) time.Time {
	earliest := calls[0].ctx.deadline
	for _, call := range calls[1:] {
		if call.ctx.deadline.Before(earliest) {
			earliest = call.ctx.deadline
		}
	}
	return earliest
}

// refuseMessage tells a caller that its message broke the protocol: an error with
// the sequence number 0 concerns the message, not one of its calls.
func (s *Server) refuseMessage(reply string, err *helium.Error) {
	if reply == "" {
		return
	}
	err.Outcome, err.Instance = helium.NotExecuted, s.instance
	f := wire.Frame{Kind: wire.KindError, Body: wire.AppendError(nil, err)}
	s.counters.sent(1)
	if s.nc.Publish(reply, wire.AppendFrame(wire.AppendMessageHeader(nil), &f)) != nil {
		s.counters.lostReplies.Add(1)
	}
}
