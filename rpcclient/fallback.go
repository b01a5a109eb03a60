package rpcclient

import (
	"context"
	"errors"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/directory"
	"github.com/helium-rpc/helium/internal/link"
)

// Where a call went can be wrong, for the registry may be behind, and what it says can
// change while a call waits in a batcher. And a server may take a call for over by a clock of the
// client's that stood still. An answer that proves that the call didn't run
// sends it elsewhere, as the rest of the same attempt: without a pause, and without a
// retry's price.

// maxFallbacks is how often one attempt may go on elsewhere. Once is enough, unless much
// changes at the same time.
const maxFallbacks = 8

// fallback returns on which way an attempt that ended with an error goes on; nil if that
// was its end.
func (call *Invocation) fallback(ctx context.Context, w *way, e *helium.Error, deadline time.Time) *way {
	if e.Outcome != helium.NotExecuted || call.tried != nil && call.tried.fallbacks >= maxFallbacks {
		return nil
	}
	next := w
	switch {
	case e == link.ErrSharingDenied:
		call.goAlone()
	case e == link.ErrOutgrown:
		call.found().fallbacks++
	case e == link.ErrMissed:
		call.goToAnyone()
	case errors.Is(e, helium.ErrNoMethod):
		next = call.withoutMethod(ctx, w, e, deadline)
	case errors.Is(e, helium.ErrNoInstance):
		next = call.withoutInstance(ctx, w, e, deadline)
	case errors.Is(e, helium.ErrBadArgument) && call.method.instance == "" && e.Instance != "":
		next = call.withOtherArguments(ctx, e, deadline)
	case errors.Is(e, helium.ErrNotPermitted) && w.latency != nil && w.fitting == nil && !call.key.Given && call.wasAddressed():
		next = call.withoutHedges(w)
	case errors.Is(e, helium.ErrNotPermitted) && w.detour && !call.key.Given && call.wasAddressed():
		next = call.withoutDetour()
	case call.method.core.links.Disproves(e, &call.flight):
		call.found().fallbacks++
	default:
		return nil
	}
	if next == nil || !next.leadsOn(call.key, nil) {
		return nil
	}
	call.method.core.counters.fallbacks.Add(1)
	return next
}

// goAlone has the call go on on the subject of its method's own.
func (call *Invocation) goAlone() {
	t := call.found()
	t.alone = true
	t.fallbacks++
}

// goToAnyone has the call go on to the queue group, where its link chose the instance that it went to.
func (call *Invocation) goToAnyone() {
	t := call.found()
	t.anyone = true
	t.fallbacks++
}

// wasAddressed reports whether the call went to a single instance that its caller didn't name.
func (call *Invocation) wasAddressed() bool {
	return call.method.instance == "" && call.flight.To.Endpoint.Instance != ""
}

// withoutHedges goes on after NATS said that the client may not call single instances: hedged
// calls could do that, but needn't.
func (call *Invocation) withoutHedges(w *way) *way {
	m := call.method
	w.latency.Denied.Store(m.core.links.Connections())
	next := w.withoutHedges()
	m.known.CompareAndSwap(w, next)
	return next
}

// withoutDetour goes on after NATS said that the client may not call single instances, where the
// call went as others are silent, or as it would run twice.
func (call *Invocation) withoutDetour() *way {
	s := call.method.service
	s.Found(directory.Unaddressable, "", call.method.name)
	next, err := call.decide(s.Current())
	if err != nil || next.detour {
		return nil
	}
	return next
}

// withoutMethod goes on after an instance said that it doesn't have the method: on the
// method's own subject, where no such instance listens.
func (call *Invocation) withoutMethod(ctx context.Context, w *way, e *helium.Error, deadline time.Time) *way {
	m := call.method
	m.service.Found(directory.LacksMethod, e.Instance, m.name)
	if call.key.Only != "" {
		return nil // wherever else it went it might run again
	}
	if t := call.found(); t.missing == nil {
		t.missing = e
	}
	switch {
	case call.wasAddressed():
		return call.around(ctx, w, e, deadline)
	case call.flight.Shares():
		call.goAlone()
		return w
	case call.flight.Addressed() != nil:
		call.goToAnyone()
		return w
	}
	return nil
}

