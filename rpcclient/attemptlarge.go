package rpcclient

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/internal/directory"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

// attemptLarge is attempt for a call whose arguments don't fit a message, as tooLarge says.
func (call *Invocation) attemptLarge(ctx context.Context, w *way, tooLarge *helium.Error, deadline time.Time) *helium.Error {
	c := call.method.core
	if e := call.sendable(); e != nil {
		return e
	}
	to := call.inChunksTo(w)
	switch {
	case to == nil && len(call.avoided()) > 0:
		return helium.ErrNotSent.WithMessage("the call couldn't be sent: the instances that take its arguments in chunks are gone").WithOutcome(helium.NotExecuted)
	case to == nil && call.method.isStranger(w.view):
		call.flight.To = w.to
		return call.method.absent()
	case to == nil:
		return tooLarge.WithMessage("%s, and no instance that the call can go to takes more in chunks", tooLarge.Message)
	}
	room, e := call.roomToSend(ctx, deadline)
	if e != nil {
		return e
	}
	defer room.Leave()
	var f wire.Frame
	if e := call.fillLarge(&f, wire.KindLargeCall, time.Until(deadline)); e != nil {
		return e
	}
	flight, a := &call.flight, &call.answer
	flight.To, flight.Deadline, flight.Waiter = to, deadline, a
	flight.Why = ", where the call has to go as its arguments travel in chunks"
	a.reset()
	a.large = newLarge(chunks.NewOutgoing(call.Args.Bytes()))
	call.ReplyMetadata = nil
	call.Trace.leaves(to)
	if e := c.links.Announce(flight, &f); e != nil {
		a.large = nil
		return e
	}
	call.Trace.left()
	e = call.settle(ctx, w)
	call.Trace.ended(flight, c.links)
	return e
}

// inChunksTo returns where a call goes whose arguments travel in chunks; nil: nowhere.
func (call *Invocation) inChunksTo(w *way) *link.Method {
	m, view := call.method, w.view
	takesChunks := func(to *link.Method) bool {
		abilities := view.Abilities(to.Endpoint.Instance)
		return abilities.Has(wire.Chunks) && !abilities.Has(wire.AnswersOnce)
	}
	var all []*link.Method
	switch {
	case m.instance != "":
		all = []*link.Method{w.to}
	case call.key.Given: // it is for one instance alone
		if to := w.choose(call.key, call.avoided()); to != nil {
			all = []*link.Method{to}
		}
	case w.fitting != nil:
		all = w.fitting
	default:
		fits := make(map[*directory.Version]bool)
		for _, v := range view.Versions {
			method := v.Method(m.name)
			fits[v] = method != nil && call.fits(method) == nil
		}
		all = m.fitting(view, fits)
	}
	all = slices.DeleteFunc(slices.Clone(all), func(to *link.Method) bool {
		return !takesChunks(to) || slices.Contains(call.avoided(), to.Endpoint.Instance)
	})
	if len(all) == 0 {
		return nil
	}
	return all[rand.IntN(len(all))]
}
