package rpcclient

import (
	"context"
	"errors"
	"iter"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/directory"
)

// Answer is what came of a call of [All] at one instance.
type Answer[T any] struct {
	// Instance is the name of the instance in the registry; "": none could be called, and Err
	// says why.
	Instance string
	// Value is the method's result. A struct{} takes any, or none.
	Value T
	// Err is a *helium.Error, whose outcome says whether this instance may have run the call.
	Err error
}

// All calls a method at every instance of its service, and yields each answer as it comes.
//
//	for answer := range rpcclient.All[float64](ctx, c, "math.add", 2, 3) {
//		fmt.Println(answer.Instance, answer.Value, answer.Err)
//	}
//
// It ends when all have answered, and those that don't are named by an answer with an error:
// an instance that is gone within milliseconds, one that is frozen when it has been silent for two
// seconds, and any other by the deadline, which is that of ctx or the client's timeout for all
// calls together. So is one whose version lacks the method, or takes other arguments. Where no
// instance has such a method, or the call fits none, there is one answer, without an instance, and its
// error is the one that [Call] returns.
//
// The instances are those that the client knows of when the loop begins; the registry tells it of
// new ones within milliseconds. Each runs the call at most once, be the method idempotent or
// not; one that refused it, as it was busy, is asked again. 1,024 calls are in flight at once, and
// an answer that the loop doesn't take keeps its place. Breaking out of the loop cancels the
// calls that still run. Each loop calls anew.
//
// Interceptors see each call by itself. The calls go to subjects of single instances, which the
// connection's user must be permitted to publish to (helium.at.<service>.>). With a view by
// [Client.At] that instance alone is called; a key of [Keyed] doesn't matter. Methods with streams can't be
// called so.
func All[T any](ctx context.Context, c *Client, method string, args ...any) iter.Seq[Answer[T]] {
	return func(yield func(Answer[T]) bool) {
		if unmade := c.unmade(); unmade != nil {
			yield(Answer[T]{Err: unmade})
			return
		}
		if n := len(args); n > 0 && isStream(args[n-1]) {
			yield(Answer[T]{Err: helium.ErrIsStream.WithMessage("a stream goes to one instance; call each that rpcclient.Client.At names").WithOutcome(helium.NotExecuted)})
			return
		}
		ctx, cancel := context.WithDeadline(orBackground(ctx), c.deadline(orBackground(ctx), time.Now()))
		defer cancel()
		calls, err := c.toAll(ctx, method, args, resultOf[T]())
		if err != nil {
			yield(Answer[T]{Err: err})
			return
		}
		answers, left := make(chan reached[T]), make(chan struct{})
		var begun atomic.Int64
		var callers sync.WaitGroup
		defer callers.Wait()
		defer cancel()
		defer close(left)
		for range min(len(calls.instances), maxToAll) {
			callers.Go(func() {
				for more := true; more; {
					i := int(begun.Add(1)) - 1
					if i >= len(calls.instances) {
						return
					}
					more = callOne(ctx, calls, calls.instances[i], answers, left)
				}
			})
		}
		for range calls.instances {
			answer := <-answers
			switch {
			case answer.exited:
				runtime.Goexit()
			case answer.panicked != nil:
				panic(answer.panicked)
			case !calls.wasThere(answer.Instance, answer.Err):
				continue
			}
			if !yield(answer.Answer) {
				return
			}
		}
	}
}

// reached is what came of one instance. Interceptors run beside the loop, and how they end is the loop's business, as
// with any other call: it panics as they do, and its goroutine ends as theirs.
type reached[T any] struct {
	Answer[T]
	panicked any
	exited   bool // the goroutine was ended
}

// callOne calls one instance and hands over what came of it, unless the loop is left: then more is false.
func callOne[T any](ctx context.Context, calls *callsToAll, instance string, answers chan<- reached[T], left <-chan struct{}) (more bool) {
	one := reached[T]{Answer: Answer[T]{Instance: instance}, exited: true}
	defer func() {
		if one.exited {
			one.panicked = recover()
			one.exited = one.panicked == nil
		}
		select {
		case answers <- one:
			more = true
		case <-left:
			more = false
		}
	}()
	one.Err = calls.call(ctx, instance, &one.Value)
	one.exited = false
	return true
}

