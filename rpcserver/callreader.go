package rpcserver

import (
	"errors"
	"fmt"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver/internal/clocks"
)

// callReader makes calls of messages. It has memory of its own for them, so it belongs to the
// goroutine that receives.
type callReader struct {
	instance string
	services map[string]*service
	timeout  time.Duration                       // of calls that bring no deadline
	subject  func(service, method string) string // for plain requests
	clocks   *clocks.Clocks                      // of those who send by the link
	streams  streamReader

	sender           sender // what the last message said of who sent it
	asks             bool   // the last message held nothing else
	wantsTicket      bool   // the last message asks for a ticket, for who has the key of client
	client           wire.Fingerprint
	answered, oneWay []*Call      // what the last message held
	begun            []*Call      // of it, streams
	announced        []*Call      // of it, those whose arguments come in chunks, and say of them what they will be
	parts            []wire.Frame // of it, chunks of arguments
}

// read makes calls of a message: those that want an answer are answered, the others oneWay,
// and streams begun, until the next message is read. An error is that of the whole message, none of whose calls
// may run: helium.ErrBadMessage if it breaks the protocol.
func (r *callReader) read(in *link.Incoming, now time.Time) *helium.Error {
	clear(r.answered)
	clear(r.oneWay)
	clear(r.begun)
	r.answered, r.oneWay, r.begun, r.sender, r.asks = r.answered[:0], r.oneWay[:0], r.begun[:0], sender{}, false
	r.wantsTicket = false
	r.announced, r.parts = nil, nil
	to := r.target(in)
	switch {
	case in.Plain != nil:
		r.readPlain(in, to, now)
	case to.refusal != nil:
		return to.refusal
	default:
		if err := r.readFrames(in, to, now); err != nil {
			for range r.begun {
				r.streams.streams.leave()
			}
			return helium.ErrBadMessage.WithMessage("the message was refused whole: %w", err)
		}
	}
	return nil
}

// target is what a message is for.
type target struct {
	service *service
	method  *method       // nil: each call names its own
	refusal *helium.Error // not nil: nothing is served there
}

// target returns what a message is for.
func (r *callReader) target(in *link.Incoming) target {
	svc := r.services[in.Service]
	switch {
	case svc == nil || in.Method == "" && svc.record.PerMethod: // calls of several methods aren't taken together
		return target{refusal: helium.ErrNoMethod.WithMessage("instance %s serves nothing on %q; it takes calls on the subjects of methods only", r.instance, in.Where)}
	case in.Method == "":
		return target{service: svc}
	}
	m := svc.methods[in.Method]
	if m == nil {
		return target{refusal: helium.ErrNoMethod.WithMessage("instance %s of service %q has no method %.64q", r.instance, svc.name, in.Method)}
	}
	return target{service: svc, method: m}
}

// readFrames makes calls of a message's frames: those that want an answer, and those that
// nobody gets an answer of. A message that breaks the protocol anywhere is an error, and none
// of its calls may run. Frames of a kind that isn't known are for versions to come.
//
// The time that a call has left counts from when the message was begun, where its sender says
// when that was, and else from now.
func (r *callReader) readFrames(in *link.Incoming, to target, now time.Time) (err error) {
	begun := now
	frames, err := openFrames(in.Data)
	for first := true; err == nil && frames.More(); first = false {
		var f wire.Frame
		if err = frames.Next(&f); err != nil {
			break
		}
		isCall := f.Kind == wire.KindCall || f.Kind == wire.KindNotify
		isStream := f.Kind == wire.KindStream || f.Kind == wire.KindLargeStream
		r.asks = first && f.Kind == wire.KindSender
		switch {
		case r.asks:
			waited, sure := r.clocks.Waited(f.Seq, f.Time, now)
			r.sender = sender{speaks: true, abilities: f.Abilities, clock: f.Seq, unsure: !sure}
			r.sender.chunks = f.Abilities.Has(wire.Chunks) && !in.From.Once && !in.From.Ephemeral && in.From.Key != nobodysKey
			begun = now.Add(-waited)
		case f.Kind == wire.KindTicketRequest:
			client, err := wire.ReadTicketRequest(f.Body) // it may be ignored, so it is no fault of the message
			r.wantsTicket, r.client = err == nil, client
		case f.Kind == wire.KindChunk:
			r.parts = append(r.parts, f)
		case f.Kind == wire.KindLargeCall && (f.Seq == 0 || in.From.Key == nobodysKey):
			err = errors.New("a call whose arguments come in chunks wants no answer")
		case (isCall || isStream || f.Kind == wire.KindLargeCall) && len(r.answered)+len(r.oneWay)+len(r.begun)+len(r.announced) == wire.MaxCalls:
			err = fmt.Errorf("it has more than %d calls", wire.MaxCalls)
		case isStream:
			err = r.addStream(&f, to, in.From, begun, now)
		case f.Kind == wire.KindCall && f.Seq == 0:
			err = errors.New("a call has the sequence number 0, which stands for the whole message")
		case f.Kind == wire.KindCall && in.From.Key != nobodysKey:
			r.answered = append(r.answered, r.readCall(&f, to, begun))
		case f.Kind == wire.KindLargeCall:
			r.announced = append(r.announced, r.readCall(&f, to, begun))
		case isCall:
			r.addOneWay(r.readCall(&f, to, begun))
		case f.Kind == wire.KindReply, f.Kind == wire.KindError, f.Kind == wire.KindCancel, f.Kind >= wire.KindItems && f.Kind <= wire.KindItemPart:
			err = fmt.Errorf("a frame of kind %d has no place on a subject of calls", f.Kind)
		}
	}
	return err
}

