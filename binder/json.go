package binder

import (
	"bytes"
	"encoding/json"
)

// encodeJSON writes v as it is: "<" as "\u003c", which json.Marshal makes of it for web
// pages, would only make messages longer than the records in them.
func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
