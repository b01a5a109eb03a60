package rpcserver

import (
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/wire"
)

// The way of a message through the server:
//
//	NATS ─▶ inbound channel ─▶ receive ─┬▶ control: cancel a call
//	                                    ├▶ frames:  admit the calls ─┬▶ pool ──┬▶ run ─▶ answer
//	                                    └▶ plain:   admit one call  ─┴▶ round ─┘
//
// One goroutine at a time receives, in the order of arrival, so a cancel can't overtake
// its call. It runs those calls itself that are as quick as handing them to a worker; see
// round.

// receive handles messages until a nil one comes, or another goroutine has taken over.
func (s *Server) receive() {
	r := &round{server: s}
	s.round = r
	returned := false
	defer func() {
		if !returned {
			r.handOver() // a handler has ended this goroutine
		}
	}()
	for msg := <-s.inbound; msg != nil; msg = <-s.inbound {
		r.messages++
		s.handle(msg)
		if !r.run() {
			returned = true
			return
		}
		if !r.moreCame() {
			r.end()
		}
	}
	r.end()
	returned = true
	close(s.received)
}

func (s *Server) handle(msg *nats.Msg) {
	if msg.Reply != "" && !wire.AllowedReply(msg.Reply) {
		// Answering would let a caller make this server publish where only the
		// server may.
		s.counters.badReplies.Add(1)
		return
	}
	to := s.targets.at(msg.Subject)
	switch {
	case to.control:
		s.handleControl(msg)
	case !wire.IsMessage(msg.Data):
		s.handlePlain(msg, to)
	case to.refusal != nil:
		s.refuseMessage(msg.Reply, to.refusal)
	default:
		s.handleFrames(msg, to)
	}
}

// handleFrames admits the calls of a Helium message. A message that breaks the
// protocol anywhere is refused whole, before any of its calls runs.
func (s *Server) handleFrames(msg *nats.Msg, to target) {
	now := time.Now()
	calls, oneWay, err := s.readCalls(msg.Data, to, now)
	defer func() {
		s.calls, s.oneWay = calls, oneWay
		clear(calls)
		clear(oneWay)
	}()
	switch {
	case err != nil:
		s.counters.malformed.Add(1)
		s.refuseMessage(msg.Reply, helium.ErrBadMessage.WithMessage("the message was refused whole: %w", err))
		return
	case msg.Reply == "":
		oneWay = append(oneWay, calls...)
		clear(calls)
		calls = calls[:0]
	}
	if len(calls) > 0 {
		s.submit(s.callers.admit(msg.Reply, calls, now), now)
	}
	if len(oneWay) > 0 {
		s.submitForNobody(oneWay, now)
	}
}

// readCalls makes the calls of a message's frames, in the server's scratch slices.
// Frames of a kind that isn't known are for versions to come.
func (s *Server) readCalls(data []byte, to target, now time.Time) (calls, oneWay []*Call, err error) {
	calls, oneWay = s.calls[:0], s.oneWay[:0]
	frames, err := readFrames(data)
	for err == nil && frames.More() {
		var f wire.Frame
		if err = frames.Next(&f); err != nil {
			break
		}
		switch {
		case len(calls)+len(oneWay) == wire.MaxCalls:
			err = fmt.Errorf("it has more than %d calls", wire.MaxCalls)
		case f.Kind == wire.KindCall && f.Seq == 0:
			err = errors.New("a call has the sequence number 0, which stands for the whole message")
		case f.Kind == wire.KindCall:
			calls = append(calls, s.readCall(&f, to, now))
		case f.Kind == wire.KindNotify:
			oneWay = append(oneWay, s.readCall(&f, to, now))
		case f.Kind == wire.KindReply, f.Kind == wire.KindError, f.Kind == wire.KindCancel:
			err = fmt.Errorf("a frame of kind %d has no place on a subject of calls", f.Kind)
		}
	}
	return calls, oneWay, err
}

// readFrames reads a message's header; the message must have frames.
func readFrames(data []byte) (wire.FrameReader, error) {
	frames, err := wire.ReadMessage(data)
	if err == nil && !frames.More() {
		err = errors.New("it has no frames")
	}
	return frames, err
}

// submitForNobody runs calls that no sequence number of a caller's names.
func (s *Server) submitForNobody(calls []*Call, now time.Time) {
	for _, call := range calls {
		s.nobodySeq++
		call.seq = s.nobodySeq
	}
	s.submit(s.callers.admit(nobody, calls, now), now)
}

// readCall makes a call of a frame. One that can't be run says why in its refusal.
func (s *Server) readCall(f *wire.Frame, to target, now time.Time) *Call {
	left := wire.MaxTime
	if f.Time < uint64(wire.MaxTime/time.Millisecond) {
		left = time.Duration(f.Time) * time.Millisecond
	}
	call := newCall(to.method, now.Add(left))
	call.seq, call.args = f.Seq, f.Body
	switch {
	case to.method == nil && f.Method == "":
		call.refusal = helium.ErrBadMessage.WithMessage("a call on the subject of service %q names no method", to.service.name)
	case to.method == nil:
		if call.method = to.service.methods[f.Method]; call.method == nil {
			call.refusal = helium.ErrNoMethod.WithMessage("service %q has no method %.64q", to.service.name, f.Method)
		}
	case f.Method != "" && f.Method != to.method.name:
		// Permissions to publish on a method's subject are for that method alone.
		call.refusal = helium.ErrBadMessage.WithMessage("a call on the subject of %s.%s names the method %.64q", to.service.name, to.method.name, f.Method)
	}
	if f.Metadata != nil {
		r := msgpack.NewReader(f.Metadata)
		md, err := r.TextMap(wire.MaxEntries)
		if err != nil && call.refusal == nil {
			call.refusal = helium.ErrBadMessage.WithMessage("the call's metadata: %w", err)
		}
		call.metadata = md
		call.ctx.receive(md)
	}
	return call
}

// submit sees to it that admitted calls are run.
func (s *Server) submit(calls []*Call, now time.Time) {
	if len(calls) == 0 {
		return
	}
	s.active.Add(int64(len(calls)))
	countAdmitted(calls)
	s.deadlines.Watch(earliestDeadline(calls, now.Add(idleCaller)))
	if !s.round.take(calls, now) {
		s.queue(calls)
	}
}

// queue hands calls to the workers and refuses those for which there is no room.
func (s *Server) queue(calls []*Call) {
	taken := s.pool.submit(calls)
	for _, call := range calls[taken:] {
		s.counters.refused.Add(1)
		s.finish(call, helium.ErrOverloaded.WithOutcome(helium.NotExecuted), 0)
	}
}

// earliestDeadline returns when the sweep has to look, at the latest by a given time:
// callers are to be forgotten even if all their calls have years to run.
func earliestDeadline(calls []*Call, latest time.Time) time.Time {
	for _, call := range calls {
		latest = earlier(latest, call.ctx.deadline)
	}
	return latest
}

// countAdmitted counts calls that the receiver admits, neighbours of one method at once.
func countAdmitted(calls []*Call) {
	for len(calls) > 0 {
		m, n := calls[0].method, 1
		for n < len(calls) && calls[n].method == m {
			n++
		}
		if m != nil { // a call of no method is there to be refused
			m.tally.admitted.Add(uint64(n))
		}
		calls = calls[n:]
	}
}
