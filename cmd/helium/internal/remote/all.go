package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/transcode"
	"github.com/helium-rpc/helium/rpcclient"
)

// Answer is what came of a call at one instance; without an instance, why none could be called.
type Answer struct {
	Instance string
	Result   json.RawMessage
	Err      error
}

// All makes a call at every instance, with arguments in msgpack, and yields the answers as they come.
func (m *Method) All(ctx context.Context, args [][]byte) iter.Seq[Answer] {
	return func(yield func(Answer) bool) {
		values := make([]any, len(args))
		for i, arg := range args {
			values[i] = packed(arg)
		}
		if m.Signature.Result == nil {
			for answer := range rpcclient.All[struct{}](ctx, m.client, m.Name(), values...) {
				if !yield(Answer{Instance: answer.Instance, Result: json.RawMessage("null"), Err: answer.Err}) {
					return
				}
			}
			return
		}
		for answer := range rpcclient.All[packed](ctx, m.client, m.Name(), values...) {
			shown := Answer{Instance: answer.Instance, Err: answer.Err}
			if answer.Err == nil {
				shown.Result, shown.Err = m.shown(answer.Value)
			}
			if !yield(shown) {
				return
			}
		}
	}
}

// shown returns a result as JSON.
func (m *Method) shown(result packed) (json.RawMessage, error) {
	if len(result) == 0 {
		return json.RawMessage("null"), nil
	}
	text, err := transcode.JSON(result, m.Signature.Result)
	if err != nil {
		e := helium.ErrBadResult.WithMessage("the method ran, and its result can't be read: %w", err).WithOutcome(helium.Executed)
		e.Service, e.Method = m.Service, m.Record.Name
		return nil, e
	}
	return text, nil
}

// packed is a value that is msgpack already.
type packed []byte

// MarshalMsgpack returns the value itself.
func (p packed) MarshalMsgpack() ([]byte, error) { return p, nil }

// UnmarshalMsgpack keeps a value as it is.
func (p *packed) UnmarshalMsgpack(value []byte) error {
	*p = bytes.Clone(value)
	return nil
}
