package rpcclient

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"time"

	"github.com/helium-rpc/helium"
)

// way is where the calls of a method go while a route stands. It is decided when the route
// changes and not call by call, and isn't changed, only replaced:
//
//	every instance has the method  ─▶ any of them, also in messages of several methods
//	some instances have it         ─▶ any of them, on the method's own subject
//	it fits some of those only     ─▶ one of these, by its own subjects
type way struct {
	route  *route
	args   int          // of a method without a stub
	result reflect.Type // of a method without a stub; nil: not said

	path    *path         // by any instance that has the method, or by that of Client.At
	fitting []*path       // not nil: by one of these instances, as the method of others doesn't fit
	alone   bool          // not in messages of several methods
	named   bool          // arguments without a signature have names to compare
	differs bool          // their types may tell which instances they are for
	doubt   *helium.Error // not nil: the registry knows no such way, for this reason
	likely  bool          // of one in doubt: an instance was there a moment ago, and hasn't said that it left
}

// newWay returns a way that is still to be decided.
func (m *Method) newWay(r *route, call *Invocation) *way {
	w := &way{route: r}
	if m.stub == nil {
		w.args, w.result = call.numArgs, call.resultType
	}
	return w
}

// serves reports whether the way is good for a call as well.
func (w *way) serves(m *Method, call *Invocation) bool {
	if w.differs && len(call.argTypes) > 0 {
		return false
	}
	return m.stub != nil || w.args == call.numArgs && w.result == call.resultType
}

// choose returns the path of the next attempt.
func (w *way) choose(call *Invocation) *path {
	if w.fitting == nil {
		return w.path
	}
	first := rand.IntN(len(w.fitting))
	for i := range w.fitting {
		p := w.fitting[(first+i)%len(w.fitting)]
		if call.detours == nil || !slices.Contains(call.detours.avoid, p.destination.instance) {
			return p
		}
	}
	return w.fitting[first]
}

// knownWay returns what way would, if that is a call like the one before it: nil if not.
func (m *Method) knownWay(call *Invocation, now time.Time) *way {
	known := m.fits.Load()
	if known == nil || !known.serves(m, call) || m.service.fresh(now) != known.route {
		return nil
	}
	if known.named && !known.route.takesNames(call) {
		return nil
	}
	return known
}

// way returns where the call goes by what is known of the method's service, after making
// sure that it fits the method.
func (m *Method) way(ctx context.Context, call *Invocation, now, deadline time.Time) (*way, error) {
	r := m.service.fresh(now)
	if r == nil {
		var err error
		if r, err = m.service.learn(ctx, deadline); err != nil {
			return nil, err
		}
	}
	special := call.detours != nil && len(call.detours.refused) > 0 || !r.takesNames(call)
	if known := m.fits.Load(); known != nil && known.route == r && known.serves(m, call) && !special {
		return known, nil
	}
	w, err := m.decide(r, call)
	if err != nil {
		w, err = m.makeSure(ctx, call, r, deadline, err)
	}
	if err != nil {
		return nil, err
	}
	if w.doubt == nil && !special {
		m.fits.Store(w)
	}
	return w, nil
}

// decide finds the way on a route, or returns why a call can't fit any instance of it.
func (m *Method) decide(r *route, call *Invocation) (*way, error) {
	w := m.newWay(r, call)
	w.alone = r.perMethod || r.findings.lacking(m.name)
	fits := make(map[*version]bool)
	var misfit error
	for _, v := range r.versionsAt(m.client.instance) {
		remote := v.byName[m.name]
		if remote == nil {
			w.alone = true
			continue
		}
		err := remote.check(m.stub, w)
		if err == nil {
			err = call.refusedBy(remote)
		}
		if err == nil {
			err = remote.checkNames(call)
		}
		w.named = w.named || remote.parameters != nil
		if fits[v] = err == nil; err != nil && misfit == nil {
			misfit = err
		}
	}
	switch {
	case len(fits) == 0:
		return nil, helium.ErrUnknownMethod.WithMessage("%s has no method %q", m.whom(), m.name).WithOutcome(helium.NotExecuted)
	case !slices.ContainsFunc(r.versions, func(v *version) bool { return fits[v] }):
		return nil, helium.ErrMismatch.WithMessage("%w", misfit).WithOutcome(helium.NotExecuted)
	}
	w.path = m.destination.path(m.name)
	if m.client.instance != "" {
		return w, nil
	}
	if suited, some := w.suited(m, call, fits); some || misfit != nil || r.findings.refusing(m.name) {
		fits = suited
		w.fitting = m.fitting(r, fits)
		w.alone = r.perMethod
	}
	return w, nil
}

