package rpcclient

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/directory"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient/internal/keys"
	"github.com/helium-rpc/helium/rpcclient/internal/retries"
	"github.com/helium-rpc/helium/signature"
)

// Handler carries out one call. The call is the handler's until it returns.
type Handler func(ctx context.Context, call *Invocation) error

// Interceptor wraps all calls of a client, to look at them, to add metadata to their
// context (see helium.WithMetadata), or to fail them. Retries happen within next, which
// may be called again once it has returned; it makes the call anew.
//
// A stream begins anew likewise, and items that come follow those that have come before. It can't once the program's
// iterator was asked for items to send, as that may not give them twice, or the program has left the loop over
// those that come: then next returns [helium.ErrInterceptor], and sends nothing.
type Interceptor func(next Handler) Handler

// Method is a method prepared for calls: its names checked, its subject made. It does
// what every way of calling ends in, with neither reflection nor any, and is safe for
// concurrent use. Get one from Client.Method and keep it.
type Method struct {
	core     *core
	handler  Handler // carries out its calls
	service  *directory.Service
	endpoint *link.Endpoint
	instance string    // the one instance to call; "" for any
	key      *keys.Key // of its calls, but for those by name
	name     string
	stub     *signature.Method // what the caller thinks the method is; nil: not said
	loose    bool              // the stub doesn't say all names of fields that it sends
	fault    *helium.Error     // why no call can be made

	known atomic.Pointer[way] // that of the last calls that were found to fit
	kept  atomic.Bool         // by the client's methodCache, if it is one of calls by name

	forLoad retries.ForLoad // of its calls
}

// whom names what a method is called at.
func (m *Method) whom() string {
	if m.instance != "" {
		return fmt.Sprintf("instance %q of service %q", m.instance, m.service.Name())
	}
	return fmt.Sprintf("service %q", m.service.Name())
}

// absent returns the error of a call by [Client.At] whose instance isn't there.
func (m *Method) absent() *helium.Error {
	return link.ErrNobody.WithMessage("instance %q isn't running, or has no service %q; call another one, or any", m.instance, m.service.Name())
}

// isStranger reports whether the instance that [Client.At] has named is none of a view.
func (m *Method) isStranger(view *directory.View) bool {
	return m.instance != "" && view.VersionOf(m.instance) == nil
}

// named returns e as the error of a call of m.
func (m *Method) named(e *helium.Error) *helium.Error {
	c := *e
	if m.service != nil {
		c.Service, c.Method = m.service.Name(), m.name
	}
	return &c
}

// Invocation is one call by way of a [Method], in the order: Begin, Args, Do, Result,
// End. It is what stubs are made of; programs use Client.Call or a stub.
type Invocation struct {
	// Args takes the arguments, in order.
	Args codec.Writer
	// Result reads the result, once Do has returned nil.
	Result codec.Reader
	// ReplyMetadata came back beside the result or the error, if any did.
	ReplyMetadata helium.Metadata
	// Trace is told how the call went, unless it is nil.
	Trace *Trace

	// A caller that is woken often goes on on another processor, and all that it touches of its
	// call moves there. So what few calls need is kept apart.

	method     *Method
	viewKey    *keys.Key // of the client's view; not given with a method that has an instance
	key        *keys.Key // of the call; not to be written unless identify has made it
	sent       helium.Metadata
	numArgs    int
	oneWay     bool
	mayHaveRun bool   // by the end of some attempt, it couldn't be ruled out
	answered   bool   // the last attempt brought a result
	tried      *tried // what earlier attempts found out; nil: nothing
	loose      *loose // what no signature says of the call; nil: nothing

	flight link.Call // the attempt that is in flight
	answer answer    // what it waits for
}

var invocationPool = sync.Pool{New: func() any {
	return &Invocation{Args: codec.NewWriter(make([]byte, wire.Room)), answer: answer{done: newDone()}}
}}

// Begin begins a call of that many arguments. It must come to Do.
func (m *Method) Begin(args int) *Invocation {
	call := invocationPool.Get().(*Invocation)
	call.method, call.viewKey, call.key, call.numArgs = m, m.key, m.key, args
	call.Args.Reset()
	call.Args.ArrayHeader(args)
	return call
}

