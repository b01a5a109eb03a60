package rpcserver

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/internal/transcode"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/signature"
)

// Service is a service as a server runs it. [Register] makes one from a Go value;
// generated code writes one out.
type Service struct {
	// Name is what callers call it, such as "math".
	Name string
	// Doc says what the service is for. May be empty.
	Doc string
	// Types are the named types of the signatures, in the notation of package signature.
	Types map[string]string
	// TypeDocs say what Types are for, by their names. May be nil.
	TypeDocs map[string]TypeDoc
	// Enums are types of which some values have names. The signatures and Types can use
	// theirs: callers that know of no enums see the types of their values. May be nil.
	Enums map[string]Enum
	// Methods are what can be called.
	Methods []Method
}

// Method is one method of a [Service].
type Method struct {
	// Name is the name on the wire, such as "add". Those that begin with "helium-" are kept
	// for tools.
	Name string
	// Signature is the method in the notation of package signature, such as
	// "add(a float64, b float64) float64".
	Signature string
	// Doc says what the method does. May be empty.
	Doc string
	// Idempotent promises that a second execution does no harm, so that a call whose
	// outcome is unknown may be made again.
	Idempotent bool
	// Errors are those that the method declares: the ones that callers can expect and
	// tell apart. Others may come too.
	Errors []*helium.Error
	// Example is a call that can be tried. May be zero.
	Example Example
	// Handler runs a call.
	Handler Handler
}

// Example is a call of a method for people and tools, in JSON.
type Example struct {
	// Args is the array of the arguments, such as "[2, 3]".
	Args string
	// Result is what the method returns for them; "" if that isn't always the same.
	Result string
}

// service is a registered service.
type service struct {
	name    string
	methods map[string]*method
	record  binder.Record // but for its warnings, which come and go
}

// bind checks a service and makes it ready to run, with what of its record the Service says.
// Calls with idempotency keys run by replays.
// What is wrong goes to faults.
func bind(svc Service, interceptors []Interceptor, replays *replays, faults *faults) *service {
	if err := wire.CheckName("service", svc.Name); err != nil {
		faults.add("%v", err)
	}
	types := readTypes(svc.Types, svc.TypeDocs, svc.Enums, faults)
	if len(svc.Methods) == 0 && len(*faults) == 0 {
		faults.add("it has no methods; export some")
	}
	if i := slices.IndexFunc(interceptors, func(i Interceptor) bool { return i == nil }); i >= 0 {
		faults.add("Config.Interceptors[%d] is nil; leave it out", i)
		interceptors = nil
	}
	bound := &service{name: svc.Name, methods: make(map[string]*method, len(svc.Methods))}
	bound.record = binder.Record{Service: svc.Name, Doc: shortDoc(svc.Doc), Types: types.types, TypeDocs: types.docs, Enums: types.enums}
	names := make(map[string]bool, len(svc.Methods))
	for _, m := range svc.Methods {
		if names[m.Name] {
			faults.add("two methods are called %q on the wire; rename one", m.Name)
			continue
		}
		names[m.Name] = true
		sig, err := m.check(types.named)
		if err != nil {
			faults.add("%v", err)
			continue
		}
		run, err := m.within(interceptors, replays)
		if err != nil {
			faults.add("%v", err)
			continue
		}
		if sig != nil && sig.Streams() {
			run = onlyStreams(run)
		}
		withEnums := ""
		if sig != nil && len(svc.Enums) > 0 {
			with := sig.String()
			if sig, err = types.plain.Parse(sig.WithoutEnums().String()); err != nil {
				faults.add("%s: %v", m.Name, err)
				continue
			}
			if with != sig.String() {
				withEnums = with
			}
		}
		if sig == nil {
			continue // the types can't be read, and are among the faults
		}
		bound.methods[m.Name] = &method{service: svc.Name, name: m.Name, signature: sig, run: run}
		bound.record.Methods = append(bound.record.Methods, m.described(sig, withEnums))
	}
	return bound
}

