package rpcserver

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/transcode"
	"github.com/helium-rpc/helium/signature"
)

// A plain request is a call without Helium's frames, from any NATS client: its arguments are
// a msgpack array or map, or JSON. The answer is a bare value in the same encoding.

// looksLikeJSON tells text from msgpack: arguments in msgpack are an array or a map, and
// both begin with a byte above all of ASCII, and not with that of a byte order mark.
func looksLikeJSON(data []byte) bool {
	text := transcode.TrimMark(data)
	return len(text) == 0 || text[0] < 0x80 || len(text) < len(data)
}

// plainArguments returns a plain request's arguments as the msgpack array that handlers
// read, and behind them one of the items that the caller sends, if the method takes a stream. No data stand for no arguments.
func plainArguments(data []byte, m *signature.Method) ([]byte, error) {
	m = withItems(m)
	switch {
	case len(bytes.TrimSpace(transcode.TrimMark(data))) == 0:
		return msgpack.AppendArrayHeader(nil, 0), nil
	case looksLikeJSON(data):
		return transcode.Arguments(data, m)
	case isMap(data[0]):
		return transcode.Named(data, m)
	}
	return data, nil
}

// withItems returns the signature of a plain request's arguments.
func withItems(m *signature.Method) *signature.Method {
	if m.Sends == nil {
		return m
	}
	with := *m
	items := &signature.Type{Kind: signature.List, Elem: m.Sends.Type}
	with.Params = append(slices.Clip(slices.Clone(m.Params)), signature.Param{Name: m.Sends.Name, Type: items})
	return &with
}

func isMap(first byte) bool { return first&0xf0 == 0x80 || first == 0xde || first == 0xdf }

// plainError is the body of an error answer, which has headers as every NATS service's.
type plainError struct {
	Code     helium.Code       `json:"code" msgpack:"code"`
	Reason   string            `json:"reason,omitempty" msgpack:"reason,omitempty"`
	Message  string            `json:"message" msgpack:"message"`
	Details  map[string]string `json:"details,omitempty" msgpack:"details,omitempty"`
	Outcome  string            `json:"outcome" msgpack:"outcome"`
	Instance string            `json:"instance" msgpack:"instance"`
}

// plainErrorBody encodes an error for a plain request.
func plainErrorBody(err *helium.Error, asJSON bool) (data []byte) {
	body := plainError{Code: err.Code, Reason: err.Reason, Message: err.Message, Details: err.Details, Outcome: err.Outcome.String(), Instance: err.Instance}
	if asJSON {
		data, _ = json.Marshal(body) // a struct of strings always can be
	} else {
		w := codec.NewWriter(nil)
		w.Value(body)
		data = w.Bytes()
	}
	return data
}