// maxToAll is how many calls of one loop are in flight at once.
const maxToAll = 1024

// callsToAll are the calls of one loop.
type callsToAll struct {
	client    *Client
	name      string       // service and method
	args      []any        // for their types
	packed    [][]byte     // args as they were when the loop began
	result    reflect.Type // nil: it is discarded
	instances []string
	former    map[string]*directory.Version // those of instances that the registry has just forgotten
}

// toAll finds out whom to call.
func (c *Client) toAll(ctx context.Context, name string, args []any, result reflect.Type) (*callsToAll, error) {
	all := &Client{client: c.client} // without a key
	m, _, err := all.lookUpMethod(ctx, name)
	if err != nil {
		return nil, err
	}
	if m.fault != nil {
		return nil, m.named(m.fault)
	}
	calls := &callsToAll{client: all, name: m.service.Name() + "." + m.name, args: args, result: result, instances: []string{c.instance}}
	for _, arg := range args {
		var w codec.Writer
		w.Value(arg)
		if err := w.Err(); err != nil {
			return nil, m.named(helium.ErrBadArgument.WithMessage("an argument can't be encoded: %w", err).WithOutcome(helium.NotExecuted))
		}
		calls.packed = append(calls.packed, w.Bytes())
	}
	if c.instance != "" {
		return calls, nil
	}
	return calls, calls.find(ctx, m)
}

// resultOf returns where a result should go; nil: nowhere.
func resultOf[T any]() reflect.Type {
	if t := reflect.TypeFor[T](); t != reflect.TypeFor[struct{}]() {
		return t
	}
	return nil
}

// find takes in the instances of the service, after making sure that the call fits some of them.
func (calls *callsToAll) find(ctx context.Context, m *Method) error {
	trial := calls.begin(m)
	defer trial.release()
	defer m.service.ForgetUnknown()
	if m.core.links.Closed() {
		return m.named(helium.ErrClientClosed.WithOutcome(helium.NotExecuted))
	}
	if err := ctx.Err(); err != nil {
		return m.named(directory.ContextError(err, helium.NotExecuted))
	}
	now := time.Now()
	deadline, _ := ctx.Deadline()
	w, err := trial.resolve(ctx, now, deadline)
	if err != nil {
		return m.named(helium.AsError(err))
	}
	calls.former = m.service.FormerVersions()
	calls.instances = slices.AppendSeq(slices.Clone(w.view.Instances), maps.Keys(calls.former))
	slices.Sort(calls.instances)
	calls.instances = slices.Compact(calls.instances)
	if len(calls.instances) > 0 {
		return nil
	}
	if w.doubt != nil {
		return m.named(w.doubt)
	}
	return m.named(helium.ErrNoInstance.WithOutcome(helium.NotExecuted))
}

// begin begins a call.
func (calls *callsToAll) begin(m *Method) *Invocation {
	call := m.Begin(len(calls.args))
	for i, arg := range calls.args {
		call.Args.Raw(calls.packed[i])
		call.says().argTypes = append(call.says().argTypes, reflect.TypeOf(arg))
	}
	call.says().toAll, call.says().resultType = true, calls.result
	return call
}

// call calls one instance and stores its result.
func (calls *callsToAll) call(ctx context.Context, instance string, result any) error {
	at := calls.client.At(instance)
	m, _, err := at.lookUpMethod(ctx, calls.name)
	if err != nil {
		return err
	}
	call := calls.begin(m)
	call.viewKey = &at.key
	if err := at.callByName(ctx, m, call); err != nil {
		return err
	}
	if calls.result == nil {
		return call.End(nil)
	}
	return call.End(call.Result.Value(result))
}

// wasThere reports whether an instance is one of the service's. One that the registry has
// forgotten, and that NATS knows nothing of either, isn't.
func (calls *callsToAll) wasThere(instance string, err error) bool {
	return calls.former[instance] == nil || !errors.Is(err, helium.ErrNoInstance)
}
