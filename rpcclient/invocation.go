package rpcclient

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/signature"
)

// Writer takes the arguments of a [Invocation].
type Writer = wire.Writer

// Reader reads the result of a [Invocation].
type Reader = wire.Reader

// Handler carries out one call.
type Handler func(ctx context.Context, call *Invocation) error

// Interceptor wraps all calls of a client, to look at them, to add metadata to their
// context (see helium.WithMetadata), or to fail them. Retries happen within next.
type Interceptor func(next Handler) Handler

// Invocation is one call by way of a [Method], in the order: Begin, Args, Do, Result,
// End. It is what stubs are made of; programs use Client.Call or a stub.
type Invocation struct {
	// Args takes the arguments, in order.
	Args Writer
	// Result reads the result, once Do has returned nil.
	Result Reader
	// ReplyMetadata came back beside the result, if any did.
	ReplyMetadata helium.Metadata

	method  *Method
	numArgs int
	oneWay  bool

	// Of the attempt that is in flight:
	seq      uint64
	deadline time.Time
	message  atomic.Uint64 // the message that it left in; 0: none yet
	body     []byte        // the result, before done
	err      *helium.Error // before done
	done     chan struct{} // told once, by whoever took the call out of the table
}

var invocationPool = sync.Pool{New: func() any { return &Invocation{done: make(chan struct{}, 1)} }}

// Method is a method prepared for calls: its names checked, its subject made. It does
// what every way of calling ends in, with neither reflection nor any, and is safe for
// concurrent use. Get one from Client.Method and keep it.
type Method struct {
	client      *Client
	service     *service
	destination *destination
	state       *methodState
	name        string
	stub        *signature.Method // what the caller thinks the method is; nil: not said
	fault       error             // why no call can be made
	fits        atomic.Pointer[route]
}

// Method returns a service's method for calls. The signature, in the notation of
// package signature with its named types, is what the caller takes the method to be;
// the first call checks it against the registry, and "" lets anything pass. A fault in
// the names or the signature is the error of every call.
func (c *Client) Method(service, name, sig string, types map[string]string) *Method {
	m := c.method(service, name)
	if sig != "" && m.fault == nil {
		parsed, err := signature.ParseTypes(types)
		if err == nil {
			m.stub, err = parsed.Parse(sig)
		}
		if err != nil {
			m.fault = ErrMismatch.WithMessage("the stub's own signature can't be read: %w", err).WithOutcome(helium.NotExecuted)
		}
	}
	return m
}

// method returns a method without a signature.
func (c *Client) method(service, name string) *Method {
	m := &Method{client: c, name: name}
	if m.fault = checkNames(service, name, c.instance); m.fault != nil {
		return m
	}
	m.service = c.service(service)
	m.state = m.service.method(name)
	m.destination = c.destination(m.service, c.instance)
	return m
}

// checkNames refuses what can't be part of a subject.
func checkNames(service, method, instance string) error {
	err := wire.CheckName("service", service)
	if err == nil {
		err = wire.CheckName("method", method)
	}
	if err == nil && instance != "" {
		err = wire.CheckName("instance", instance)
	}
	if err != nil {
		return ErrBadName.WithMessage("%w", err).WithOutcome(helium.NotExecuted)
	}
	return nil
}

// Begin begins a call of that many arguments. It must come to Do.
func (m *Method) Begin(args int) *Invocation {
	call := invocationPool.Get().(*Invocation)
	call.method, call.numArgs = m, args
	call.Args.Reset()
	call.Args.ArrayHeader(args)
	return call
}

// Do makes the call and waits for its answer. After an error, which is a
// *helium.Error, the call is over; otherwise read the Result and call End.
func (call *Invocation) Do(ctx context.Context) error {
	c := call.method.client.core
	err := c.handler(ctx, call)
	c.counters.calls.Add(1)
	if err != nil {
		c.counters.failures.Add(1)
		call.release()
	}
	return err
}

// End gives the call back; neither it nor its Result may be used afterwards. It takes
// the error of reading the result, and returns it as one that names the call.
func (call *Invocation) End(err error) error {
	m := call.method
	call.release()
	if err == nil {
		return nil
	}
	return m.named(ErrBadResult.WithMessage("the method ran, and its result can't be read: %w", err).WithOutcome(helium.Executed))
}

// release puts the call back into the pool. Nobody else knows it any more: whoever took
// it out of the table has told done, and that was received.
func (call *Invocation) release() {
	const keep = 64 << 10 // a buffer larger than this isn't kept for small calls
	if cap(call.Args.Bytes()) > keep {
		call.Args = Writer{}
	}
	call.method, call.body, call.err, call.oneWay = nil, nil, nil, false
	call.Result, call.ReplyMetadata = Reader{}, nil
	invocationPool.Put(call)
}

// Service returns the name of the service that is called.
func (call *Invocation) Service() string { return call.method.service.name }

// Method returns the name of the method that is called.
func (call *Invocation) Method() string { return call.method.name }

// finish ends the attempt in flight, for whoever took it out of the table.
func (call *Invocation) finish(body []byte, err *helium.Error) {
	call.body, call.err = body, err
	call.done <- struct{}{}
}

// named returns e as the error of a call of m.
func (m *Method) named(e *helium.Error) *helium.Error {
	c := *e
	if m.service != nil {
		c.Service, c.Method = m.service.name, m.name
	}
	return &c
}
