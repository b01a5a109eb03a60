package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/internal/visible"
	"github.com/helium-rpc/helium/rpcclient"
)

// callTrace is what "helium call -v" tells beside the result: where the call went, and
// where its time did. The fields' names stay what they are.
type callTrace struct {
	Subject   string  `json:"subject,omitempty"`   // "" if it wasn't sent
	Instance  string  `json:"instance,omitempty"`  // "" if nobody can tell
	Instances int     `json:"instances,omitempty"` // that have the method
	Attempts  int     `json:"attempts"`
	ConnectMS float64 `json:"connect_ms"`
	LookupMS  float64 `json:"lookup_ms"` // of the method, at a binder
	SendMS    float64 `json:"send_ms"`   // until the connection had it
	WaitMS    float64 `json:"wait_ms"`   // until the answer was here
	HandlerMS float64 `json:"handler_ms"`
	DecodeMS  float64 `json:"decode_ms"`
}

// traced makes a call and tells how it went, whatever came of it.
//
// NATS picks the instance of a call, and an answer doesn't tell which one that was. Where
// there are several, one is picked here and called by its name.
func (m *remoteMethod) traced(ctx context.Context, args [][]byte) (result json.RawMessage, trace *callTrace, err error) {
	trace = m.newTrace()
	if trace.Instance != "" || len(m.records) == 1 {
		trace.Instance = m.records[0].Instance
		result, err = m.call(ctx, args, trace)
		return result, trace, err
	}
	for _, i := range rand.Perm(len(m.records)) {
		trace.Instance = m.records[i].Instance
		one := *m
		one.calls = m.client.At(trace.Instance).Method(m.service, m.record.Name, m.record.Signature, m.types)
		result, err = one.call(ctx, args, trace)
		gone := errors.Is(err, helium.ErrNoInstance) || errors.Is(err, helium.ErrUnknownMethod)
		if gone && helium.OutcomeOf(err) == helium.NotExecuted {
			continue
		}
		if errors.Is(err, helium.ErrNotPermitted) && helium.OutcomeOf(err) == helium.NotExecuted {
			break // this user may call the service, and not choose
		}
		return result, trace, err
	}
	trace.Instance = ""
	result, err = m.call(ctx, args, trace)
	return result, trace, err
}

// newTrace returns a trace of what has been done before the call.
func (m *remoteMethod) newTrace() *callTrace {
	return &callTrace{Instance: m.instance, Instances: len(m.records), ConnectMS: amount.InMS(m.connected), LookupMS: amount.InMS(m.lookedUp)}
}

// take takes in what the client and the error of a call tell.
func (t *callTrace) take(told *rpcclient.Trace, err error) {
	t.Subject, t.Attempts = told.Subject, told.Attempts
	t.SendMS, t.WaitMS, t.HandlerMS = amount.InMS(told.Sending), amount.InMS(told.Waiting), amount.InMS(told.Handling)
	if e, ok := errors.AsType[*helium.Error](err); ok && e.Instance != "" {
		t.Instance = e.Instance
	}
}

// show writes the trace to stderr: it is talk, not data.
func (t *callTrace) show(env *cli.Env) {
	if env.Machine() {
		cli.WriteJSONLine(env.Err, map[string]*callTrace{"trace": t})
		return
	}
	row := func(name, text string) { fmt.Fprintf(env.Err, "  %-9s %s\n", name, visible.Line(text)) }
	if t.Subject != "" {
		row("subject", t.Subject)
	} else {
		row("subject", "none, as nothing was sent")
	}
	switch {
	case t.Instance == "" && t.Attempts == 0:
	case t.Instance == "":
		row("instance", fmt.Sprintf("one of %d", t.Instances))
	case t.Instances > 1:
		row("instance", fmt.Sprintf("%s, one of %d", t.Instance, t.Instances))
	default:
		row("instance", t.Instance)
	}
	if t.Attempts > 1 {
		row("attempts", fmt.Sprint(t.Attempts))
	}
	row("connect", amount.Milliseconds(t.ConnectMS))
	row("lookup", amount.Milliseconds(t.LookupMS))
	if t.Attempts == 0 {
		return
	}
	row("send", amount.Milliseconds(t.SendMS))
	if t.HandlerMS == 0 && t.DecodeMS == 0 {
		row("wait", amount.Milliseconds(t.WaitMS)) // nobody told how long the handler ran, if it did
		return
	}
	row("wait", fmt.Sprintf("%s, of which the handler ran %s", amount.Milliseconds(t.WaitMS), amount.Milliseconds(t.HandlerMS)))
	if t.DecodeMS > 0 { // else an error came, and no result
		row("decode", amount.Milliseconds(t.DecodeMS))
	}
}

// stopwatch measures a stage.
func stopwatch(stage *time.Duration) (stop func()) {
	began := time.Now()
	return func() { *stage = time.Since(began) }
}
