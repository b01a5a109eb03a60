package rpcclient

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/signature"
)

// service is what the client knows of one service. It is learnt by a lookup, kept fresh
// by the registry's events, and never forgotten: the registry informs, NATS routes, so
// when no binder answers calls go on from what is known.
type service struct {
	core *core
	name string

	sharedDenied atomic.Bool // this connection's user may not use the subject for several methods
	stale        atomic.Bool // what is known may be outdated; a lookup is due
	current      atomic.Pointer[route]

	mu         sync.Mutex
	records    map[string]binder.Record // guarded by mu; by instance
	methods    map[string]*methodState  // guarded by mu
	lookup     chan struct{}            // guarded by mu; closed when the lookup under way is done; nil: none
	refreshing bool                     // guarded by mu; a lookup in the background is under way
}

// route is what calls need of a service's records. It isn't changed, only replaced.
type route struct {
	versions  []version // the different sets of methods that instances have
	instances []string
	perMethod bool // some instance doesn't listen to the subject for several methods
}

// version is a set of methods, of one instance or more.
type version struct {
	methods []binder.Method
	types   map[string]string
}

// methodState is what the client has learnt of a method by calling it.
type methodState struct {
	nanos    atomic.Int64 // the handler's expected time; 0: unknown yet
	answered atomic.Bool  // somebody has answered since the connection was made
}

// work returns how long a server is expected to be busy with a call.
func (s *methodState) work() time.Duration {
	if nanos := s.nanos.Load(); nanos > 0 {
		return time.Duration(nanos)
	}
	return wire.UnknownWork
}

// observe takes in the handler's time of one more call. The expectation rises fast and
// sinks slowly: taking a slow method for a quick one makes calls wait behind it, the
// other way round only costs messages.
func (s *methodState) observe(micros uint64) {
	if !s.answered.Load() {
		s.answered.Store(true)
	}
	const longest = uint64(time.Hour / time.Microsecond)
	took := max(int64(min(micros, longest))*int64(time.Microsecond), int64(wire.MinWork))
	expected := s.nanos.Load()
	switch {
	case expected == took:
	case expected == 0:
		s.nanos.Store(took)
	case took > expected:
		s.nanos.Store(expected + (took-expected+3)/4)
	default:
		s.nanos.Store(expected - (expected-took+31)/32)
	}
}

// service returns the client's knowledge of a service, none at first.
func (c *core) service(name string) *service {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.services[name]
	if s == nil {
		s = &service{core: c, name: name, methods: make(map[string]*methodState)}
		c.services[name] = s
	}
	return s
}

func (s *service) method(name string) *methodState {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.methods[name]
	if state == nil {
		state = new(methodState)
		s.methods[name] = state
	}
	return state
}

// route returns what the registry says about the method's service, after making sure
// that a call with this many arguments, and the stub if there is one, fits the method.
func (m *Method) route(ctx context.Context, args int, deadline time.Time) (*route, error) {
	r := m.service.current.Load()
	if r == nil {
		if err := m.service.learn(ctx, deadline); err != nil {
			return nil, err
		}
		r = m.service.current.Load()
	} else if m.service.stale.Load() {
		m.service.refresh()
	}
	if m.stub != nil && m.fits.Load() == r {
		return r, nil
	}
	if !r.has(m.name) {
		// An instance may have brought the method a moment ago.
		if err := m.service.lookupMethod(ctx, m.name, deadline); err != nil {
			return nil, err
		}
		r = m.service.current.Load()
	}
	if err := r.check(m, args); err != nil {
		return nil, err
	}
	m.fits.Store(r)
	return r, nil
}

// learn looks the service up for the first time; callers at the same moment share one
// lookup.
func (s *service) learn(ctx context.Context, deadline time.Time) error {
	for {
		s.mu.Lock()
		if s.current.Load() != nil {
			s.mu.Unlock()
			return nil
		}
		if under := s.lookup; under != nil {
			s.mu.Unlock()
			select {
			case <-under:
			case <-ctx.Done():
				return contextError(ctx.Err(), helium.NotExecuted)
			}
			if s.current.Load() != nil {
				return nil
			}
			continue // its caller failed; ask with this one's time
		}
		done := make(chan struct{})
		s.lookup = done
		s.mu.Unlock()

		ctx, cancel := context.WithDeadline(ctx, deadline)
		entry, err := s.core.registry.Lookup(ctx, s.name)
		cancel()
		if err == nil {
			s.replace(entry.Records)
		}
		s.mu.Lock()
		s.lookup = nil
		s.mu.Unlock()
		close(done)
		return err
	}
}

// lookupMethod asks for one method of a service that is known without it. If no binder
// answers, what is known stands.
func (s *service) lookupMethod(ctx context.Context, method string, deadline time.Time) error {
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	entry, err := s.core.registry.Lookup(ctx, s.name+"."+method)
	if err != nil {
		return err
	}
	for _, record := range entry.Records {
		s.put(record)
	}
	return nil
}

