package schema

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/signature"
)

// A Service is what one record says, with its signatures read.
type Service struct {
	Name string
	// Version is the service's own, "" if it has none.
	Version string
	// Doc says what the service is for, "" if that isn't known.
	Doc string
	// Methods are those that are called, and those that are streams, in the record's order.
	Methods []Method
	// Skipped are methods of kinds that this package doesn't know, or of streams it can't read, by name.
	Skipped []string
	// Differing are instances that started earlier and have other methods or types than
	// this one, by name.
	Differing []string
}

// A Method is one method of a [Service].
type Method struct {
	Signature *signature.Method
	// Doc, Idempotent, Errors and Example are as in [binder.Method].
	Doc        string
	Idempotent bool
	Errors     []binder.MethodError
	Example    *binder.Example
}

// Services reads the records of any number of instances. Each service is read from the
// instance that started last; the services are ordered by name.
func Services(records []binder.Record) ([]*Service, error) {
	byName := make(map[string][]*binder.Record)
	for i := range records {
		r := &records[i]
		byName[r.Service] = append(byName[r.Service], r)
	}
	services := make([]*Service, 0, len(byName))
	for _, instances := range byName {
		slices.SortFunc(instances, func(a, b *binder.Record) int {
			return cmp.Or(b.Started.Compare(a.Started), cmp.Compare(a.Instance, b.Instance))
		})
		s, err := Read(instances[0])
		if err != nil {
			return nil, err
		}
		for _, other := range instances[1:] {
			if !sameShape(instances[0], other) {
				s.Differing = append(s.Differing, other.Instance)
			}
		}
		slices.Sort(s.Differing)
		services = append(services, s)
	}
	slices.SortFunc(services, func(a, b *Service) int { return cmp.Compare(a.Name, b.Name) })
	return services, nil
}

// sameShape reports whether two instances of a service have the same methods and types.
func sameShape(a, b *binder.Record) bool {
	return slices.EqualFunc(a.Methods, b.Methods, func(a, b binder.Method) bool {
		return a.Name == b.Name && a.Signature == b.Signature && a.Kind == b.Kind && a.Idempotent == b.Idempotent
	}) && maps.Equal(a.Types, b.Types)
}

// nameForm is that of all names which become part of subjects.
var nameForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`)

// Read reads one record. The error says which method or type can't be read.
func Read(r *binder.Record) (*Service, error) {
	if r == nil {
		return nil, errors.New("schema: the record is nil; pass one from the registry")
	}
	if !nameForm.MatchString(r.Service) {
		return nil, fmt.Errorf("%q can't be the name of a service; names match %s", r.Service, nameForm)
	}
	types, err := r.ReadTypes()
	if err != nil {
		return nil, fmt.Errorf("service %s: its types can't be read: %w", r.Service, err)
	}
	s := &Service{Name: r.Service, Version: r.Version, Doc: r.Doc}
	for i := range r.Methods {
		m := &r.Methods[i]
		parsed, err := m.Read(types)
		isCall := m.Kind == binder.KindCall || m.Kind == ""
		if !isCall && (m.Kind != binder.KindStream || err != nil || !parsed.Streams()) { // of a later version
			s.Skipped = append(s.Skipped, m.Name)
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("service %s: the signature of %s can't be read: %w", r.Service, m.Name, err)
		}
		s.Methods = append(s.Methods, Method{parsed, m.Doc, m.Idempotent, m.Errors, m.Example})
	}
	return s, nil
}

// namedTypes are all named types that the service's methods lead to, by name.
func (s *Service) namedTypes() []*signature.Type {
	met := make(map[string]*signature.Type)
	var walk func(t *signature.Type)
	walk = func(t *signature.Type) {
		if t == nil {
			return
		}
		if t.Name != "" {
			if _, ok := met[t.Name]; ok {
				return
			}
			met[t.Name] = t
		}
		walk(t.Key)
		walk(t.Elem)
		for _, f := range t.Fields {
			walk(f.Type)
		}
	}
	for _, m := range s.Methods {
		for _, p := range m.Signature.Params {
			walk(p.Type)
		}
		walk(m.Signature.Result)
		walk(m.Signature.Yields)
		if sends := m.Signature.Sends; sends != nil {
			walk(sends.Type)
		}
	}
	types := make([]*signature.Type, 0, len(met))
	for _, t := range met {
		types = append(types, t)
	}
	slices.SortFunc(types, func(a, b *signature.Type) int { return cmp.Compare(a.Name, b.Name) })
	return types
}

// exampleArguments returns the arguments of the method's example, nil if there is none
// that its signature takes.
func (m *Method) exampleArguments() []json.RawMessage {
	if m.Example == nil {
		return nil
	}
	var args []json.RawMessage
	if json.Unmarshal(m.Example.Args, &args) != nil {
		return nil
	}
	params := len(withItems(m.Signature).Params)
	if len(args) != params && !(m.Signature.Variadic && len(args) >= params-1) {
		return nil
	}
	if args == nil {
		args = []json.RawMessage{}
	}
	return args
}

// whole refuses a list of services with a hole in it.
func whole(services []*Service) error {
	for i, s := range services {
		if s == nil {
			return fmt.Errorf("schema: services[%d] is nil; leave it out", i)
		}
	}
	return nil
}
