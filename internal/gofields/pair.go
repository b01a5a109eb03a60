package gofields

import "strings"

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

// Halves says which methods lack their other half: "MarshalText without UnmarshalText".
func (o Own) Halves() string {
	var halves []string
	if o.Write != None {
		halves = append(halves, o.Write.Writer()+" without "+o.Write.Reader())
	}
	if o.Read != None {
		halves = append(halves, o.Read.Reader()+" without "+o.Read.Writer())
	}
	return strings.Join(halves, " and ")
}