// reserved begins names that no method has, so that tools may call one and be told so.
const reserved = "helium-"

// check returns the method's signature, nil without an error if types are nil.
func (m *Method) check(types *signature.Types) (*signature.Method, error) {
	if err := wire.CheckName("method", m.Name); err != nil {
		return nil, err
	}
	if strings.HasPrefix(m.Name, reserved) {
		return nil, fmt.Errorf("%s: names of methods that begin with %q are kept for tools; rename it", m.Name, reserved)
	}
	if m.Handler == nil {
		return nil, fmt.Errorf("%s: its Handler is nil", m.Name)
	}
	for i, e := range m.Errors {
		if e == nil {
			return nil, fmt.Errorf("%s: its Errors[%d] is nil; leave it out", m.Name, i)
		}
	}
	if types == nil {
		return nil, nil
	}
	sig, err := types.Parse(m.Signature)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	case sig.Name != m.Name:
		return nil, fmt.Errorf("%s: its signature is that of %q", m.Name, sig.Name)
	}
	return sig, m.checkExample(sig)
}

func (m *Method) checkExample(sig *signature.Method) error {
	if m.Example == (Example{}) {
		return nil
	}
	var args []json.RawMessage
	if err := json.Unmarshal([]byte(m.Example.Args), &args); err != nil {
		return fmt.Errorf("%s: its Example.Args, %q, isn't a JSON array: %w", m.Name, m.Example.Args, err)
	}
	if _, err := transcode.Arguments([]byte(m.Example.Args), sig); err != nil {
		return fmt.Errorf("%s: its Example.Args, %q, don't fit %s: %w", m.Name, m.Example.Args, sig, err)
	}
	if result := m.Example.Result; result != "" && !json.Valid([]byte(result)) {
		return fmt.Errorf("%s: its Example.Result, %q, isn't JSON", m.Name, result)
	}
	return nil
}

// described returns the method as the registry has it; withEnums is its signature with the
// names of enums, "" if it has none.
func (m *Method) described(sig *signature.Method, withEnums string) binder.Method {
	d := binder.Method{Name: m.Name, Signature: sig.String(), WithEnums: withEnums, Kind: binder.KindCall, Idempotent: m.Idempotent, Doc: m.Doc}
	if sig.Streams() {
		d.Kind = binder.KindStream
	}
	for _, e := range m.Errors {
		d.Errors = append(d.Errors, binder.MethodError{Code: e.Code.String(), Reason: e.Reason, Message: e.Message})
	}
	if m.Example != (Example{}) {
		d.Example = &binder.Example{Args: json.RawMessage(m.Example.Args), Result: json.RawMessage(m.Example.Result)}
	}
	return d
}

// noted returns a handler that notes in its call that it ran, also if it panics. One that can't read the
// arguments didn't, but one that ran before did, though an interceptor that calls next again leaves it none to read.
func noted(handler Handler) Handler {
	return func(ctx context.Context, call *Call) error {
		before := call.ran
		call.ran = true
		err := handler(ctx, call)
		if _, ok := err.(argumentError); ok {
			call.ran = before
		}
		return err
	}
}

// within returns the method's handler within the interceptors.
func (m *Method) within(interceptors []Interceptor, replays *replays) (Handler, error) {
	handler := noted(m.Handler)
	run := Handler(func(ctx context.Context, call *Call) error {
		if call.key != "" {
			return replays.run(ctx, call, handler)
		}
		if call.entered {
			if err := spent(call); err != nil {
				return err
			}
		}
		call.entered = true
		return handler(ctx, call)
	})
	for i := len(interceptors) - 1; i >= 0; i-- {
		if run = interceptors[i](run); run == nil {
			return nil, fmt.Errorf("%s: Config.Interceptors[%d] returned no handler; return next to leave calls alone", m.Name, i)
		}
	}
	return run, nil
}
