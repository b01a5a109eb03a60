package service

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/helium-rpc/helium/internal/gogen/source"
)

// Example is a call that can be tried, in JSON.
type Example struct {
	Args, Result string
}

// parseExample reads "[2, 3] => 5"; the result may be missing.
func parseExample(text string) (e Example, count int, err error) {
	dec := json.NewDecoder(strings.NewReader(text))
	var args []json.RawMessage
	if err := dec.Decode(&args); err != nil || args == nil {
		return e, 0, fmt.Errorf("the arguments aren't a JSON array; write it as in //helium:example [2, 3] => 5")
	}
	rest, err := io.ReadAll(io.MultiReader(dec.Buffered(), bytes.NewReader(nil)))
	if err != nil {
		return e, 0, err
	}
	e.Args = strings.TrimSpace(text[:len(text)-len(rest)])
	result, has := strings.CutPrefix(strings.TrimSpace(string(rest)), "=>")
	if !has && result != "" {
		return e, 0, fmt.Errorf("%q follows the arguments; write => before the result, as in //helium:example [2, 3] => 5", source.Cut(result))
	}
	if e.Result = strings.TrimSpace(result); has && !json.Valid([]byte(e.Result)) {
		return e, 0, fmt.Errorf("the result %q isn't JSON; write it as in //helium:example [2, 3] => 5", source.Cut(e.Result))
	}
	return e, len(args), nil
}
