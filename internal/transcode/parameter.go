package transcode

import (
	"fmt"

	"github.com/helium-rpc/helium/signature"
)

// parameter returns the parameter that the i-th argument belongs to, or nil. The last
// one of a variadic method takes all that follow.
func parameter(i int, m *signature.Method) *signature.Param {
	switch {
	case m == nil:
		return nil
	case i < len(m.Params):
		return &m.Params[i]
	case m.Variadic && len(m.Params) > 0:
		return &m.Params[len(m.Params)-1]
	}
	return nil
}

// ArgumentFault says which argument an error is about, counted from 0: "argument 2 (b)".
func ArgumentFault(i int, m *signature.Method, err error) error {
	place := fmt.Sprintf("argument %d", i+1)
	if p := parameter(i, m); p != nil && p.Name != "" {
		place += " (" + shorten(p.Name) + ")"
	}
	switch err := err.(type) {
	case Faults:
		moved := make(Faults, len(err))
		for i := range err {
			moved[i] = &problem{path: place, text: err[i].Error()}
		}
		return moved
	case *problem:
		return &problem{path: place, text: err.Error()}
	}
	return fmt.Errorf("%s: %w", place, err)
}
