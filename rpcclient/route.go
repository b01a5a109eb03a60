package rpcclient

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/signature"
)

// route is what calls need of a service's records. It isn't changed, only replaced.
type route struct {
	versions   []*version // the different sets of methods that instances have
	byInstance map[string]*version
	instances  []string
	perMethod  bool // some instance doesn't listen to the subject for several methods
}

// version is a set of methods, of one instance or more.
type version struct {
	methods []binder.Method // as registered
	types   map[string]string
	byName  map[string]*remoteMethod
}

// remoteMethod is a method as instances have it.
type remoteMethod struct {
	signature  *signature.Method
	err        error // why there is no signature
	idempotent bool
}

func newRoute(records map[string]*record) *route {
	r := &route{byInstance: make(map[string]*version, len(records))}
	r.instances = slices.Sorted(maps.Keys(records))
	for _, instance := range r.instances {
		known := records[instance]
		r.byInstance[instance] = known.version
		r.perMethod = r.perMethod || known.perMethod
		if !slices.Contains(r.versions, known.version) {
			r.versions = append(r.versions, known.version)
		}
	}
	return r
}

// newVersion reads a record's signatures, once for all instances and calls.
func newVersion(r *binder.Record) *version {
	v := &version{methods: r.Methods, types: r.Types, byName: make(map[string]*remoteMethod, len(r.Methods))}
	types, err := signature.ParseTypes(r.Types)
	for _, m := range r.Methods {
		remote := &remoteMethod{err: err, idempotent: m.Idempotent}
		if err == nil {
			remote.signature, remote.err = types.Parse(m.Signature)
		}
		v.byName[m.Name] = remote
	}
	return v
}

func (v *version) same(r *binder.Record) bool {
	return reflect.DeepEqual(v.methods, r.Methods) && maps.Equal(v.types, r.Types)
}

// versionsAt returns the versions that a call may meet: the one of its instance, if it
// goes to one that the registry knows.
func (r *route) versionsAt(instance string) []*version {
	if v := r.byInstance[instance]; v != nil {
		return []*version{v}
	}
	return r.versions
}

func (r *route) has(m *Method) bool {
	for _, v := range r.versionsAt(m.client.instance) {
		if v.byName[m.name] != nil {
			return true
		}
	}
	return false
}

// idempotent reports whether every version of the method is.
func (r *route) idempotent(m *Method) bool {
	for _, v := range r.versionsAt(m.client.instance) {
		if remote := v.byName[m.name]; remote != nil && !remote.idempotent {
			return false
		}
	}
	return r.has(m)
}

// fitted remembers that calls of a kind fit a route.
type fitted struct {
	route  *route
	args   int          // of a method without a stub
	result reflect.Type // of a method without a stub; nil: not said
}

// knownRoute returns what route would, if that is a call like the one before it: nil if
// not.
func (m *Method) knownRoute(call *Invocation, now time.Time) *route {
	known := m.fits.Load()
	if known == nil || m.stub == nil && (known.args != call.numArgs || known.result != call.resultType) {
		return nil
	}
	if m.service.fresh(now) != known.route {
		return nil
	}
	return known.route
}

// route returns what the registry says about the method's service, after making sure
// that the call fits the method.
func (m *Method) route(ctx context.Context, call *Invocation, now, deadline time.Time) (*route, error) {
	r := m.service.fresh(now)
	if r == nil {
		var err error
		if r, err = m.service.learn(ctx, deadline); err != nil {
			return nil, err
		}
	}
	wants := fitted{route: r}
	if m.stub == nil {
		wants.args, wants.result = call.numArgs, call.resultType
	}
	if known := m.fits.Load(); known != nil && *known == wants {
		return r, nil
	}
	if !r.has(m) {
		// An instance may have brought the method a moment ago.
		if err := m.service.look(m.name).await(ctx, deadline); err != nil {
			return nil, err
		}
		r = m.service.current.Load()
		wants.route = r
	}
	if err := r.check(m, wants); err != nil {
		return nil, err
	}
	if m.path.Load() == nil {
		m.path.CompareAndSwap(nil, m.destination.path(m.name))
	}
	kept := wants // a copy, for only this one outlives the call
	m.fits.Store(&kept)
	return r, nil
}

// check returns why a call can't fit any version of the method.
func (r *route) check(m *Method, wants fitted) error {
	var first error
	for _, v := range r.versionsAt(m.client.instance) {
		remote := v.byName[m.name]
		if remote == nil {
			continue
		}
		err := remote.check(m.stub, wants)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	if first == nil {
		return binder.ErrUnknownMethod.WithMessage("%s has no method %q", m.whom(), m.name).WithOutcome(helium.NotExecuted)
	}
	return ErrMismatch.WithMessage("%w", first).WithOutcome(helium.NotExecuted)
}

// whom names what a method is called at.
func (m *Method) whom() string {
	if m.client.instance != "" {
		return fmt.Sprintf("instance %q of service %q", m.client.instance, m.service.name)
	}
	return fmt.Sprintf("service %q", m.service.name)
}

// check compares a method with a stub, or where there is none with what the call itself
// says: how many arguments, and where the result should go.
func (remote *remoteMethod) check(stub *signature.Method, wants fitted) error {
	if remote.err != nil {
		return fmt.Errorf("the registry's signature can't be read: %w", remote.err)
	}
	if stub != nil {
		return signature.Fits(stub, remote.signature)
	}
	sig := remote.signature
	takes := len(sig.Params)
	switch {
	case sig.Variadic && wants.args < takes-1:
		return fmt.Errorf("a call with %s doesn't fit %s: it takes at least %d", arguments(wants.args), sig, takes-1)
	case !sig.Variadic && wants.args != takes:
		return fmt.Errorf("a call with %s doesn't fit %s: it takes %d", arguments(wants.args), sig, takes)
	case wants.result == nil:
		return nil
	}
	result, err := signature.NewTypes().OfType(wants.result)
	if err != nil {
		return fmt.Errorf("a %s can't take the result of %s: %w", wants.result, sig, err)
	}
	return signature.Fits(&signature.Method{Name: sig.Name, Params: sig.Params, Variadic: sig.Variadic, Result: result}, sig)
}

func arguments(n int) string {
	if n == 1 {
		return "1 argument"
	}
	return fmt.Sprintf("%d arguments", n)
}
