package call

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/lookup"
	"github.com/helium-rpc/helium/cmd/helium/internal/remote"
	"github.com/helium-rpc/helium/internal/visible"
)

// callTrace is what "helium call -v" tells beside the result: where the call went, and
// where its time did. The fields' names stay what they are.
type callTrace struct {
	Subject   string  `json:"subject,omitempty"`   // "" if it wasn't sent
	Link      string  `json:"link,omitempty"`      // "bus" or "direct"; "" if it wasn't sent
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
// It goes as it would without: by its key, and else to whom NATS picks. An instance of an older
// version doesn't say who it is, so where there are several nobody can tell which one had it.
func traced(ctx context.Context, m *remote.Method, args [][]byte) (result json.RawMessage, trace *callTrace, err error) {
	trace = newTrace(m)
	if len(m.Records) == 1 {
		trace.Instance = m.Records[0].Instance
	}
	var told remote.Trace
	result, err = m.Call(ctx, args, &told)
	trace.take(&told, err)
	return result, trace, err
}

// newTrace returns a trace of what has been done before the call.
func newTrace(m *remote.Method) *callTrace {
	return &callTrace{Instance: m.Instance, Instances: len(m.Records), ConnectMS: amount.InMS(m.Connected), LookupMS: amount.InMS(m.LookedUp)}
}

// take takes in what the client and the error of a call tell.
func (t *callTrace) take(told *remote.Trace, err error) {
	t.Subject, t.Attempts = told.Subject, told.Attempts
	t.SendMS, t.WaitMS, t.HandlerMS = amount.InMS(told.Sending), amount.InMS(told.Waiting), amount.InMS(told.Handling)
	t.DecodeMS = amount.InMS(told.Decoding)
	switch {
	case told.Direct:
		t.Link = lookup.ByDirectLink
	case told.Attempts > 0:
		t.Link = lookup.ByBus
	}
	t.Instance = cmp.Or(told.Instance, t.Instance)
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
	if t.Link != "" {
		row("link", t.Link)
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
