package rpcserver

import (
	"math/rand/v2"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver/internal/answers"
)

// streamReader makes streams of calls that begin one.
type streamReader struct {
	instance string
	streams  *streams
}

// read gives a call its stream, which a frame begins, or a refusal: then it is answered like any call. It is to
// have begun by the deadline. Abilities are those of its sender.
func (r *streamReader) read(call *Call, f *wire.Frame, abilities wire.Abilities, from link.Caller, deadline, now time.Time) {
	var args *wire.Extent
	if f.Kind == wire.KindLargeStream {
		extent, err := wire.ReadExtent(call.args)
		call.args, args = nil, &extent
		if call.refusal == nil {
			call.refusal = r.refusesLarge(extent, err, abilities)
		}
	}
	if call.refusal == nil {
		call.refusal = r.refuses(call, from, deadline, now)
	}
	if call.refusal == nil {
		call.answer = newServerStream(call, f.Terms, args, r.streams, abilities)
	}
}

// refusesLarge returns why arguments can't come as the first item of a stream.
func (r *streamReader) refusesLarge(args wire.Extent, err error, abilities wire.Abilities) *helium.Error {
	switch {
	case err != nil:
		return helium.ErrBadMessage.WithMessage("a stream whose arguments come as an item: %w", err)
	case !abilities.Has(largeStreams):
		return helium.ErrBadMessage.WithMessage("a stream whose arguments come as an item, from a caller that doesn't say that it takes such items")
	case args.Length > uint64(r.streams.maxValue):
		return errArgsTooLarge(args.Length, r.instance, r.streams.maxValue)
	}
	return nil
}

// readPlain gives a call that is a plain request its stream, or a refusal. It reports whether items leave,
// for which the call has a goroutine of its own.
func (r *streamReader) readPlain(call *Call, in *link.Incoming) bool {
	m := call.method
	if m.signature.Yields == nil {
		if call.answer == nil {
			call.answer = nobody{}
		}
		call.answer = &plainSending{answerer: call.answer}
		return false
	}
	answer, _ := call.answer.(*plainAnswer)
	if call.refusal = r.refusesPlain(answer, in); call.refusal != nil {
		return false
	}
	way := answer.link.(link.PlainStreamer).StreamTo(in.From)
	switch {
	case way == nil:
		call.refusal = helium.ErrStreamsUnsupported.WithMessage("instance %s doesn't hear of NATS whether anybody takes the items of a stream here; let its user subscribe to its own inboxes, \"_INBOX.<user>.>\"", r.instance)
		return false
	case !r.streams.enter():
		call.refusal = r.full()
		return false
	}
	call.seq = rand.Uint64()
	call.answer = &plainStream{plainAnswer: answer, way: way, counters: &r.streams.counters, stats: &m.stats}
	return true
}

// refusesPlain returns why a plain request can't begin a stream.
func (r *streamReader) refusesPlain(answer *plainAnswer, in *link.Incoming) *helium.Error {
	switch {
	case answer == nil:
		return helium.ErrStreamsUnsupported.WithMessage("nobody takes the items of a stream, as the request has no reply subject")
	case in.From.Once, answers.IsExported(in.From.Address):
		return r.needsSeveral(in.From)
	}
	return nil
}

// needsSeveral is the error of a stream to a caller that nothing could go on with, and says what would.
func (r *streamReader) needsSeveral(to link.Caller) *helium.Error {
	switch {
	case answers.IsExported(to.Address):
		return helium.ErrStreamsUnsupported.WithMessage("the request came through another account's import, where NATS gives each message a reply subject of its own, so instance %s can't tell what belongs to one stream; begin it from a connection to the instance's own account", r.instance)
	case to.Once:
		return helium.ErrStreamsUnsupported.WithMessage("NATS lets instance %s answer each message by one only, and a stream takes several; let its user publish to \"_INBOX.>\"", r.instance)
	}
	return helium.ErrStreamsUnsupported.WithMessage("the caller's reply subject is for one message, and a stream has many; its last token has to begin with \"+\"")
}

// full is the error of one stream too many.
func (r *streamReader) full() *helium.Error {
	return helium.ErrOverloaded.WithMessage("the instance has %d streams, as many as it takes, or is shutting down", r.streams.count())
}

// refuses returns why a call that begins a stream can't.
func (r *streamReader) refuses(call *Call, from link.Caller, deadline, now time.Time) *helium.Error {
	switch {
	case !call.method.signature.Streams():
		return helium.ErrIsStream.WithMessage("%s neither takes nor returns a stream; call it", call.method.signature)
	case from.Once, from.Ephemeral:
		return r.needsSeveral(from)
	case call.key != "":
		return helium.ErrIdempotencyKeysUnsupported.WithMessage("a stream can't be replayed; call it without an idempotency key")
	case !now.Before(deadline):
		return expired(call, now)
	case !r.streams.enter():
		return r.full()
	}
	return nil
}
