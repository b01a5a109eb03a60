package rpcclient

import (
	"fmt"
	"sync/atomic"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/signature"
)

// Method is a method prepared for calls: its names checked, its subject made. It does
// what every way of calling ends in, with neither reflection nor any, and is safe for
// concurrent use. Get one from Client.Method and keep it.
type Method struct {
	client      *Client
	service     *service
	destination *destination
	name        string
	stub        *signature.Method // what the caller thinks the method is; nil: not said
	loose       bool              // the stub doesn't say all names of fields that it sends
	fault       *helium.Error     // why no call can be made

	fits atomic.Pointer[way] // that of the last calls that were found to fit
}

// Method returns a service's method for calls. The signature, in the notation of
// package signature with its named types, is what the caller takes the method to be;
// the first call checks it against the registry, and "" lets anything pass. A fault in
// the names or the signature is the error of every call.
func (c *Client) Method(service, name, sig string, types map[string]string) *Method {
	m := c.pinnedMethod(service, name)
	if sig != "" && m.fault == nil {
		m.stub, m.fault = parseStub(name, sig, types)
	}
	return m
}

func parseStub(name, sig string, types map[string]string) (*signature.Method, *helium.Error) {
	known, err := signature.ParseTypes(types)
	if err != nil {
		return nil, helium.ErrMismatch.WithMessage("the stub's own types can't be read: %w", err).WithOutcome(helium.NotExecuted)
	}
	stub, err := known.Parse(sig)
	if err != nil {
		return nil, helium.ErrMismatch.WithMessage("the stub's own signature can't be read: %w", err).WithOutcome(helium.NotExecuted)
	}
	if stub.Name != name {
		return nil, helium.ErrMismatch.WithMessage("the stub of method %q has the signature of another: %s", name, stub).WithOutcome(helium.NotExecuted)
	}
	return stub, nil
}

// pinnedMethod returns a method that somebody keeps.
func (c *Client) pinnedMethod(service, name string) *Method {
	m := &Method{client: c, name: name}
	if m.fault = c.unmade(); m.fault != nil {
		return m
	}
	if m.fault = checkNames(service, name, c.instance); m.fault == nil {
		m.service = c.service(service, true)
		m.destination = m.service.destination(c.instance)
	}
	return m
}

// checkNames refuses what can't be part of a subject.
func checkNames(service, method, instance string) *helium.Error {
	err := wire.CheckName("service", service)
	if err == nil {
		err = wire.CheckName("method", method)
	}
	if err == nil && instance != "" {
		err = wire.CheckName("instance", instance)
	}
	if err != nil {
		return helium.ErrBadName.WithMessage("%w", err).WithOutcome(helium.NotExecuted)
	}
	return nil
}

// whom names what a method is called at.
func (m *Method) whom() string {
	if m.client.instance != "" {
		return fmt.Sprintf("instance %q of service %q", m.client.instance, m.service.name)
	}
	return fmt.Sprintf("service %q", m.service.name)
}

// named returns e as the error of a call of m.
func (m *Method) named(e *helium.Error) *helium.Error {
	c := *e
	if m.service != nil {
		c.Service, c.Method = m.service.name, m.name
	}
	return &c
}