// withoutInstance goes on after nobody listened. On the service's subject that doesn't
// tell that nobody has the method, only that nobody takes messages of several.
func (call *Invocation) withoutInstance(ctx context.Context, w *way, e *helium.Error, deadline time.Time) *way {
	m := call.method
	instance := call.flight.To.Endpoint.Instance
	switch {
	case instance == "" && call.flight.Shares() && !m.core.links.WentAlone(&call.flight):
		call.goAlone()
		call.tried.deserted = true
		return w
	case call.wasAddressed():
		m.service.Found(directory.IsAbsent, instance, "")
		m.service.InstanceIsGone(instance)
		if call.key.Only != "" {
			return nil
		}
		return call.around(ctx, w, e, deadline)
	}
	return nil
}

// around goes on by another instance whose method fits. If none is left, the registry may
// know of one, or have forgotten one.
func (call *Invocation) around(ctx context.Context, w *way, e *helium.Error, deadline time.Time) *way {
	m, t := call.method, call.found()
	t.avoid = append(t.avoid, call.flight.To.Endpoint.Instance)
	if view := m.service.Current(); view != w.view && w.doubt == nil {
		// Meanwhile other calls may have found out more.
		if next, err := call.decide(view); err == nil {
			w = next
		}
	}
	if w.leadsOn(call.key, t.avoid) {
		return w
	}
	if !t.asked {
		t.asked = true
		now := time.Now()
		_ = m.service.Look("").Await(ctx, now.Add(deadline.Sub(now)/2)) // without an answer, what is known stands
	}
	next, _ := call.onNewest(func(view *directory.View) (*way, error) {
		next, err := call.decide(view)
		if errors.Is(err, helium.ErrUnknownMethod) {
			return call.inDoubt(view, helium.AsError(err))
		}
		if err != nil || !next.leadsOn(call.key, t.avoid) {
			next, err = call.amongFormer(view, e)
		}
		if err == nil && !next.leadsOn(call.key, t.avoid) {
			return nil, e
		}
		return next, err
	})
	return next
}

// withOtherArguments goes on after an instance refused the arguments: by one whose method
// takes others. What fits a signature as far as can be seen, or fits all that the registry
// knows, may not fit one that runs. And while the call was under way the registry may have forgotten
// the instances that it fits, or not have told of them yet.
func (call *Invocation) withOtherArguments(ctx context.Context, e *helium.Error, deadline time.Time) *way {
	m, t := call.method, call.found()
	t.fallbacks++
	view := m.service.Current()
	if v := view.VersionOf(e.Instance); v == nil {
		m.service.Found(directory.RefusesArgs, e.Instance, m.name)
		view = m.service.Current()
	} else if refused := v.Method(m.name); refused != nil {
		t.refused = append(t.refused, refused.Form)
	}
	next, err := call.decide(view)
	if err != nil && !t.asked {
		t.asked = true
		next, err = call.makeSure(ctx, view, deadline, err)
	}
	if err != nil || next.fitting == nil {
		next, err = call.amongFormer(m.service.Current(), e)
	}
	if err != nil {
		return nil
	}
	return next
}

// confirm takes note that an instance had the call, where that wasn't to be expected.
func (call *Invocation) confirm(w *way) {
	if call.tried != nil && call.tried.deserted {
		call.method.service.Found(directory.NobodyForMany, "", "")
	}
	if w.doubt != nil {
		call.method.known.Store(w)
	}
}

// conclude returns the error of an attempt that doesn't go on: what explains most of all
// that was found out.
func (call *Invocation) conclude(w *way, e *helium.Error) *helium.Error {
	if e.Outcome != helium.NotExecuted {
		return e
	}
	m := call.method
	nowhere := errors.Is(e, helium.ErrNoInstance) || errors.Is(e, helium.ErrNoMethod) || errors.Is(e, helium.ErrNotPermitted)
	switch {
	case w.doubt != nil && nowhere:
		m.known.CompareAndSwap(w, nil)
		if w.fitting == nil && m.instance == "" {
			m.service.MethodIsGone(m.name)
		}
		return w.doubt
	case call.tried != nil:
		t := call.tried
		t.fallbacks, t.avoid = 0, nil // the next attempt begins anew
		if t.missing != nil && errors.Is(e, helium.ErrNoInstance) {
			return t.missing
		}
	}
	return e
}