// Do makes the call and waits for its answer. After an error, which is a
// *helium.Error, the call is over; otherwise read the Result and call End.
func (call *Invocation) Do(ctx context.Context) error {
	c := call.method.core
	if c == nil { // of a client that New didn't return
		fault := call.method.fault
		call.release()
		return fault
	}
	panics := true // an interceptor, an iterator, or the body of a loop over items
	defer func() {
		if c.counters.calls.Add(1); panics {
			c.counters.failures.Add(1)
		}
	}()
	err := call.method.handler(orBackground(ctx), call)
	panics = false
	if err == nil && !call.answered {
		err = helium.ErrInterceptor
	}
	if err == nil {
		return nil
	}
	c.counters.failures.Add(1)
	e := call.judge(err)
	call.release()
	return e
}

// judge makes an error that may be an interceptor's own into one of the call's.
func (call *Invocation) judge(err error) *helium.Error {
	e := call.overall(helium.AsError(err))
	if e.Outcome == helium.Unknown && !call.mayHaveRun {
		e = e.WithOutcome(helium.NotExecuted)
	}
	if e.Service == "" {
		e = call.method.named(e)
	}
	return e
}

// overall returns the last attempt's error as that of all attempts: if one of them may
// have run, the call may have.
func (call *Invocation) overall(last *helium.Error) *helium.Error {
	if call.mayHaveRun && last.Outcome == helium.NotExecuted {
		return last.WithOutcome(helium.Unknown)
	}
	return last
}

// End gives the call back; neither it nor its Result may be used afterwards. It takes
// the error of reading the result, and returns it as one that names the call.
func (call *Invocation) End(err error) error {
	m := call.method
	// A result that nobody read was discarded; one that was read in part is another
	// than the stub takes it for.
	if rest := call.Result.Len(); err == nil && rest > 0 && call.Result.Offset() > 0 {
		err = fmt.Errorf("%d bytes are left after it", rest)
	}
	call.release()
	if err == nil {
		return nil
	}
	return m.named(helium.ErrBadResult.WithMessage("the method ran, and its result can't be read: %w", err).WithOutcome(helium.Executed))
}

// release puts the call back into the pool. Nobody else knows it any more: whoever took
// it out of the table of calls in flight has told so, and that was received.
func (call *Invocation) release() {
	if cap(call.Args.Buffer()) > batch.MaxKept {
		call.Args = codec.NewWriter(make([]byte, wire.Room))
	}
	call.method, call.tried, call.sent, call.viewKey, call.key = nil, nil, nil, nil, nil
	call.loose.reset()
	call.oneWay, call.mayHaveRun, call.answered = false, false, false
	call.Result, call.ReplyMetadata, call.Trace = codec.Reader{}, nil, nil
	call.flight.Release()
	call.answer.reset()
	invocationPool.Put(call)
}

// shape returns what the call takes its method to be.
func (call *Invocation) shape() shape {
	return shape{stub: call.method.stub, args: call.numArgs, result: call.loose.result(), item: call.loose.item(), sends: call.loose.sends()}
}

// found returns what the attempts found out, to add to it.
func (call *Invocation) found() *tried {
	if call.tried == nil {
		call.tried = new(tried)
	}
	return call.tried
}

// says returns what the call says of itself, to add to it.
func (call *Invocation) says() *loose {
	if call.loose == nil {
		call.loose = new(loose)
	}
	return call.loose
}

// avoided returns the instances that attempts found to be gone or without the method.
func (call *Invocation) avoided() []string {
	if call.tried == nil {
		return nil
	}
	return call.tried.avoid
}

// Service returns the name of the service that is called.
func (call *Invocation) Service() string {
	if call.method.service == nil {
		return "" // it has no name that could be one
	}
	return call.method.service.Name()
}

// Method returns the name of the method that is called.
func (call *Invocation) Method() string { return call.method.name }

// Instance returns the name of the one instance that is called, as by [Client.At] and [All]; ""
// stands for any.
func (call *Invocation) Instance() string { return call.method.instance }

// OneWay reports whether nobody waits for the call's answer; see Client.Notify.
func (call *Invocation) OneWay() bool { return call.oneWay }
