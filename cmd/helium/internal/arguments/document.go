package arguments

import (
	"encoding/json"
	"errors"
	"unicode/utf8"

	"github.com/helium-rpc/helium/internal/msgpack"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/transcode"
	"github.com/helium-rpc/helium/signature"
)

// ParseDocument returns a method's arguments from one JSON array, or an object of
// named ones.
func ParseDocument(m *signature.Method, text []byte) ([][]byte, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("the JSON isn't UTF-8, as all JSON is; save it as UTF-8")
	}
	b := newList(m)
	if namesStream(m, text) {
		return nil, Faults{givenStream(m.Sends.Name)}
	}
	packed, err := transcode.Arguments(text, b.method)
	if err != nil {
		b.fault(err)
		var values []json.RawMessage
		if json.Unmarshal(transcode.TrimMark(text), &values) == nil && values != nil {
			for i := range values {
				b.put(i, msgpack.AppendNil(nil)) // there may be too many or too few as well
			}
			return b.finish()
		}
		return nil, b.faults
	}
	r := codec.NewReader(packed)
	n, err := r.ArrayHeader()
	if err != nil {
		return nil, err
	}
	for range n {
		value, err := r.Raw()
		if err != nil {
			return nil, err
		}
		b.put(b.filled, value)
	}
	return b.finish()
}

// namesStream reports whether an object has the items of a stream among the arguments.
func namesStream(m *signature.Method, text []byte) bool {
	if m.Sends == nil || m.Sends.Name == "" {
		return false
	}
	var byName map[string]json.RawMessage
	if json.Unmarshal(transcode.TrimMark(text), &byName) != nil {
		return false
	}
	_, named := byName[m.Sends.Name]
	return named
}
