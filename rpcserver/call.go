package rpcserver

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/signature"
)

// Handler runs one call: it reads call.Args and writes call.Result. An error is the
// caller's answer instead of the result.
type Handler func(ctx context.Context, call *Call) error

// Interceptor wraps the handlers of all methods, to look at calls, to refuse them or
// to change what goes in and out.
type Interceptor func(next Handler) Handler

// Call is one call on its way through the server. It is good until its handler returns:
// then the server uses it for another call, so keep neither it nor its Args and Result.
type Call struct {
	// Args reads the arguments, one after the other. There are as many as the
	// method's signature demands. A codec.Reader is a small value: an interceptor that looks
	// at arguments reads them from a copy, and leaves this one to the handler.
	Args codec.Reader
	// NumArgs is how many arguments came: of a variadic method, any number.
	NumArgs int
	// Result takes the result, one value; nothing written means nil. An interceptor
	// that wants another result than the handler's calls Result.Reset first.
	Result codec.Writer
	// ReplyMetadata go back beside the result or the error, at most 256 entries. A
	// plain request gets none. May be nil.
	ReplyMetadata helium.Metadata

	ctx      *callContext // not part of the Call, as handlers may keep their contexts
	method   *method      // nil only if there is a refusal
	metadata helium.Metadata
	args     []byte        // the arguments' msgpack array, not scanned yet
	refusal  *helium.Error // why the call can't be run, if it can't
	entered  bool          // the handler within the interceptors was called
	packed   []byte        // ReplyMetadata as they leave, once the handler is done

	caller *caller
	seq    uint64        // the caller's name for the call
	plain  *plainRequest // nil unless the call came as a plain request

	buffer []byte // the result's first buffer; the only thing kept from call to call
}

var callPool = sync.Pool{New: func() any { return &Call{buffer: make([]byte, 0, wire.Room+64)} }}

// newCall returns a call of a method, nil for none, that ends at the deadline.
func newCall(m *method, deadline time.Time) *Call {
	call := callPool.Get().(*Call)
	call.method = m
	call.Result = codec.NewWriter(call.buffer[:wire.Room])
	call.ctx = &callContext{call: call, deadline: deadline}
	return call
}

// recycle gives the call back. Nobody but its worker knows it any more: it is answered,
// so it is in no table, and its context has forgotten it.
func (c *Call) recycle() {
	buffer := c.Result.Buffer()
	if cap(buffer) > batch.MaxKept {
		buffer = c.buffer
	}
	*c = Call{buffer: buffer}
	callPool.Put(c)
}

// Service returns the service's name.
func (c *Call) Service() string { return c.method.service }

// Method returns the method's name.
func (c *Call) Method() string { return c.method.name }

// Metadata returns what came with the call. Don't change it.
func (c *Call) Metadata() helium.Metadata { return c.metadata }

// ReadResult returns a reader of what was written to Result, for interceptors that look
// at results once the handler is done.
func (c *Call) ReadResult() codec.Reader { return codec.NewReader(c.Result.Bytes()) }

// argumentError is a fault found while the arguments were read, so before the
// implementation was called.
type argumentError struct{ fault *helium.Error }

func (e argumentError) Error() string { return e.fault.Error() }
func (e argumentError) Unwrap() error { return e.fault }

// BadArgument is what a handler returns for an argument that it can't read: the
// caller gets [helium.CodeInvalidArgument], not executed. The position counts from 0.
func (c *Call) BadArgument(position int, err error) error {
	name := ""
	if params := c.method.signature.Params; len(params) > 0 && position >= 0 {
		if p := params[min(position, len(params)-1)]; p.Name != "" {
			name = " (" + p.Name + ")"
		}
	}
	e := helium.ErrBadArgument.WithMessage("argument %d%s of %s: %w", position+1, name, c.method.signature, err)
	e.Outcome = helium.NotExecuted
	return argumentError{e}
}

// outcome tells a call that an interceptor ended from one that reached its handler.
func (c *Call) outcome() helium.Outcome {
	if c.entered {
		return helium.Executed
	}
	return helium.NotExecuted
}

// start reads the arguments' array header and checks their number.
func (c *Call) start() *helium.Error {
	if c.plain != nil {
		args, err := c.plain.arguments(c.method.signature)
		if err != nil {
			return helium.ErrBadArgument.WithMessage("%s: %w", c.method.signature, err)
		}
		c.args = args
	}
	n, err := msgpack.ScanArray(c.args)
	if err != nil {
		return helium.ErrBadArgument.WithMessage("the arguments aren't a msgpack array: %w", err)
	}
	if want := c.method.countFault(n); want != "" {
		return helium.ErrBadArgument.WithMessage("%d %s for %s: want %s", n, plural(n, "argument"), c.method.signature, want)
	}
	c.NumArgs = n
	c.Args = codec.NewOwnedReader(c.args)
	if _, err := c.Args.ArrayHeader(); err != nil {
		return helium.ErrBadArgument.WithMessage("the arguments: %w", err)
	}
	return nil
}

func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}

// wantsNoAnswer reports whether nobody hears how the call ends.
func (c *Call) wantsNoAnswer() bool {
	if c.plain != nil {
		return c.plain.reply == ""
	}
	return c.caller.outbox == nil
}

// describe names the call in logs.
func (c *Call) describe() string { return fmt.Sprintf("%s.%s", c.method.service, c.method.name) }

// method is a method of a registered service, as its calls need it.
type method struct {
	service, name string
	signature     *signature.Method // without the names of enums
	run           Handler           // within the interceptors
	tally         tally
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
