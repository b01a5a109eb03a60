package rpcserver

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver/internal/pool"
	"github.com/helium-rpc/helium/signature"
)

// Handler runs one call: it reads call.Args and writes call.Result. An error is the
// caller's answer instead of the result.
type Handler func(ctx context.Context, call *Call) error

// Interceptor wraps the handlers of all methods, to look at calls, to refuse them or
// to change what goes in and out.
//
// Next may be called again once it has returned, which runs the handler again, with what Args and Result are then: an
// interceptor keeps a copy of Args, puts it back, and resets Result; without the copy the caller gets a
// [helium.CodeInvalidArgument] that says that the handler ran. What a stream has sent by then has left, and
// what the handler sends anew follows it. Once the handler has taken items that the caller sends, which don't
// come twice, next returns [helium.ErrInterceptor] and runs nothing.
//
// Whoever answers without calling next writes Result, with Nil if the method has no result, or sends items with [Yield].
// One that returns nil though nothing ran and nothing was written has its caller get [helium.ErrInterceptor].
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

	ctx      *callContext[Call] // not part of the Call, as handlers may keep their contexts
	method   *method            // nil only if there is a refusal
	metadata helium.Metadata
	args     []byte        // the arguments' msgpack array, or what a plain request says of them; not scanned yet
	extra    int           // bytes that it holds beside its arguments
	refusal  *helium.Error // why the call can't be run, if it can't
	packed   []byte        // ReplyMetadata as they leave, or the result of a plain request

	begun time.Time // from when on its time counts: when its message was begun, or else when it came

	key        string        // the call's idempotency key; "": it has none
	replayTook time.Duration // how long the call of that key took that was run in its place, if it is replayed

	seq    uint64 // the caller's name for the call
	owner  owner
	answer answerer
	large  *largeCall // what of it travels in chunks; nil: nothing. Others read it with its owner's lock

	// These stand together, as they take a word each else, which each call would clear.

	probe    bool // it never had any time: it only asks how far a call would come
	plain    bool // the arguments are those of a plain request
	entered  bool // the handler within the interceptors was called
	ran      bool // and ran, or runs: see noted
	unsure   bool // it may have begun later than begun says
	replayed bool // another call of its key was run in its place
	beaten   bool // guarded by its owner's lock: it was in flight at a heartbeat
	// takesChunks: its caller takes a result in chunks.
	takesChunks bool

	buffer []byte // the result's first buffer, with room in front; the only thing kept from call to call
}