// refresh looks the service up in the background.
func (s *service) refresh() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refreshing || s.core.closed.Load() {
		return
	}
	s.refreshing = true
	s.stale.Store(false)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), s.core.config.Timeout)
		defer cancel()
		stop := context.AfterFunc(s.core.life, cancel)
		defer stop()
		entry, err := s.core.registry.Lookup(ctx, s.name)
		if err == nil {
			s.replace(entry.Records)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.refreshing = false
	}()
}

// replace takes in the answer to a lookup.
func (s *service) replace(records []binder.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records = make(map[string]binder.Record, len(records))
	for _, record := range records {
		s.records[record.Instance] = record
	}
	s.publishLocked()
}

// put takes in one record.
func (s *service) put(record binder.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.records == nil {
		s.records = make(map[string]binder.Record)
	}
	s.records[record.Instance] = record
	s.publishLocked()
}

// remove forgets an instance, but not the last one: its methods are the best that is
// known until another comes.
func (s *service) remove(instance string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.records[instance]; !known || len(s.records) == 1 {
		return
	}
	delete(s.records, instance)
	s.publishLocked()
}

// publishLocked makes the route of the records.
func (s *service) publishLocked() {
	r := new(route)
	for instance, record := range s.records {
		r.instances = append(r.instances, instance)
		r.perMethod = r.perMethod || record.PerMethod
		same := func(v version) bool {
			return reflect.DeepEqual(v.methods, record.Methods) && reflect.DeepEqual(v.types, record.Types)
		}
		if !slices.ContainsFunc(r.versions, same) {
			r.versions = append(r.versions, version{record.Methods, record.Types})
		}
	}
	slices.Sort(r.instances)
	s.current.Store(r)
}

// registryChanged takes in an event of the registry.
func (c *core) registryChanged(event binder.Event) {
	c.mu.Lock()
	s := c.services[event.Record.Service]
	if event.Kind == binder.Registered || event.Kind == binder.Changed {
		clear(c.bareNames) // another service may have the same method now
	}
	c.mu.Unlock()
	if s == nil || s.current.Load() == nil {
		return
	}
	switch event.Kind {
	case binder.Registered, binder.Changed:
		s.put(event.Record)
	case binder.Ended, binder.Expired:
		s.remove(event.Record.Instance)
	}
}

// find returns the method as each version has it.
func (r *route) find(name string) (found []version) {
	for _, v := range r.versions {
		i := slices.IndexFunc(v.methods, func(m binder.Method) bool { return m.Name == name })
		if i >= 0 {
			found = append(found, version{v.methods[i : i+1], v.types})
		}
	}
	return found
}

func (r *route) has(name string) bool { return len(r.find(name)) > 0 }

// idempotent reports whether every version of the method is.
func (r *route) idempotent(name string) bool {
	found := r.find(name)
	for _, v := range found {
		if !v.methods[0].Idempotent {
			return false
		}
	}
	return len(found) > 0
}

// check returns why a call can't fit any version of the method.
func (r *route) check(m *Method, args int) error {
	var first error
	for _, v := range r.find(m.name) {
		err := v.check(m.stub, args)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	if first == nil {
		return binder.ErrUnknownMethod.WithMessage("service %q has no method %q", m.service.name, m.name).WithOutcome(helium.NotExecuted)
	}
	return ErrMismatch.WithMessage("%w", first).WithOutcome(helium.NotExecuted)
}

// check compares one method with a stub, or with a number of arguments where no stub
// says more.
func (v version) check(stub *signature.Method, args int) error {
	types, err := signature.ParseTypes(v.types)
	if err != nil {
		return fmt.Errorf("the registry's types can't be read: %w", err)
	}
	remote, err := types.Parse(v.methods[0].Signature)
	if err != nil {
		return fmt.Errorf("the registry's signature can't be read: %w", err)
	}
	if stub != nil {
		return signature.Fits(stub, remote)
	}
	want := len(remote.Params)
	switch {
	case remote.Variadic && args < want-1:
		return fmt.Errorf("a call with %d arguments doesn't fit %s: it takes at least %d", args, remote, want-1)
	case !remote.Variadic && args != want:
		return fmt.Errorf("a call with %d arguments doesn't fit %s: it takes %d", args, remote, want)
	}
	return nil
}

// resolve finds the service and the method of a name, "math.add" or bare "add".
func (c *core) resolve(ctx context.Context, name string) (service, method string, err error) {
	service, method, err = splitName(name)
	if err != nil || service != "" {
		return service, method, err
	}
	c.mu.Lock()
	service = c.bareNames[method]
	c.mu.Unlock()
	if service != "" {
		return service, method, nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	entry, err := c.registry.LookupMethod(ctx, method)
	if err != nil {
		if errors.Is(err, binder.ErrNoBinder) {
			return "", "", helium.AsError(err).WithMessage("%s; a name without its service, such as %q, needs one", err, name)
		}
		return "", "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bareNames[method] = entry.Service
	return entry.Service, method, nil
}
