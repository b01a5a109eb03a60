package arguments

import (
	"fmt"
	"slices"
	"strings"

	"github.com/helium-rpc/helium/signature"
)

// withNames returns a method with names for its parameters where the service doesn't tell
// them: arg1, arg2. So they can be given by name all the same.
func withNames(m *signature.Method) (named *signature.Method, unnamed bool) {
	if len(m.Params) == 0 || m.Params[0].Name != "" {
		return m, false
	}
	copied := *m
	copied.Params = slices.Clone(m.Params)
	for i := range copied.Params {
		copied.Params[i].Name = fmt.Sprintf("arg%d", i+1)
	}
	return &copied, true
}

// OwnNames lists the names by which the parameters can be given where the service doesn't
// tell any, "" where it does.
func OwnNames(m *signature.Method) string {
	named, unnamed := withNames(m)
	if !unnamed {
		return ""
	}
	names := make([]string, len(named.Params))
	for i, p := range named.Params {
		names[i] = p.Name
	}
	return strings.Join(names, ", ")
}

// paramType returns the type of the argument at an index, nil past the last.
func paramType(m *signature.Method, index int) *signature.Type {
	switch {
	case index < len(m.Params):
		return m.Params[index].Type
	case m.Variadic:
		return m.Params[len(m.Params)-1].Type
	}
	return nil
}
