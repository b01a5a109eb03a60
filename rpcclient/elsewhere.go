package rpcclient

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/helium-rpc/helium"
)

// Where a call went can be wrong, for the registry may be behind, and what it says can
// change while a call waits in an outbox. An answer that proves that the call didn't run
// sends it elsewhere, as the rest of the same attempt: without a pause, and without a
// retry's price.

// detours is what the attempts of one call found out.
type detours struct {
	taken    int           // in this attempt, but for those around instances, each of which is tried once
	alone    bool          // the call is to go on its method's own subject
	deserted bool          // as nobody listened where messages of several methods go
	asked    bool          // the binders were asked where else it could go
	avoid    []string      // instances that are gone or don't have the method
	refused  []string      // signatures that the arguments don't fit, as a server found
	missing  *helium.Error // an instance said that it doesn't have the method
}

// maxDetours is how often one attempt may go on elsewhere. Once is enough, unless much
// changes at the same time.
const maxDetours = 8

// elsewhere returns on which way an attempt that ended with an error goes on; nil if that
// was its end.
func (call *Invocation) elsewhere(ctx context.Context, w *way, e *helium.Error, deadline time.Time) *way {
	if e.Outcome != helium.NotExecuted || call.detours != nil && call.detours.taken >= maxDetours {
		return nil
	}
	m := call.method
	next := w
	switch {
	case e == errOtherSubject:
		d := call.detour()
		d.alone = true
		d.taken++
	case errors.Is(e, helium.ErrNoMethod):
		next = call.withoutMethod(ctx, w, e, deadline)
	case errors.Is(e, helium.ErrNoInstance):
		next = call.withoutInstance(ctx, w, e, deadline)
	case errors.Is(e, helium.ErrBadArgument) && m.client.instance == "" && e.Instance != "":
		next = call.withOtherArguments(e)
	default:
		return nil
	}
	if next == nil {
		return nil
	}
	m.client.counters.detours.Add(1)
	return next
}

func (call *Invocation) detour() *detours {
	if call.detours == nil {
		call.detours = new(detours)
	}
	return call.detours
}

// wentShared reports whether the last attempt left by the outbox that all methods of its
// destination share.
func (call *Invocation) wentShared() bool { return call.outbox == call.path.destination.outbox }

// withoutMethod goes on after an instance said that it doesn't have the method: on the
// method's own subject, where no such instance listens.
func (call *Invocation) withoutMethod(ctx context.Context, w *way, e *helium.Error, deadline time.Time) *way {
	m := call.method
	m.service.found(lacksMethod, e.Instance, m.name)
	d := call.detour()
	if d.missing == nil {
		d.missing = e
	}
	switch {
	case call.wentShared():
		d.alone = true
		d.taken++
		return w
	case w.fitting != nil:
		return call.around(ctx, w, e, deadline)
	}
	return nil
}

// withoutInstance goes on after nobody listened. On the service's subject that doesn't
// tell that nobody has the method, only that nobody takes messages of several.
func (call *Invocation) withoutInstance(ctx context.Context, w *way, e *helium.Error, deadline time.Time) *way {
	m := call.method
	to := call.path.destination
	switch {
	case to.instance == "" && call.wentShared() && m.client.sent.how(call.message.Load()) != alone:
		d := call.detour()
		d.alone, d.deserted = true, true
		d.taken++
		return w
	case w.fitting != nil:
		m.service.found(isAbsent, to.instance, "")
		m.service.hasLeft(to.instance)
		return call.around(ctx, w, e, deadline)
	}
	return nil
}