// method is a method of a registered service, as its calls need it.
type method struct {
	service, name string
	signature     *signature.Method // without the names of enums
	kind          pool.Kind         // where its calls wait
	run           Handler           // within the interceptors
	stats         methodStats
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

// String names the method in logs.
func (m *method) String() string { return m.service + "." + m.name }

// owner has a call in flight, from its admission until somebody takes it to answer it.
type owner interface {
	// take hands the call over, for its answer; ok is false if somebody else was faster.
	// others says whether its caller has more calls in flight.
	take(call *Call) (others, ok bool)
}

// answerer is how a call's answer leaves: in a frame, as a plain request's, or not at all.
type answerer interface {
	// awaited reports whether anybody hears how the call ends.
	awaited() bool
	// limit is the size of the largest message that an answer may make, in bytes.
	limit() int
	// pack brings the result of a call that went well into the form in which it leaves, and
	// returns the size of the message that it makes.
	pack(call *Call) (size int, err *helium.Error)
	// send sends the answer: err, or the result as it was packed if err is nil. After an
	// error it reads nothing that the handler may still write. others says whether the caller
	// has more calls in flight, took how long the handler ran.
	send(call *Call, err *helium.Error, took time.Duration, packed []byte, others bool)
}

// quitter is an answerer that is told of callers who gave up, and need no answer any more.
type quitter interface{ gaveUp(seq uint64) }

// follower is an answerer of a call with which something goes on between its beginning and its end.
type follower interface{ follow(f *wire.Frame) }

var callPool = sync.Pool{New: func() any { return &Call{buffer: newBuffer()} }}

// newBuffer returns a buffer for a result, with room in front of it for what opens its message.
func newBuffer() []byte { return make([]byte, wire.Room, wire.Room+64) }

// newCall returns a call that ends at the deadline.
func newCall(deadline time.Time) *Call {
	call := callPool.Get().(*Call)
	call.Result = codec.NewWriter(call.buffer)
	call.ctx = &callContext[Call]{call: call, deadline: deadline}
	return call
}

// recycle gives the call back. Nobody but its worker knows it any more: it is answered,
// so it is in no table, and its context has forgotten it.
func (c *Call) recycle() {
	buffer := c.Result.Buffer()
	if cap(buffer) > batch.MaxKept || len(buffer) < wire.Room { // the handler may have put another one there
		buffer = newBuffer()
	}
	*c = Call{buffer: buffer[:wire.Room]}
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

// CallFrom returns the call that a handler's context belongs to, or nil if it belongs to
// none or the handler has returned.
func CallFrom(ctx context.Context) *Call {
	call, _ := ctx.Value(callKey{}).(*Call)
	return call
}

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

// outcome tells a call that an interceptor ended from one that reached its handler, and both from one that waited for
// another call of its key in vain, which may run yet.
func (c *Call) outcome() helium.Outcome {
	switch {
	case c.key != "" && c.entered && !c.ran && !c.replayed:
		return helium.Unknown
	case c.entered:
		return helium.Executed
	}
	return helium.NotExecuted
}

// start reads the arguments' array header and checks their number.
func (c *Call) start() *helium.Error {
	if c.plain {
		args, err := plainArguments(c.args, c.method.signature)
		if err != nil {
			return helium.ErrBadArgument.WithMessage("%s: %w", c.method.signature, err)
		}
		c.args = args
	}
	n, err := msgpack.ScanArray(c.args)
	if err != nil {
		return helium.ErrBadArgument.WithMessage("the arguments aren't a msgpack array: %w", err)
	}
	items, taken := c.answer.(plainTaker)
	if taken = taken && c.method.signature.Sends != nil; taken {
		if n--; n != len(c.method.signature.Params) {
			return helium.ErrBadArgument.WithMessage("%d %s for %s: want %d, the last of which is an array of the items of the stream", n+1, plural(n+1, "argument"), c.method.signature, len(c.method.signature.Params)+1)
		}
	}
	if want := c.method.countFault(n); want != "" {
		return helium.ErrBadArgument.WithMessage("%d %s for %s: want %s", n, plural(n, "argument"), c.method.signature, want)
	}
	c.NumArgs = n
	c.Args = codec.NewOwnedReader(c.args)
	if _, err := c.Args.ArrayHeader(); err != nil {
		return helium.ErrBadArgument.WithMessage("the arguments: %w", err)
	}
	if taken {
		if err := items.take(c.Args, n); err != nil {
			return helium.ErrBadArgument.WithMessage("%s: %w", c.method.signature, err)
		}
	}
	return nil
}

// plainTaker is an answerer of a plain request which has the items of a stream behind so many arguments.
type plainTaker interface {
	take(args codec.Reader, arguments int) error
}

// callOverhead is about what a call takes beside its arguments and metadata, and entryOverhead what
// an entry of those takes beside its text, in bytes.
const (
	callOverhead  = 512
	entryOverhead = 64
)

// size is how many bytes a call holds while it waits.
func (c *Call) size() int { return len(c.args) + c.extra + callOverhead }

// task returns what the pool knows of a call.
func (c *Call) task() pool.Task[Call] {
	task := pool.Task[Call]{Call: c, Begun: c.begun, Deadline: c.ctx.deadline, Size: c.size()}
	if c.method != nil {
		task.Kind = &c.method.kind
	}
	return task
}

// isOver reports whether the time of a call has run out.
func (c *Call) isOver(now time.Time) bool { return !now.Before(c.ctx.deadline) }

// packMetadata encodes the reply's metadata, which the handler may not touch any more.
func (c *Call) packMetadata() {
	if len(c.ReplyMetadata) > 0 {
		c.packed = msgpack.AppendStringMap(nil, c.ReplyMetadata)
	}
}

// nobody is the answerer of calls that want no answer.
type nobody struct{}

func (nobody) awaited() bool                                          { return false }
func (nobody) limit() int                                             { return math.MaxInt }
func (nobody) pack(*Call) (int, *helium.Error)                        { return 0, nil }
func (nobody) send(*Call, *helium.Error, time.Duration, []byte, bool) {}
