package rpcserver

import (
	"fmt"

	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/signature"
)

// Service is a service as a server runs it. [Register] makes one from a Go value;
// generated code writes one out.
type Service struct {
	// Name is what callers call it, such as "math".
	Name string
	// Types are the named types of the signatures, in the notation of package signature.
	Types map[string]string
	// Methods are what can be called.
	Methods []Method
}

// Method is one method of a [Service].
type Method struct {
	// Name is the name on the wire, such as "add".
	Name string
	// Signature is the method in the notation of package signature, such as
	// "add(a float64, b float64) float64".
	Signature string
	// Doc says what the method does. May be empty.
	Doc string
	// Idempotent promises that a second execution does no harm, so that a call whose
	// outcome is unknown may be made again.
	Idempotent bool
	// Handler runs a call.
	Handler Handler
}

// method is a Method at work.
type method struct {
	Method
	service   string
	signature *signature.Method
	run       Handler // Handler within the interceptors
}

// bind checks a service and makes its methods ready to run. Every fault is in the error.
func bind(svc Service, interceptors []Interceptor) (methods []*method, err error) {
	var faults faults
	if err := wire.CheckName("service", svc.Name); err != nil {
		faults.add("%v", err)
	}
	types, err := signature.ParseTypes(svc.Types)
	if err != nil {
		faults.add("types: %v", err)
	}
	if len(svc.Methods) == 0 {
		faults.add("it has no methods; export some")
	}
	names := make(map[string]bool, len(svc.Methods))
	for _, m := range svc.Methods {
		switch err := wire.CheckName("method", m.Name); {
		case err != nil:
			faults.add("%v", err)
			continue
		case names[m.Name]:
			faults.add("two methods are called %q on the wire; rename one", m.Name)
			continue
		case m.Handler == nil:
			faults.add("%s: its Handler is nil", m.Name)
			continue
		}
		names[m.Name] = true
		if types == nil {
			continue
		}
		sig, err := types.Parse(m.Signature)
		if err != nil {
			faults.add("%s: %v", m.Name, err)
			continue
		}
		if sig.Name != m.Name {
			faults.add("%s: its signature is that of %q", m.Name, sig.Name)
			continue
		}
		run := m.Handler
		for i := len(interceptors) - 1; i >= 0; i-- {
			run = interceptors[i](run)
		}
		methods = append(methods, &method{Method: m, service: svc.Name, signature: sig, run: run})
	}
	if err := faults.err("service %q can't be served", svc.Name); err != nil {
		return nil, err
	}
	return methods, nil
}

// countFault returns how many arguments the method wants, if n isn't it.
func (m *method) countFault(n int) (want string) {
	params := len(m.signature.Params)
	switch {
	case m.signature.Variadic && n < params-1:
		return fmt.Sprintf("at least %d", params-1)
	case !m.signature.Variadic && n != params:
		return fmt.Sprint(params)
	}
	return ""
}
