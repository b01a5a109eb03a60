package signature

// Kind says what a [Type] is.
type Kind uint8

// The kinds of types. Their zero value is no kind at all, so that a Type that
// nobody filled in doesn't pass for something.
const (
	_ Kind = iota
	Bool
	Int8
	Int16
	Int32
	Int64
	Uint8
	Uint16
	Uint32
	Uint64
	Float32
	Float64
	String   // UTF-8 text
	Bytes    // msgpack bin
	Time     // a moment, to the nanosecond: msgpack extension -1
	Duration // a length of time in nanoseconds: an integer of 64 bits
	Any      // any value, null included
	List     // []Elem
	Map      // map[Key]Elem
	Optional // Elem?: an Elem or null
	Struct   // {Fields}: a map from field names to values
)

var kindNames = [...]string{
	Bool: "bool",
	Int8: "int8", Int16: "int16", Int32: "int32", Int64: "int64",
	Uint8: "uint8", Uint16: "uint16", Uint32: "uint32", Uint64: "uint64",
	Float32: "float32", Float64: "float64",
	String: "string", Bytes: "bytes", Time: "time", Duration: "duration", Any: "any",
	List: "list", Map: "map", Optional: "optional", Struct: "struct",
}

// String returns the word of the notation for a kind without parts, such as
// "float64", and "list", "map", "optional" or "struct" for one with parts.
func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return "invalid"
}

// Numeric reports whether k is one of the ten kinds of numbers or a duration, which is a
// number of nanoseconds. All of them fit each other.
func (k Kind) Numeric() bool { return k >= Int8 && k <= Float64 || k == Duration }

// MayBeKey reports whether k can be the key of a map. Floats can't (NaN is never
// found again), nor can what msgpack decoders of many languages can't hash.
func (k Kind) MayBeKey() bool {
	return k == Bool || k >= Int8 && k <= Uint64 || k == String || k == Bytes || k == Duration
}

// mayBeEnum reports whether values of k can have names.
func (k Kind) mayBeEnum() bool { return k >= Bool && k <= Uint64 || k == String }