// fitting returns the paths of the instances of some versions. Those that seem to be gone
// are left out, unless all do.
func (m *Method) fitting(r *route, fits map[*version]bool) []*path {
	var all, there []*path
	for _, instance := range r.instances {
		if !fits[r.byInstance[instance]] {
			continue
		}
		p := m.service.destination(instance).path(m.name)
		all = append(all, p)
		if !r.findings.absent(instance) {
			there = append(there, p)
		}
	}
	if len(there) == 0 {
		return all
	}
	return there
}

// sureWithin bounds what a call that doesn't fit waits for a binder to confirm that.
const sureWithin = time.Second

// makeSure asks the binders before a call fails for what is known of its method: an
// instance that has it, or that it fits, may have come a moment ago. misfit is the error
// that it would fail with.
func (m *Method) makeSure(ctx context.Context, call *Invocation, r *route, deadline time.Time, misfit error) (*way, error) {
	s := m.service
	if r.byInstance[m.client.instance] != nil {
		return nil, misfit // the methods of one instance don't change
	}
	now := time.Now()
	var answer error
	if errors.Is(misfit, helium.ErrMismatch) {
		// Without an answer, what is known stands.
		_ = s.look("").await(ctx, earlier(deadline, now.Add(sureWithin)))
	} else {
		// A binder that doesn't answer mustn't take all of the call's time.
		answer = s.look(m.name).await(ctx, now.Add(deadline.Sub(now)/2))
		if answer != nil && (ctx.Err() != nil || s.core.closed.Load()) {
			return nil, answer
		}
	}
	return m.onNewest(func(r *route) (*way, error) {
		w, err := m.decide(r, call)
		switch {
		case err == nil:
			return w, nil
		case errors.Is(err, helium.ErrMismatch):
			return m.amongFormer(r, call, helium.AsError(err))
		case answer != nil:
			err = answer
		}
		return m.inDoubt(r, call, helium.AsError(err))
	})
}

// onNewest tries to find a way, again if the route changes meanwhile.
func (m *Method) onNewest(try func(*route) (*way, error)) (w *way, err error) {
	for range 3 {
		r := m.service.current.Load()
		if w, err = try(r); err == nil || m.service.current.Load() == r {
			break
		}
	}
	return w, err
}

// inDoubt returns a way for a call of a method that the registry doesn't know: on its own
// subject, where only instances that have it listen. That is worth a try if the registry has
// forgotten the method only just, if no binder says what there is, or if the call is for an
// instance that the registry doesn't know. Where a signature isn't known, only the server
// checks the arguments.
func (m *Method) inDoubt(r *route, call *Invocation, doubt *helium.Error) (*way, error) {
	if errors.Is(doubt, helium.ErrDeadline) {
		doubt = helium.ErrNoBinderAnswer.WithMessage("no binder answered in time whether %s has a method %q, and nobody listens for it", m.whom(), m.name).WithOutcome(helium.NotExecuted)
	}
	w := m.newWay(r, call)
	fitting, others := m.formerInstances(w, call)
	if others && m.client.instance == "" {
		return m.amongFormer(r, call, doubt)
	}
	former := m.service.formerMethod(m.name)
	certain := !isOutage(doubt) && m.client.instance == ""
	if former == nil && certain || former != nil && former.check(m.stub, w) != nil {
		return nil, doubt
	}
	w.path, w.alone, w.doubt, w.likely = m.destination.newPath(m.name), true, doubt, len(fitting) > 0
	return w, nil
}

// amongFormer returns a way for a call that fits no instance in the registry: by those that
// it has forgotten only just.
func (m *Method) amongFormer(r *route, call *Invocation, doubt *helium.Error) (*way, error) {
	w := m.newWay(r, call)
	w.alone, w.doubt, w.likely = true, doubt, true
	fitting, _ := m.formerInstances(w, call)
	for _, instance := range fitting {
		switch m.client.instance {
		case "":
			w.fitting = append(w.fitting, m.service.newDestination(instance).path(m.name))
		case instance:
			w.path = m.destination.newPath(m.name)
		}
	}
	if w.fitting == nil && w.path == nil {
		return nil, doubt
	}
	return w, nil
}

// formerInstances returns those instances that the registry has forgotten a moment ago and
// that a call fits; others says that it doesn't fit all that had the method.
func (m *Method) formerInstances(w *way, call *Invocation) (fitting []string, others bool) {
	for instance, v := range m.service.formerVersions() {
		switch remote := v.byName[m.name]; {
		case remote == nil:
		case remote.check(m.stub, w) == nil && call.refusedBy(remote) == nil && remote.checkNames(call) == nil:
			fitting = append(fitting, instance)
		default:
			others = true
		}
	}
	return fitting, others
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