// addOneWay takes in a call that no caller has a number for; it gets one where it is entered, see
// callers.admit.
func (r *callReader) addOneWay(call *Call) {
	if call.answer == nil {
		call.answer = nobody{}
	}
	r.oneWay = append(r.oneWay, call)
}

// addStream takes in a frame that begins a stream. The time left in it is that for the beginning.
func (r *callReader) addStream(f *wire.Frame, to target, from link.Caller, begun, now time.Time) error {
	switch {
	case f.Seq == 0:
		return errors.New("a stream has the sequence number 0, which stands for the whole message")
	case from.Key == nobodysKey:
		return errors.New("a stream has nobody who takes it, as the message has no reply subject")
	}
	begin := time.Duration(min(f.Time, uint64(wire.MaxTime/time.Millisecond))) * time.Millisecond
	if f.Time = uint64(wire.MaxTime / time.Millisecond); f.Terms.Lasts > 0 {
		f.Time = f.Terms.Lasts
	}
	call := r.readCall(f, to, begun)
	call.ctx.endless = f.Terms.Lasts == 0
	if r.streams.read(call, f, r.sender.abilities, from, begun.Add(begin), now); call.refusal == nil {
		r.begun = append(r.begun, call)
	} else {
		r.answered = append(r.answered, call)
	}
	return nil
}

// openFrames reads a message's header; the message must have frames.
func openFrames(data []byte) (wire.FrameReader, error) {
	frames, err := wire.ReadMessage(data)
	if err == nil && !frames.More() {
		err = errors.New("it has no frames")
	}
	return frames, err
}

// readCall makes a call of a frame of a message that was begun at a certain time. One that can't
// be run says why in its refusal.
func (r *callReader) readCall(f *wire.Frame, to target, begun time.Time) *Call {
	left := wire.MaxTime
	if f.Time < uint64(wire.MaxTime/time.Millisecond) {
		left = time.Duration(f.Time) * time.Millisecond
	}
	call := newCall(begun.Add(left))
	call.begun, call.unsure, call.takesChunks = begun, r.sender.unsure, r.sender.chunks
	call.probe = f.Time == 0
	call.seq, call.args = f.Seq, f.Body
	m := to.method
	switch {
	case m == nil && f.Method == "":
		call.refusal = helium.ErrBadMessage.WithMessage("a call on the subject of service %q names no method", to.service.name)
	case m == nil:
		if m = to.service.methods[f.Method]; m == nil {
			call.refusal = helium.ErrNoMethod.WithMessage("service %q has no method %.64q", to.service.name, f.Method)
		}
	case f.Method != "" && f.Method != m.name:
		// Permissions to publish on a method's subject are for that method alone.
		call.refusal = helium.ErrBadMessage.WithMessage("a call on the subject of %s.%s names the method %.64q", to.service.name, m.name, f.Method)
	}
	call.method = m
	if f.Metadata != nil {
		r := msgpack.NewReader(f.Metadata)
		md, err := r.TextMap(wire.MaxEntries)
		if err != nil && call.refusal == nil {
			call.refusal = helium.ErrBadMessage.WithMessage("the call's metadata: %w", err)
		}
		call.extra = len(f.Metadata) + len(md)*entryOverhead
		call.takeKey(md)
		if len(md) > 0 {
			call.metadata = md
			call.ctx.receive(md)
		}
	}
	return call
}

// readPlain makes a call of a plain request.
func (r *callReader) readPlain(in *link.Incoming, to target, now time.Time) {
	timeout, err := r.timeout, error(nil)
	if in.Timeout != "" {
		timeout, err = wire.ReadTimeout(in.Timeout)
	}
	call := newCall(now.Add(timeout))
	call.begun = now
	call.args, call.plain = in.Data, true
	service := ""
	if to.service != nil {
		service = to.service.name
	}
	if in.From.Key != nobodysKey {
		call.answer = &plainAnswer{link: in.Plain, to: in.From, service: service, came: now, answers: r.instance, json: looksLikeJSON(in.Data)}
	}
	switch {
	case to.refusal != nil:
		call.refusal = to.refusal
	case to.method == nil:
		call.refusal = helium.ErrBadMessage.WithMessage("a plain request names its method by its subject: send it to %q", r.subject(service, "<method>"))
	case err != nil:
		call.refusal = helium.ErrBadMessage.WithMessage("%w", err)
	default:
		call.method = to.method
	}
	if call.refusal == nil && to.method.signature.Streams() && r.streams.readPlain(call, in) {
		r.begun = append(r.begun, call)
		return
	}
	if answer, ok := call.answer.(*plainAnswer); ok && call.refusal != nil && to.method != nil && to.method.signature.Yields != nil {
		call.answer = refusedStream{answer}
	}
	r.addOneWay(call)
}
