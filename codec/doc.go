// Package codec is msgpack as stubs, handlers and interceptors use it: a [Writer] collects
// values, a [Reader] steps over them.
//
//	var w codec.Writer
//	w.ArrayHeader(2)
//	w.Int(2)
//	w.Value(Point{X: 1, Y: 2})
//	if err := w.Err(); err != nil {
//		return err
//	}
//
//	r := codec.NewReader(w.Bytes())
//	n, err := r.ArrayHeader() // 2
//	i, err := r.Int(64)       // 2
//	err = r.Value(&point)     // Point{1, 2}
//
// # Where they are met
//
// Generated stubs write each argument by the method of its type, so that a call costs neither
// reflection nor an allocation. An interceptor of a server reads ahead in a copy of the
// arguments, and the handler reads them again:
//
//	func limited(next rpcserver.Handler) rpcserver.Handler {
//		return func(ctx context.Context, call *rpcserver.Call) error {
//			args := call.Args // a copy
//			n, err := args.Int(64)
//			if err == nil && n > most {
//				return helium.NewError(helium.CodeInvalidArgument, "math.too_large", "too large")
//			}
//			return next(ctx, call)
//		}
//	}
//
// One that keeps results takes them as they are, and gives them back with [Writer.Raw].
//
// # Go values
//
// [Writer.Value] and [Reader.Value] take any Go value, by a plan that is made once for its
// type:
//
//	bool, numbers, string  themselves; numbers in the shortest form of their family
//	[]byte, [N]byte        bin; a nil []byte is nil
//	slices, [N]T           array; a nil slice is nil; an array has exactly N elements
//	maps                   map; a nil map is nil; keys are scalars, in no set order
//	structs                map by the names of fields; see below
//	pointers               what they point to, or nil
//	any                    what it holds; see below for the way back
//	time.Time              timestamp, read back in UTC
//	error                  its text, and so what implements it inside an any
//	json.Number            the number
//
// The fields of a struct are those of encoding/json: the exported ones, named by the tag
// msgpack, else by the tag json, else like the Go field, with the options omitempty, omitzero
// and string; "-" leaves one out. An embedded struct without a name in its tag lends its
// fields. Fields that the reader doesn't know are stepped over, and those that aren't there
// are zero.
//
// A type's own methods go before what it is made of, and of several pairs the upper one:
//
//	EncodeMsgpack, DecodeMsgpack      any one value, with the msgpack library's encoder
//	MarshalMsgpack, UnmarshalMsgpack  the bytes of any one value
//	MarshalJSON, UnmarshalJSON        what the JSON says
//	MarshalText, UnmarshalText        text
//	MarshalBinary, UnmarshalBinary    bin
//
// Into an any come int64 (uint64 above the largest), float64, string, []byte, []any,
// map[string]any (map[any]any if a key isn't text), time.Time, bool and nil.
//
// # Errors
//
// A [ValueError] says that a value doesn't fit the type it should go to, or can't be sent, with
// the path to it:
//
//	field "people[3].age": 300 is out of range of uint8
//
// Any other error says that the bytes are no msgpack, or end too early. What would arrive as
// nothing is refused when it is sent: a struct with hidden fields only, a context, fields that
// hide each other, keys of a map that only differ in Go, a channel. Numbers of any width fit each other, and one out of range is an
// error and never another number; only floats are rounded. A nil is only read into what can be
// nil, as 0 or "" it would hide a caller's mistake.
//
// # Limits
//
// What is read comes from strangers. Arrays and maps lie at most 64 deep (60 in what is
// written, which leaves room for what is put around it), a value holds at most 4,194,304
// others, keys of maps are scalars, and the only extension is the timestamp. Nothing is
// allocated for a length that no bytes stand behind, and what [Reader.Value] makes takes at
// most 4 MiB and 128 times the bytes that are left. A panic of a type's own method is an error.
//
// # Concurrency
//
// A Reader and a Writer are for one goroutine at a time. A Reader is a small value, and its
// copies are independent.
package codec
