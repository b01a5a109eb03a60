package rpcclient

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/directory"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient/internal/keys"
	"github.com/helium-rpc/helium/rpcclient/internal/retries"
)

// serves reports whether a way that is good for a method's calls before is good for this one.
func (call *Invocation) serves(w *way) bool {
	if w.differs && len(call.loose.args()) > 0 || call.key.Given && w.each == nil || call.key.Once && !w.once {
		return false
	}
	return call.method.stub != nil || w.args == call.numArgs && w.result == call.loose.result() && w.item == call.loose.item() && w.sends == call.loose.sends()
}

// knownWay returns what resolve would, if the call is like the one before it: nil if not.
func (call *Invocation) knownWay(now time.Time) *way {
	m := call.method
	known := m.known.Load()
	if known == nil || !call.serves(known) || m.service.Fresh(now) != known.view {
		return nil
	}
	if known.named && !call.namesFitAll(known.view) {
		return nil
	}
	return known
}

// resolve returns where the call goes by what is known of the method's service, after making
// sure that it fits the method.
func (call *Invocation) resolve(ctx context.Context, now, deadline time.Time) (*way, error) {
	m := call.method
	view, err := m.service.Resolve(ctx, now, deadline)
	if err != nil {
		return nil, err
	}
	special := call.tried != nil && len(call.tried.refused) > 0 || !call.namesFitAll(view)
	if known := m.known.Load(); known != nil && known.view == view && call.serves(known) && !special {
		return known, nil
	}
	w, err := call.decide(view)
	if err != nil {
		w, err = call.makeSure(ctx, view, deadline, err)
	}
	if err != nil {
		return nil, err
	}
	if w.doubt == nil && !special {
		m.known.Store(w)
	}
	return w, nil
}

// newWay returns a way that is still to be decided.
func (call *Invocation) newWay(view *directory.View) *way {
	w := &way{view: view}
	if call.method.stub == nil {
		w.args, w.result, w.item, w.sends = call.numArgs, call.loose.result(), call.loose.item(), call.loose.sends()
	}
	return w
}

// fits returns why a method as instances have it doesn't fit the call.
func (call *Invocation) fits(m *directory.Method) error {
	err := call.shape().fits(m)
	if err == nil && call.tried != nil && slices.Contains(call.tried.refused, m.Form) {
		err = fmt.Errorf("an instance refused the arguments for %s", m.Signature)
	}
	if err == nil {
		err = call.namesFit(m)
	}
	return err
}

// namesFit returns why the names of fields in the call's arguments aren't the method's.
func (call *Invocation) namesFit(m *directory.Method) error {
	if m.Parameters == nil || len(call.loose.args()) == 0 || !m.Takes(call.numArgs) {
		return nil
	}
	if err := m.Parameters.Check(call.loose.args(), call.Args.Bytes()); err != nil {
		return fmt.Errorf("the arguments don't fit %s: %w", m.Signature, err)
	}
	return nil
}

// namesFitAll reports whether all versions of the method that the call may meet have the
// names in its arguments.
func (call *Invocation) namesFitAll(view *directory.View) bool {
	if len(call.loose.args()) == 0 {
		return true // those of a stub that says it all, or none
	}
	for _, v := range view.VersionsAt(call.method.instance) {
		if m := v.Method(call.method.name); m != nil && call.namesFit(m) != nil {
			return false
		}
	}
	return true
}

