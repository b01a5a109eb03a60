package remote

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/helium-rpc/helium/cmd/helium/internal/arguments"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/transcode"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/signature"
)

// longestItem bounds one line of JSON that is sent, in bytes; no message holds more.
const longestItem = 64 << 20

// Stream calls a method that takes or returns a stream. What it sends are lines of JSON, read as they
// are wanted; each item that it returns goes to show. It returns the result of a method that has
// one.
func (m *Method) Stream(ctx context.Context, args [][]byte, lines io.Reader, show func(json.RawMessage) error) (result json.RawMessage, err error) {
	begin := func() (*rpcclient.Invocation, error) {
		call := m.Calls.Begin(len(args))
		for _, arg := range args {
			call.Args.Raw(arg)
		}
		if m.Signature.Sends != nil {
			rpcclient.Send(call, m.items(lines), (*codec.Writer).Raw)
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

// items are the values in lines of JSON, in msgpack.
func (m *Method) items(from io.Reader) iter.Seq2[[]byte, error] {
	one := &signature.Method{Name: m.Signature.Name, Params: []signature.Param{*m.Signature.Sends}}
	return func(yield func([]byte, error) bool) {
		lines := bufio.NewScanner(from)
		lines.Buffer(nil, longestItem)
		for number := 1; lines.Scan(); number++ {
			line := bytes.TrimSpace(transcode.TrimMark(lines.Bytes()))
			if len(line) == 0 {
				continue
			}
			var packed [][]byte
			err := wellFormed(line)
			if err == nil {
				packed, err = arguments.ParseDocument(one, listOf(line))
			}
			if err != nil {
				yield(nil, m.Refused(fmt.Errorf("line %d: %w", number, err)))
				return
			}
			if !yield(packed[0], nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(nil, fmt.Errorf("the lines of JSON can't be read: %w", err))
		}
	}
}

// wellFormed returns why a line isn't one JSON value, in words about the line.
func wellFormed(line []byte) error {
	var value json.RawMessage
	err := json.Unmarshal(line, &value)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("the JSON is wrong at byte %d: %w; each item is one line of JSON", syntax.Offset, err)
	}
	return err
}

// listOf returns the JSON of a list of one value.
func listOf(value []byte) []byte {
	return append(append([]byte{'['}, value...), ']')
}
