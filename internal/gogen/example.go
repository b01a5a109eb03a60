package gogen

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// example is a call that can be tried, in JSON.
type example struct {
	args, result string
}

// parseExample reads "[2, 3] => 5"; the result may be missing.
func parseExample(text string) (e example, count int, err error) {
	dec := json.NewDecoder(strings.NewReader(text))
	var args []json.RawMessage
	if err := dec.Decode(&args); err != nil || args == nil {
		return e, 0, fmt.Errorf("the arguments aren't a JSON array; write it as in //helium:example [2, 3] => 5")
	}
	rest, err := io.ReadAll(io.MultiReader(dec.Buffered(), bytes.NewReader(nil)))
	if err != nil {
		return e, 0, err
	}
	e.args = strings.TrimSpace(text[:len(text)-len(rest)])
	result, has := strings.CutPrefix(strings.TrimSpace(string(rest)), "=>")
	if !has && result != "" {
		return e, 0, fmt.Errorf("%q follows the arguments; write => before the result, as in //helium:example [2, 3] => 5", cut(result))
	}
	if e.result = strings.TrimSpace(result); has && !json.Valid([]byte(e.result)) {
		return e, 0, fmt.Errorf("the result %q isn't JSON; write it as in //helium:example [2, 3] => 5", cut(e.result))
	}
	return e, len(args), nil
}
