package rpcclient

import (
	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/signature"
)

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

// newMethod returns a method that still lacks its service and endpoint, or has a fault.
func (c *Client) newMethod(service, name string) *Method {
	return &Method{core: &c.core, handler: c.handler, instance: c.instance, key: &c.key, name: name, fault: checkNames(service, name, c.instance)}
}

// pinnedMethod returns a method that somebody keeps.
func (c *Client) pinnedMethod(service, name string) *Method {
	if unmade := c.unmade(); unmade != nil {
		return &Method{name: name, fault: unmade}
	}
	m := c.newMethod(service, name)
	if m.fault == nil {
		m.service = c.directory.Service(service, true)
		m.endpoint = c.links.Endpoint(service, c.instance)
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