// around goes on by another instance whose method fits. If none is left, the registry may
// know of one, or have forgotten one.
func (call *Invocation) around(ctx context.Context, w *way, e *helium.Error, deadline time.Time) *way {
	m, d := call.method, call.detour()
	d.avoid = append(d.avoid, call.path.destination.instance)
	if r := m.service.current.Load(); r != w.route && w.doubt == nil {
		// Meanwhile other calls may have found out more.
		if next, err := m.decide(r, call); err == nil {
			w = next
		}
	}
	if call.untried(w) {
		return w
	}
	if !d.asked {
		d.asked = true
		now := time.Now()
		_ = m.service.look("").await(ctx, now.Add(deadline.Sub(now)/2)) // without an answer, what is known stands
	}
	next, _ := m.onNewest(func(r *route) (*way, error) {
		next, err := m.decide(r, call)
		if errors.Is(err, helium.ErrUnknownMethod) {
			return m.inDoubt(r, call, helium.AsError(err))
		}
		if err != nil || !call.untried(next) {
			next, err = m.amongFormer(r, call, e)
		}
		if err == nil && !call.untried(next) {
			return nil, e
		}
		return next, err
	})
	return next
}

// untried reports whether a way has an instance that the attempt hasn't found to be wrong.
func (call *Invocation) untried(w *way) bool {
	return w.fitting == nil || call.detours == nil || !slices.Contains(call.detours.avoid, w.choose(call).destination.instance)
}

// withOtherArguments goes on after an instance refused the arguments: by one whose method
// takes others. What fits a signature as far as can be seen, or fits all that the registry
// knows, may not fit one that runs.
func (call *Invocation) withOtherArguments(e *helium.Error) *way {
	m := call.method
	call.detour().taken++
	r := m.service.current.Load()
	if v := r.byInstance[e.Instance]; v == nil {
		m.service.found(refusesArgs, e.Instance, m.name)
		r = m.service.current.Load()
	} else if remote := v.byName[m.name]; remote != nil {
		d := call.detour()
		d.refused = append(d.refused, remote.form)
	}
	next, err := m.decide(r, call)
	if err != nil || next.fitting == nil {
		return nil
	}
	return next
}

// refusedBy returns an error if a server has refused the call's arguments for a method of
// that signature.
func (call *Invocation) refusedBy(remote *remoteMethod) error {
	if call.detours == nil || !slices.Contains(call.detours.refused, remote.form) {
		return nil
	}
	return fmt.Errorf("an instance refused the arguments for %s", remote.signature)
}

// confirm takes note that an instance had the call, where that wasn't to be expected.
func (call *Invocation) confirm(w *way) {
	if call.detours != nil && call.detours.deserted {
		call.method.service.found(nobodyForMany, "", "")
	}
	if w.doubt != nil {
		call.method.fits.Store(w)
	}
}

// conclude returns the error of an attempt that doesn't go on: what explains most of all
// that was found out.
func (call *Invocation) conclude(w *way, e *helium.Error) *helium.Error {
	if e.Outcome != helium.NotExecuted {
		return e
	}
	nowhere := errors.Is(e, helium.ErrNoInstance) || errors.Is(e, helium.ErrNoMethod) || errors.Is(e, helium.ErrNotPermitted)
	switch {
	case w.doubt != nil && nowhere:
		call.method.fits.CompareAndSwap(w, nil)
		if w.fitting == nil && call.method.client.instance == "" {
			call.method.service.isGone(call.method.name)
		}
		return w.doubt
	case call.detours != nil:
		d := call.detours
		d.taken, d.avoid = 0, nil // the next attempt begins anew
		if d.missing != nil && errors.Is(e, helium.ErrNoInstance) {
			return d.missing
		}
	}
	return e
}

// nobody returns the error of a call that found nobody.
func (call *Invocation) nobody() *helium.Error {
	m := call.method
	switch {
	case m.client.instance != "":
		return helium.ErrNoInstance.WithMessage("instance %q isn't running; call another one, or any", m.client.instance)
	case call.path.destination.instance != "":
		return helium.ErrNoInstance.WithMessage("no instance is running whose method %q fits the call, but others whose doesn't; start one", m.name)
	}
	if r := m.service.current.Load(); r != nil && r.lackedBySome(m.name) {
		return helium.ErrNoInstance.WithMessage("no instance that has the method %q is running, only others of the service; start one that has it", m.name)
	}
	return helium.ErrNoInstance
}