// decide finds the way on a view, or returns why the call can't fit any instance of it.
func (call *Invocation) decide(view *directory.View) (*way, error) {
	m := call.method
	w := call.newWay(view)
	w.alone = view.PerMethod || view.Lacking(m.name)
	fits := make(map[*directory.Version]bool)
	var misfit error
	for _, v := range view.VersionsAt(m.instance) {
		method := v.Method(m.name)
		if method == nil {
			w.alone = true
			continue
		}
		err := call.fits(method)
		w.named = w.named || method.Parameters != nil
		if fits[v] = err == nil; err != nil && misfit == nil {
			misfit = err
		}
	}
	switch {
	case len(fits) == 0:
		return nil, helium.ErrUnknownMethod.WithMessage("%s has no method %q", m.whom(), m.name).WithOutcome(helium.NotExecuted)
	case !slices.ContainsFunc(view.Versions, func(v *directory.Version) bool { return fits[v] }):
		return nil, helium.ErrMismatch.WithMessage("%w", misfit).WithOutcome(helium.NotExecuted)
	}
	w.to = m.endpoint.Method(m.name)
	if m.instance != "" {
		w.once = takesKeys(view)(m.instance)
		return w, call.takenAt(w)
	}
	suits, differs, some := suited(m.name, call.loose.args(), fits)
	w.differs = differs
	hedged := m.hedgedOn(view)
	if call.key.Given || hedged != nil {
		w.each = keys.NewCandidates(m.at(view, suits), takesKeys(view), m.seemsGone(view))
		w.once = w.each.TakeKeys()
		if w.each.AreSeveral() {
			w.latency = hedged
		}
	}
	switch {
	case some || misfit != nil || view.Refusing(m.name):
		w.fitting = m.fitting(view, suits)
		w.why = m.whySingle()
		w.alone = view.PerMethod
	case (view.SomeSilent() || view.RunsTwice()) && !view.Unaddressable(m.name):
		// NATS would go on handing calls to the silent ones, too, or to two instances.
		if _, there := m.candidates(view, suits); len(there) > 0 {
			w.fitting, w.detour = there, true
		}
		w.why = m.whyDetour(view)
		w.alone = w.alone && !w.detour || view.PerMethod
	}
	return w, call.takenAt(w)
}

// takenAt returns why a call with an idempotency key can't go where a way leads.
func (call *Invocation) takenAt(w *way) error {
	switch {
	case !call.key.Once || w.once:
	case call.method.isStranger(w.view):
		return call.method.absent()
	default:
		return helium.ErrIdempotencyKeysUnsupported.WithOutcome(helium.NotExecuted)
	}
	return nil
}

// takesKeys tells which instances of a view take idempotency keys.
func takesKeys(view *directory.View) func(instance string) bool {
	return func(instance string) bool { return view.Abilities(instance).Has(wire.IdempotencyKeys) }
}

// hedgedOn returns the latency of a method whose calls are hedged, for as long as the view
// stands; nil: they aren't.
func (m *Method) hedgedOn(view *directory.View) *retries.Latency {
	if m.core.latencies == nil || !view.Idempotent(m.instance, m.name) {
		return nil
	}
	l := m.core.latencies.Of(m.service.Name(), m.name)
	if l.Denied.Load() == m.core.links.Connections() {
		return nil
	}
	return l
}

// whySingle says why a call goes to a single instance whose caller didn't name one.
func (m *Method) whySingle() string {
	return fmt.Sprintf(", where the call has to go while instances of %q run that have %q with another signature", m.service.Name(), m.name)
}

// whyDetour says the same where any instance would do.
func (m *Method) whyDetour(view *directory.View) string {
	if view.RunsTwice() {
		return fmt.Sprintf(", where the call has to go as it would run twice otherwise, at two instances of %q", m.service.Name())
	}
	return fmt.Sprintf(", where the call has to go while some instances of %q are silent", m.service.Name())
}

// fitting returns where calls go at the instances of some versions. Those that seem to be gone,
// silent or without the method are left out, unless all do.
func (m *Method) fitting(view *directory.View, fits map[*directory.Version]bool) []*link.Method {
	all, there := m.candidates(view, fits)
	if len(there) == 0 {
		return all
	}
	return there
}

// candidates returns where calls go at the instances of some versions: all, and those that
// don't seem to be gone, silent or without the method.
func (m *Method) candidates(view *directory.View, fits map[*directory.Version]bool) (all, there []*link.Method) {
	all, gone := m.at(view, fits), m.seemsGone(view)
	return all, slices.DeleteFunc(slices.Clone(all), func(to *link.Method) bool { return gone(to.Endpoint.Instance) })
}

// at returns where calls go at each instance of some versions.
func (m *Method) at(view *directory.View, fits map[*directory.Version]bool) (all []*link.Method) {
	for _, instance := range view.Instances {
		if fits[view.VersionOf(instance)] {
			all = append(all, m.core.links.Endpoint(m.service.Name(), instance).Method(m.name))
		}
	}
	return all
}

// seemsGone tells which instances calls found to be gone, silent, or without the method.
func (m *Method) seemsGone(view *directory.View) func(instance string) bool {
	return func(instance string) bool {
		return view.Absent(instance) || view.Silent(instance) || view.Lacks(instance, m.name)
	}
}

