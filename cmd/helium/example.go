package main

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/helium-rpc/helium/internal/visible"
)

// textArgument returns the word of "helium call" for a text: as it is if it means itself
// there, else in JSON.
func textArgument(text string) string {
	switch {
	case strings.HasPrefix(text, "-"), strings.HasPrefix(text, ":="), byName.MatchString(text), visible.Line(text) != text:
		var asJSON bytes.Buffer
		enc := json.NewEncoder(&asJSON)
		enc.SetEscapeHTML(false)
		_ = enc.Encode(text) // text can be
		return jsonArgument(asJSON.Bytes())
	}
	return text
}

// jsonArgument returns the word of "helium call" for a value in JSON, on one line.
func jsonArgument(value []byte) string {
	return ":=" + oneLine(value)
}

// oneLine returns JSON of the same value without ends of lines, or what a terminal acts
// upon.
func oneLine(value []byte) string {
	var compact bytes.Buffer
	if json.Compact(&compact, value) == nil {
		value = compact.Bytes()
	}
	return string(visible.JSON(value))
}
