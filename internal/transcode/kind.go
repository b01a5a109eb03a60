package transcode

import "github.com/helium-rpc/helium/signature"

// kindOf is t's kind; a type that isn't known is any.
func kindOf(t *signature.Type) signature.Kind {
	if t == nil {
		return signature.Any
	}
	return t.Kind
}

// mayBeNull reports whether a value of type t can be left out.
func mayBeNull(t *signature.Type) bool {
	return kindOf(t) == signature.Optional || kindOf(t) == signature.Any
}

// show prints a type for a message. However long it is, a type that is cut doesn't explain
// anything.
func show(t *signature.Type) string {
	if t.Kind == signature.Struct {
		return t.Definition()
	}
	return t.String()
}