// sureWithin bounds what a call that doesn't fit waits for a binder to confirm that.
const sureWithin = time.Second

// makeSure asks the binders before a call fails for what is known of its method: an
// instance that has it, or that it fits, may have come a moment ago. misfit is the error
// that it would fail with.
func (call *Invocation) makeSure(ctx context.Context, view *directory.View, deadline time.Time, misfit error) (*way, error) {
	m, s := call.method, call.method.service
	if view.VersionOf(m.instance) != nil {
		return nil, misfit // the methods of one instance don't change
	}
	now := time.Now()
	var answer error
	if errors.Is(misfit, helium.ErrMismatch) {
		within := now.Add(sureWithin)
		if deadline.Before(within) {
			within = deadline
		}
		_ = s.Look("").Await(ctx, within) // without an answer, what is known stands
	} else {
		// A binder that doesn't answer mustn't take all of the call's time.
		answer = s.Look(m.name).Await(ctx, now.Add(deadline.Sub(now)/2))
		if answer != nil && (ctx.Err() != nil || errors.Is(answer, helium.ErrClientClosed)) {
			return nil, answer
		}
	}
	return call.onNewest(func(view *directory.View) (*way, error) {
		w, err := call.decide(view)
		switch {
		case err == nil:
			return w, nil
		case errors.Is(err, helium.ErrMismatch):
			return call.amongFormer(view, helium.AsError(err))
		case answer != nil:
			err = answer
		}
		return call.inDoubt(view, helium.AsError(err))
	})
}

// onNewest tries to find a way, again if the view changes meanwhile.
func (call *Invocation) onNewest(try func(*directory.View) (*way, error)) (w *way, err error) {
	for range 3 {
		view := call.method.service.Current()
		if w, err = try(view); err == nil || call.method.service.Current() == view {
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
func (call *Invocation) inDoubt(view *directory.View, doubt *helium.Error) (*way, error) {
	m := call.method
	if call.key.Once {
		return nil, doubt // what an instance can do only its record says
	}
	if errors.Is(doubt, helium.ErrDeadline) {
		doubt = helium.ErrNoBinderAnswer.WithMessage("no binder answered in time whether %s has a method %q, and nobody listens for it", m.whom(), m.name).WithOutcome(helium.NotExecuted)
	}
	fitting, others := call.formerInstances()
	if m.instance == "" && (others || call.key.Given) {
		return call.amongFormer(view, doubt)
	}
	former := m.service.FormerMethod(m.name)
	certain := !directory.IsOutage(doubt) && m.instance == ""
	if former == nil && certain || former != nil && call.shape().fits(former) != nil {
		return nil, doubt
	}
	w := call.newWay(view)
	w.to, w.alone, w.doubt, w.likely = m.endpoint.NewMethod(m.name), true, doubt, len(fitting) > 0
	return w, nil
}

// amongFormer returns a way for a call that fits no instance in the registry: by those that
// it has forgotten only just.
func (call *Invocation) amongFormer(view *directory.View, doubt *helium.Error) (*way, error) {
	m := call.method
	if call.key.Once {
		return nil, doubt
	}
	w := call.newWay(view)
	w.alone, w.doubt, w.likely = true, doubt, true
	fitting, _ := call.formerInstances()
	for _, instance := range fitting {
		switch m.instance {
		case "":
			w.fitting = append(w.fitting, m.core.links.NewEndpoint(m.service.Name(), instance).Method(m.name))
			w.why = m.whySingle()
		case instance:
			w.to = m.endpoint.NewMethod(m.name)
		}
	}
	if w.fitting == nil && w.to == nil {
		return nil, doubt
	}
	if call.key.Given {
		w.each = keys.NewCandidates(w.fitting, takesKeys(view), m.seemsGone(view))
	}
	return w, nil
}

// formerInstances returns those instances that the registry has forgotten a moment ago and
// that the call fits; others says that it doesn't fit all that had the method.
func (call *Invocation) formerInstances() (fitting []string, others bool) {
	for instance, v := range call.method.service.FormerVersions() {
		switch m := v.Method(call.method.name); {
		case m == nil:
		case call.fits(m) == nil:
			fitting = append(fitting, instance)
		default:
			others = true
		}
	}
	return fitting, others
}
