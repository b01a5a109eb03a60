// Package remote is a method that the command line names, looked up, given its arguments and
// called.
package remote

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/cmd/helium/internal/arguments"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/lookup"
	"github.com/helium-rpc/helium/internal/shell"
	"github.com/helium-rpc/helium/internal/transcode"
	"github.com/helium-rpc/helium/rpcclient"
)

// Method is a method, looked up and ready to be called. It is safe for
// concurrent use.
type Method struct {
	*lookup.Method
	client *rpcclient.Client // of the instance, if it is to be one
	Calls  *rpcclient.Method

	Connected, LookedUp time.Duration // how long that took
}

// Open connects and looks a method up. done closes the connection.
func Open(ctx context.Context, env *cli.Env, name, instance string) (m *Method, done func(), err error) {
	m = new(Method)
	stop := stopwatch(&m.Connected)
	c, nc, done, err := env.Client(ctx)
	if err != nil {
		return nil, nil, err
	}
	stop()
	reg, err := binder.NewClient(nc, env.Connection.Prefix)
	if err == nil {
		stop = stopwatch(&m.LookedUp)
		if m.Method, err = lookup.FindMethod(ctx, reg, name, instance); err == nil {
			stop()
			if m.client = c; instance != "" {
				m.client = c.At(instance)
			}
			return m.of(m.client), done, nil
		}
	}
	done()
	return nil, nil, err
}

// of returns the method as it is called by a client.
func (m *Method) of(c *rpcclient.Client) *Method {
	one := *m
	one.Calls = c.Method(m.Service, m.Record.Name, m.Record.Signature, m.Types)
	return &one
}

// Sent returns how many calls left by each link so far, each attempt counted.
func (m *Method) Sent() (byBus, direct uint64) {
	stats := m.client.Stats()
	return stats.FramesSent - stats.DirectFrames, stats.DirectFrames
}

// Keyed returns the method as it is called on the instance that a key picks.
func (m *Method) Keyed(key string) *Method { return m.of(rpcclient.Keyed(m.client, key)) }

// Arguments returns a single call's arguments, from wherever they are: the words of the
// command line, or what --data names, which is waited for until ctx ends.
func (m *Method) Arguments(ctx context.Context, env *cli.Env, words []string, dash int, data string) (args [][]byte, err error) {
	if data == "" {
		args, err = arguments.ParseWords(m.Signature, words, dash)
		return args, m.Refused(err)
	}
	text, err := readData(ctx, env, data)
	if err != nil {
		return nil, err
	}
	args, err = arguments.ParseDocument(m.Signature, text)
	return args, m.Refused(err)
}

// Refused makes the error of arguments that don't fit, with the method's signature and
// what the types in it are, however long that is.
func (m *Method) Refused(err error) error {
	if err == nil {
		return nil
	}
	e := helium.AsError(m.refusal(err)).WithOutcome(helium.NotExecuted)
	e.Service, e.Method = m.Service, m.Record.Name
	return cli.Fail(cli.ExitArguments, shell.Line("helium", "describe", m.Name()), e)
}

// refusal is the error of Refused as a handler gets it, among the items that it is sent.
func (m *Method) refusal(err error) error {
	before := "; "
	if several, ok := errors.AsType[arguments.Faults](err); ok && len(several) > 1 {
		before = "\n"
	}
	return helium.ErrBadArgument.WithMessage("%w%sit is %s", err, before, strings.Join(m.Explained(), "\n"))
}

// Trace is what a call tells of itself.
type Trace struct {
	rpcclient.Trace
	Decoding time.Duration // of the result, 0 if none came
}

// Call makes a call with arguments in msgpack and returns the result as JSON. A trace, if
// there is one, is told how it went.
//
// The JSON is turned into msgpack here and goes as a Helium call, not as a plain JSON
// request: so it has a deadline and a cancel, retries and outcomes like any other call,
// and integers, bytes and times keep their types.
func (m *Method) Call(ctx context.Context, args [][]byte, trace *Trace) (json.RawMessage, error) {
	call := m.Calls.Begin(len(args))
	if trace != nil {
		call.Trace = &trace.Trace
	}
	for _, arg := range args {
		call.Args.Raw(arg)
	}
	if err := call.Do(ctx); err != nil {
		return nil, err
	}
	began := time.Now()
	packed, err := call.Result.Raw()
	var result []byte
	if err == nil {
		result, err = transcode.JSON(packed, m.Signature.Result)
	}
	if trace != nil {
		trace.Decoding = time.Since(began)
	}
	return result, call.End(err)
}

// stopwatch measures a stage.
func stopwatch(stage *time.Duration) (stop func()) {
	began := time.Now()
	return func() { *stage = time.Since(began) }
}
