// Package transcode turns the arguments and results of plain requests, those that any
// NATS client can send, between JSON and msgpack. A method's signature guides it:
//
//	types := signature.NewTypes()
//	add, err := types.Parse("add(a int64, b int64) int64")
//
//	args, err := transcode.Arguments([]byte(`[2, 3]`), add)                // array
//	args, err = transcode.Arguments([]byte(`{"b": 3, "a": 2}`), add)       // by name
//	text, err := transcode.JSON(msgpack.AppendInt(nil, 5), add.Result)     // 5
//
// How the types stand in JSON:
//
//	bool              true, false
//	int8 … uint64     a number, exact; "2.0" and "2e3" are integers, "2.5" is an error
//	float32, float64  a number, read as the nearest that there is
//	string            a string; what is no character, as "\ud800", isn't read, and bytes
//	                  that aren't UTF-8 are written as U+FFFD, as in encoding/json
//	bytes             a string of base64: read in the standard or the URL alphabet,
//	                  padded or not; written in the standard one, padded
//	time              a string as in RFC 3339; written in UTC, to the nanosecond
//	duration          a string as Go's time.Duration, such as "1h30m" or "1h30m0s", which
//	                  is how it is written; read as a number, too, of nanoseconds
//	[]T               an array
//	map[K]V           an object; a key is the text of a K: {"1": true}, {"aGk=": 1}
//	{name T}          an object
//	T?                what T is, or null
//	any               anything: integers of 64 bits become integers and all other
//	                  numbers float64, but for a longer integer that would be another
//	                  then, which is an error; an object becomes a map with text as keys
//
// From JSON everything is strict, because what is off is most likely a mistake: null
// stands for T? and any only, no object has a key twice, and a struct has no fields
// but its own and all of them, save those of type T? and any. That is what
// [signature.Fits] asks of a stub: a caller in JSON declares no type, so the fields
// that it sends are those it knows.
//
// To JSON the type only says how to write a value, and none is refused for its type: a
// handler's result was right when it left. What a signature says is never null isn't:
// a nil list is [], a nil map {}, nil bytes "". What JSON can't express is an error:
// NaN, the infinities, times outside the years 0 to 9999, and maps two of whose keys
// have the same text.
//
// Input may be hostile. Work and memory are proportional to it and to how many fields
// its structs have, and the depth and the number of values are limited as by
// [msgpack.Scan], which everything that [Arguments], [Named] and [Value] return passes.
package transcode
