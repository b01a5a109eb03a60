package remote

import (
	"context"
	"encoding/json"
	"io"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/transcode"
	"github.com/helium-rpc/helium/rpcclient"
)

// Stream calls a method that takes or returns a stream. What it sends are lines of JSON, read as they
// are wanted; each item that it returns goes to show. It returns the result of a method that has
// one. Unheeded is why a line is no item, where the method went well all the same.
func (m *Method) Stream(ctx context.Context, args [][]byte, from io.Reader, show func(json.RawMessage) error) (result json.RawMessage, unheeded, err error) {
	if m.Signature.Sends == nil {
		result, err = m.stream(ctx, args, nil, show)
		return result, nil, err
	}
	sent := newLines(from, m.Signature.Sends.Type, m.refusal)
	if result, err = m.stream(ctx, args, sent, show); err == nil {
		unheeded = sent.why()
	}
	return result, unheeded, err
}

// stream is Stream with the lines that are sent; nil: the method takes none.
func (m *Method) stream(ctx context.Context, args [][]byte, sent *lines, show func(json.RawMessage) error) (result json.RawMessage, err error) {
	begin := func() (*rpcclient.Invocation, error) {
		call := m.Calls.Begin(len(args))
		for _, arg := range args {
			call.Args.Raw(arg)
		}
		if sent != nil {
			rpcclient.Send(call, sent.items(), (*codec.Writer).Raw)
		}
		return call, nil
	}
	if m.Signature.Yields == nil {
		return m.resultOf(ctx, begin)
	}
	read := func(r *codec.Reader) (json.RawMessage, error) {
		packed, err := r.Raw()
		if err != nil {
			return nil, err
		}
		return transcode.JSON(packed, m.Signature.Yields)
	}
	for item, err := range rpcclient.Yielded(ctx, begin, read) {
		if err == nil {
			err = show(item)
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// resultOf makes a call that sends a stream and returns its result.
func (m *Method) resultOf(ctx context.Context, begin func() (*rpcclient.Invocation, error)) (result json.RawMessage, err error) {
	call, err := begin()
	if err == nil {
		err = call.Do(ctx)
	}
	if err != nil {
		return nil, err
	}
	packed, err := call.Result.Raw()
	if err == nil {
		result, err = transcode.JSON(packed, m.Signature.Result)
	}
	return result, call.End(err)
}
