package rpcclient

import (
	"context"
	"reflect"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/directory"
	"github.com/helium-rpc/helium/signature"
)

// Call calls a method by name and stores its result in what result points to; nil
// discards it.
//
//	var sum float64
//	err := c.Call(ctx, "math.add", &sum, 2, 3)
//
// "add" alone works while only one service has such a method. Numbers of any width fit
// each other; one out of range is an error. Every error is a *helium.Error. The result
// holds what was sent and nothing else, whatever was in it before.
//
// Where the method takes a struct, a struct or a map with its field names does. A name that
// the method doesn't know and one that is missing are a [helium.ErrMismatch], before anything is
// sent: the handler would get zero values instead. Fields of type T? and any may be left
// out.
//
// Where the method takes a stream the last argument is an iter.Seq2[T, error]. One that returns a stream
// is called with [Stream].
func (c *Client) Call(ctx context.Context, method string, result any, args ...any) error {
	var resultType reflect.Type
	if result != nil {
		target := reflect.ValueOf(result)
		if target.Kind() != reflect.Pointer || target.IsNil() {
			return helium.ErrMismatch.WithMessage("the result of %.100q can't be stored in a %T; hint: pass a pointer that isn't nil, or nil to discard it", method, result).WithOutcome(helium.NotExecuted)
		}
		resultType = target.Type().Elem()
	}
	m, began, err := c.lookUpMethod(ctx, method)
	if err != nil {
		return err
	}
	call := m.begin(args)
	call.viewKey, call.says().began, call.says().resultType = &c.key, began, resultType
	if err := c.callByName(ctx, m, call); err != nil {
		return err
	}
	if result == nil {
		return call.End(nil)
	}
	return call.End(call.Result.Value(result))
}

// Call calls a method by name and returns its result.
//
//	sum, err := rpcclient.Call[float64](ctx, c, "math.add", 2, 3)
func Call[T any](ctx context.Context, c *Client, method string, args ...any) (result T, err error) {
	if err = c.Call(ctx, method, &result, args...); err != nil {
		var zero T
		return zero, err
	}
	return result, nil
}

// Notify calls a method by name and doesn't wait: nobody answers. The error is nil once
// the call is handed to the connection; whether a handler runs isn't known, and a call
// that finds no instance, or one that is too busy, is lost. See [Client.Close]. One that has to go
// to a single instance, which Client.At hasn't named, asks NATS first whether it may, once for each
// instance and connection: that takes a round trip. A method with streams can't be called so.
func (c *Client) Notify(ctx context.Context, method string, args ...any) error {
	m, began, err := c.lookUpMethod(ctx, method)
	if err != nil {
		return err
	}
	call := m.begin(args)
	call.viewKey, call.says().began, call.oneWay = &c.key, began, true
	if err := c.callByName(ctx, m, call); err != nil {
		return err
	}
	return call.End(nil)
}

// begin begins a call with any arguments. The last one may be a stream to send.
func (m *Method) begin(args []any) *Invocation {
	var items reflect.Value
	if n := len(args); n > 0 {
		if isStream(args[n-1]) {
			args, items = args[:n-1], reflect.ValueOf(args[n-1])
		}
	}
	call := m.Begin(len(args))
	if items.IsValid() {
		stubCall{call}.Send(items)
	}
	for _, arg := range args {
		call.Args.Value(arg)
		call.says().argTypes = append(call.says().argTypes, reflect.TypeOf(arg))
	}
	return call
}

// isStream reports whether an argument is a stream to send.
func isStream(arg any) bool {
	t := reflect.TypeOf(arg)
	return t != nil && signature.StreamItem(t) != nil
}

// lookUpMethod returns the method that a name stands for, the same one each time once
// a call of it has been found to fit. Began is when it began to look up a name without its
// service, which may take long; of others it is zero.
func (c *Client) lookUpMethod(ctx context.Context, name string) (m *Method, began time.Time, err error) {
	if unmade := c.unmade(); unmade != nil {
		return nil, began, unmade
	}
	service, method := directory.SplitName(name)
	if service == "" {
		began = time.Now()
	} else if m := c.byName.get(service, c.instance, method); m != nil {
		return m, began, nil
	}
	if service, method, err = c.directory.Resolve(orBackground(ctx), name); err != nil {
		return nil, began, err
	}
	if m := c.byName.get(service, c.instance, method); m != nil {
		return m, began, nil
	}
	if m = c.newMethod(service, method); m.fault != nil {
		return m, began, nil
	}
	m.service = c.directory.Service(service, false)
	if view := m.service.Current(); c.instance == "" || view != nil && view.VersionOf(c.instance) != nil {
		m.endpoint = c.links.Endpoint(service, c.instance)
	} else {
		m.endpoint = c.links.NewEndpoint(service, c.instance) // nobody keeps one of a stranger
	}
	return m, began, nil
}

// callByName makes a call, and keeps what the next one of that name needs.
func (c *Client) callByName(ctx context.Context, m *Method, call *Invocation) error {
	err := call.Do(ctx)
	switch {
	case m.service == nil:
	case m.known.Load() == nil:
		m.service.ForgetUnknown()
	default:
		c.byName.keep(m)
	}
	return err
}
