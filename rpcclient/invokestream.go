package rpcclient

import (
	"context"
	"slices"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/directory"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient/internal/keys"
	"github.com/helium-rpc/helium/rpcclient/internal/retries"
)

// carryOut makes a call, of whatever kind. It is what all interceptors lead to.
func carryOut(ctx context.Context, call *Invocation) error {
	if call != nil {
		if of := call.loose.items(); of != nil {
			return invokeStream(ctx, call, of)
		}
	}
	return invoke(ctx, call)
}

// invokeStream makes a call that is a stream. It is tried again elsewhere only if it provably hasn't
// run, and no item was asked for that it would lack there.
func invokeStream(ctx context.Context, call *Invocation, of *streamed) error {
	ctx = orBackground(ctx)
	m, c := call.method, call.method.core
	now := time.Now()
	deadline := c.deadline(ctx, now)
	lasts, lasting := ctx.Deadline()
	if lasting {
		lasts = bounded(lasts, now)
	} else {
		lasts = now.Add(wire.MaxTime)
	}
	e := call.ready(ctx, now)
	switch {
	case e != nil:
	case call.oneWay:
		e = helium.ErrIsStream.WithMessage("a stream can't go one way, as its end is waited for; use Call").WithOutcome(helium.NotExecuted)
	default:
		e = of.fault
	}
	if e == nil {
		e = of.spent()
	}
	if e != nil {
		return m.named(call.overall(e))
	}
	var avoid []string
	var f wire.Frame
	for attempt := 1; ; attempt++ {
		f.Terms = new(wire.Terms)
		to, e := call.streamTarget(ctx, &f, avoid, now, deadline)
		if e == nil {
			e = call.stream(ctx, of, &f, to, deadline, lasts, lasting)
		}
		call.mayHaveRun = call.mayHaveRun || e == nil || e.Outcome != helium.NotExecuted
		if e == nil {
			call.answered = true
			return nil
		}
		if to == nil || of.asked || attempt >= c.attempts || !retries.May(e, false) || !c.retries.Take() {
			return m.named(e)
		}
		c.counters.retries.Add(1)
		avoid = append(avoid, to.Endpoint.Instance)
		if !retries.Pause(ctx, attempt, deadline) {
			return m.named(e)
		}
		now = time.Now()
	}
}

// largeStreams are the abilities of an instance that takes streams whose arguments are larger than a message.
const largeStreams = wire.LargeStreams | wire.ItemParts

// streamTarget returns the instance for a stream: one that takes such streams, and not one to avoid as long
// as there is another. It fills the frame that begins it as far as tells whether it fits a message.
func (call *Invocation) streamTarget(ctx context.Context, f *wire.Frame, avoid []string, now, deadline time.Time) (*link.Method, *helium.Error) {
	if call.key.Once {
		return nil, helium.ErrIdempotencyKeysUnsupported.WithMessage("a stream can't be replayed; call it without an idempotency key").WithOutcome(helium.NotExecuted)
	}
	w, err := call.resolve(ctx, now, deadline)
	if err != nil {
		return nil, helium.AsError(err)
	}
	if w.doubt != nil {
		return nil, w.doubt // what an instance can do only its record says
	}
	m, view := call.method, w.view
	fits := make(map[*directory.Version]bool)
	for _, v := range view.Versions {
		method := v.Method(m.name)
		fits[v] = method != nil && call.fits(method) == nil
	}
	able := slices.DeleteFunc(m.at(view, fits), func(to *link.Method) bool {
		instance := to.Endpoint.Instance
		return m.instance != "" && instance != m.instance || !view.Abilities(instance).Has(wire.Streams)
	})
	takeAny := len(able) > 0
	tooLarge := call.fillStream(f, false, time.Second)
	if tooLarge != nil {
		able = slices.DeleteFunc(able, func(to *link.Method) bool { return !view.Abilities(to.Endpoint.Instance).Has(largeStreams) })
	}
	switch {
	case len(able) > 0:
	case m.isStranger(view):
		return nil, m.absent()
	case takeAny:
		return nil, tooLarge.WithMessage("%s, and no instance that the stream could go to takes more; send less beside the items, or update the servers", tooLarge.Message)
	default:
		return nil, helium.ErrStreamsUnsupported.WithMessage("no instance of %s that the stream could go to takes streams, as far as their records say; update the servers, or let their users publish to \"_INBOX.>\"", m.whom()).WithOutcome(helium.NotExecuted)
	}
	all := keys.NewCandidates(able, takesKeys(view), m.seemsGone(view))
	to := all.Choose(call.key, avoid)
	if to == nil {
		to = all.Choose(call.key, nil)
	}
	if to != nil {
		call.loose.items().large = tooLarge != nil
		call.loose.items().parts = view.Abilities(to.Endpoint.Instance).Has(wire.ItemParts)
		call.loose.items().check = view.VersionOf(to.Endpoint.Instance).Method(m.name).Sends.Each(call.loose.sends())
	}
	return to, nil
}

// stream has the call's stream begin at an instance by the frame that streamTarget has filled, and returns when it
// is over. Lasting says that it has a deadline once it has begun.
func (call *Invocation) stream(ctx context.Context, of *streamed, f *wire.Frame, to *link.Method, deadline, lasts time.Time, lasting bool) *helium.Error {
	c := call.method.core
	var args *largeArguments
	if of.large {
		if e := call.sendable(); e != nil {
			return e
		}
		room, e := call.roomToSend(ctx, deadline)
		if e != nil {
			return e
		}
		defer room.Leave()
		args = &largeArguments{value: call.Args.Bytes(), room: room, free: make(chan struct{})}
	}
	now := time.Now()
	if lasting {
		f.Terms.Lasts = max(1, wire.Milliseconds(lasts.Sub(now)))
	}
	if e := call.fillStream(f, of.large, deadline.Sub(now)); e != nil {
		return e
	}
	s := newOpenStream(c, of, args, lasts)
	flight := &s.flight
	if of.take != nil {
		f.Terms.Credit = s.in.Open()
	}
	flight.To, flight.Deadline, flight.Waiter, flight.Why = to, deadline, s, ", where the stream has to go as one instance has all of it"
	call.ReplyMetadata = nil
	permitted, cancel := context.WithDeadline(ctx, deadline)
	e := c.links.PermitsControl(permitted, to, flight.Why)
	if cancel(); e != nil {
		s.in.Close()
		return e
	}
	if of.large {
		e = c.links.Announce(flight, f)
	} else {
		e = c.links.Send(flight, f, &call.Args, true)
	}
	if e != nil {
		s.in.Close()
		return e
	}
	c.counters.streams.Add(1)
	e = s.run(ctx)
	of.asked = !s.up.giveUp()
	if e == link.ErrNobody {
		call.method.service.Found(directory.IsAbsent, to.Endpoint.Instance, "")
		call.method.service.LookAgain()
		if call.method.instance != "" {
			e = call.method.absent() // others may be running
		}
	}
	if s.md != nil {
		r := msgpack.NewReader(s.md)
		call.ReplyMetadata, _ = r.TextMap(wire.MaxEntries) // the result is worth more than what came beside it
	}
	if e == nil {
		call.Result = codec.NewOwnedReader(s.body)
	}
	return e
}
