package gofields

// Pair is a pair of methods by which values of a type are written and read in place of
// their fields or elements.
type Pair int

// The pairs, in their order of rank. The ranks of JSON, text and binary are those by
// which a type is to callers in JSON what encoding/json makes of it.
const (
	None    Pair = iota
	Msgpack      // EncodeMsgpack, DecodeMsgpack: any msgpack value
	Raw          // MarshalMsgpack, UnmarshalMsgpack: any msgpack value
	JSON         // MarshalJSON, UnmarshalJSON: any value that JSON has
	Text         // MarshalText, UnmarshalText: a msgpack str
	Binary       // MarshalBinary, UnmarshalBinary: a msgpack bin
)

var pairs = [...]struct{ writer, reader string }{
	Msgpack: {"EncodeMsgpack", "DecodeMsgpack"},
	Raw:     {"MarshalMsgpack", "UnmarshalMsgpack"},
	JSON:    {"MarshalJSON", "UnmarshalJSON"},
	Text:    {"MarshalText", "UnmarshalText"},
	Binary:  {"MarshalBinary", "UnmarshalBinary"},
}

// Writer is the name of the method that writes.
func (p Pair) Writer() string { return pairs[p].writer }

// Reader is the name of the method that reads.
func (p Pair) Reader() string { return pairs[p].reader }

// Own are the methods by which values of one type are written and read: of the same
// pair, or halves of pairs that the other half is missing of.
type Own struct{ Write, Read Pair }

// Whole reports a pair with both halves.
func (o Own) Whole() bool { return o.Write == o.Read && o.Write != None }

// OwnOf finds the methods that encode a type: the first pair that is whole, else the
// first halves.
//
// A struct that embeds a type with such methods has them, too, but they know nothing of
// its other fields. So of a struct only the methods count that are declared for it,
// unless the embedded field, by value, is all of it that would travel.
func OwnOf[T any](m Model[T], t T) Own {
	return ownOf(m, t, func(Pair) bool { return true })
}

// KeyOwnOf is [OwnOf] for a type whose values are keys of a map. As in encoding/json, a
// key has no use for MarshalJSON.
func KeyOwnOf[T any](m Model[T], t T) Own {
	return ownOf(m, t, func(p Pair) bool { return p != JSON })
}

func ownOf[T any](m Model[T], t T, counts func(Pair) bool) Own {
	find := func(promoted bool) (own Own) {
		has := func(method string) bool {
			has, declared := m.Method(t, method)
			return has && (declared || promoted)
		}
		for p := Msgpack; p <= Binary; p++ {
			if !counts(p) {
				continue
			}
			writes, reads := has(p.Writer()), has(p.Reader())
			if writes && reads {
				return Own{p, p}
			}
			if writes && own.Write == None {
				own.Write = p
			}
			if reads && own.Read == None {
				own.Read = p
			}
		}
		return own
	}
	members, isStruct := m.Members(t)
	if !isStruct {
		return find(true)
	}
	own := find(false)
	if own.Whole() || !isOneEmbedded(m, members) {
		return own
	}
	return find(true)
}

// isOneEmbedded reports whether all that would travel of a struct's fields is one that it
// embeds by value and that has an encoding of its own.
func isOneEmbedded[T any](m Model[T], members []Member[T]) bool {
	found := false
	for _, f := range members {
		switch {
		case f.Embedded && Encodes(m, f.Type):
			if found {
				return false
			}
			found = true
		case !f.Exported && !f.Embedded, ParseTag(f.Tag).Skip:
		case f.Embedded && lendsNothing(m, f.Type):
		default:
			return false
		}
	}
	return found
}

// lendsNothing reports a struct without fields that travel, such as a mark not to copy.
func lendsNothing[T any](m Model[T], t T) bool {
	_, isStruct := m.Members(t)
	return isStruct && len(FieldsOf(m, t).List) == 0
}

// Encodes reports whether values of a type travel in a form of their own, and not by
// their fields or elements.
func Encodes[T any](m Model[T], t T) bool { return m.IsTime(t) || OwnOf(m, t) != Own{} }

// IsZero reports whether the method IsZero of a type, or of a pointer to it, knows all of
// its fields: one that a struct only has from what it embeds knows nothing of the others.
func IsZero[T any](m Model[T], t T) bool {
	has, declared := m.Method(t, "IsZero")
	if !has || declared {
		return has
	}
	members, isStruct := m.Members(t)
	return !isStruct || isOneEmbedded(m, members)
}
