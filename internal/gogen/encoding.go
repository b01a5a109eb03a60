package gogen

import (
	"fmt"
	"go/types"
	"strings"
)

// ownEncoding says how values of a Go type are encoded by methods of their own.
type ownEncoding int

const (
	noEncoding     ownEncoding = iota
	anyEncoding                // EncodeMsgpack, MarshalMsgpack: any msgpack value
	bytesEncoding              // MarshalBinary: a msgpack bin
	textEncoding               // MarshalText: a msgpack str
	brokenEncoding             // half a pair: written and never read, or the reverse
)

var (
	errorType = types.Universe.Lookup("error").Type()
	byteSlice = types.NewSlice(types.Typ[types.Byte])
)

// methodPairs are the pairs of methods that the wire honours, in their order of rank.
var methodPairs = []struct {
	encoding       ownEncoding
	writer, reader string
	writes, reads  func(*types.Signature) bool
}{
	{anyEncoding, "EncodeMsgpack", "DecodeMsgpack", takesMsgpack("Encoder"), takesMsgpack("Decoder")},
	{anyEncoding, "MarshalMsgpack", "UnmarshalMsgpack", returnsBytes, takesBytes},
	{bytesEncoding, "MarshalBinary", "UnmarshalBinary", returnsBytes, takesBytes},
	{textEncoding, "MarshalText", "UnmarshalText", returnsBytes, takesBytes},
}

// encodingOf returns how values of t are encoded by methods of their own. The problem
// belongs to brokenEncoding.
func encodingOf(t types.Type) (own ownEncoding, problem string) {
	switch t.Underlying().(type) {
	case *types.Pointer, *types.Interface:
		return noEncoding, "" // what they lead to may have one
	}
	methods := types.NewMethodSet(types.NewPointer(t)) // has t's own methods too
	has := func(name string, fits func(*types.Signature) bool) bool {
		m := methods.Lookup(nil, name)
		return m != nil && fits(m.Type().(*types.Signature))
	}
	var halves []string
	for _, pair := range methodPairs {
		writes, reads := has(pair.writer, pair.writes), has(pair.reader, pair.reads)
		switch {
		case writes && reads:
			return pair.encoding, ""
		case writes:
			halves = append(halves, pair.writer+" without "+pair.reader)
		case reads:
			halves = append(halves, pair.reader+" without "+pair.writer)
		}
	}
	if halves == nil {
		return noEncoding, ""
	}
	return brokenEncoding, fmt.Sprintf("%s has %s, so what is written couldn't be read; add the other half", shortType(t), strings.Join(halves, " and "))
}

// returnsBytes reports func() ([]byte, error).
func returnsBytes(f *types.Signature) bool {
	return f.Params().Len() == 0 && f.Results().Len() == 2 &&
		types.Identical(f.Results().At(0).Type(), byteSlice) && types.Identical(f.Results().At(1).Type(), errorType)
}

// takesBytes reports func([]byte) error.
func takesBytes(f *types.Signature) bool {
	return !f.Variadic() && f.Params().Len() == 1 && f.Results().Len() == 1 &&
		types.Identical(f.Params().At(0).Type(), byteSlice) && types.Identical(f.Results().At(0).Type(), errorType)
}

// takesMsgpack reports func(*msgpack.<parameter>) error.
func takesMsgpack(parameter string) func(*types.Signature) bool {
	return func(f *types.Signature) bool {
		if f.Params().Len() != 1 || f.Results().Len() != 1 || !types.Identical(f.Results().At(0).Type(), errorType) {
			return false
		}
		p, ok := types.Unalias(f.Params().At(0).Type()).(*types.Pointer)
		return ok && isNamed(p.Elem(), "github.com/vmihailenco/msgpack/v5", parameter)
	}
}

// isNamed reports the type of that name in the package of that path.
func isNamed(t types.Type, path, name string) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == path && named.Obj().Name() == name
}

func isTime(t types.Type) bool    { return isNamed(t, "time", "Time") }
func isContext(t types.Type) bool { return isNamed(t, "context", "Context") }
func isError(t types.Type) bool   { return types.Identical(t, errorType) }

// shortType writes a type for people: with the names of packages, not their paths.
func shortType(t types.Type) string {
	return cut(types.TypeString(t, func(p *types.Package) string { return p.Name() }))
}

// cut bounds what a message repeats of the source.
func cut(s string) string {
	const most = 100
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
