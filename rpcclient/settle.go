package rpcclient

import (
	"context"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/wire"
)

// settle takes in the answer that has come, or why none does.
func (call *Invocation) settle(ctx context.Context, w *way) *helium.Error {
	if call.answer.large != nil {
		call.collect(ctx, &call.flight, &call.answer, w.view)
	}
	if call.answer.arrived {
		call.takeIn(&call.answer)
	}
	switch e := call.answer.err; {
	case e == nil:
		call.answered = true
		call.Result = codec.NewOwnedReader(call.answer.body)
		return nil
	case e == link.ErrNobody:
		call.method.service.LookAgain()
		return call.nobody(w)
	default:
		return e
	}
}

// takeIn takes in what came beside the result or the error.
func (call *Invocation) takeIn(a *answer) {
	if a.metadata != nil {
		r := msgpack.NewReader(a.metadata)
		md, err := r.TextMap(wire.MaxEntries)
		if err != nil {
			call.method.core.links.Counters.Malformed.Add(1) // the result is worth more than what came beside it
		}
		call.ReplyMetadata = md
	}
	call.Trace.handled(uint64(a.micros))
	if e := a.err; e != nil && e.Outcome != helium.Executed && (e.Code == helium.CodeUnimplemented || e.Code == helium.CodeInvalidArgument) {
		// The client had checked the call, so what it knows is behind.
		call.method.service.LookAgain()
	}
}

// nobody returns the error of a call that found nobody.
func (call *Invocation) nobody(w *way) *helium.Error {
	m := call.method
	switch view := m.service.Current(); {
	case call.key.Only != "":
		return call.strayed()
	case m.instance != "":
		return m.absent()
	case w.fitting != nil && !w.detour:
		return link.ErrNobody.WithMessage("no instance is running whose method %q fits the call, but others whose doesn't; start one", m.name)
	case view != nil && view.LackedBySome(m.name):
		return link.ErrNobody.WithMessage("no instance that has the method %q is running, only others of the service; start one that has it", m.name)
	}
	return link.ErrNobody
}
