package signature_test

import (
	gobytes "bytes"
	"fmt"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/signature"
)

//lint:file-ignore SA5008 the tags that are rarely meant are part of what is tested

// Structs in all the ways in which their fields are found.
type (
	tagged struct {
		Plain   int8
		Msgpack int8 `msgpack:"by_msgpack" json:"unread"`
		JSON    int8 `json:"by_json"`
		Both    int8 `msgpack:",omitempty" json:"unused"`
		Dash    int8 `json:"-"`
		Dashed  int8 `json:"-,"` // a field of that name
		Spaced  int8 `msgpack:" spaced , omitempty "`
		Hyphen  int8 `json:"user-id"`
		String  int8 `json:"string,string,omitzero"`
		Invalid int8 `json:"a\"b"` // no name to encoding/json
		Blank   int8 `json:" b "`
		hidden  int8
		_       int8
	}
	inner    struct{ A, B int8 }
	Exported struct{ C int8 }
	embeds   struct {
		inner
		Exported `json:"named"` // so it isn't inlined
		D        int8
	}
	EmbedsPointer struct {
		*Exported
		D int8
	}
	shadows struct { // A hides the embedded struct's
		A int8
		Shadowed
	}
	Shadowed      struct{ A, B int8 }
	inlinesForced struct {
		A        int8
		Shadowed `msgpack:"named,inline"`
	}
	notInlined struct {
		Exported `msgpack:"sub,noinline"`
	}
	Number       int8
	embedsNumber struct{ Number }
	embedsTime   struct {
		*Exported
		URL  *url.URL
		Addr netip.Addr `json:",omitempty"`
		When time.Time  `json:"when"`
		Then *time.Time `json:"then"`
	}
	twoTimes struct { // both have MarshalBinary, so neither lends it to the struct
		time.Time
		netip.Addr
	}
	sealed        struct{ n int8 }
	embedsNothing struct {
		sealed
		A int8
	}
	allOmitted struct {
		A        int8
		_msgpack struct{} `msgpack:",omitempty"`
		B        int8
	}
	hides struct { // C hides the embedded struct's
		Exported
		D int8
		C string
	}
	Name         struct{ Name string }
	ownName      struct{ Name }
	SelfEmbedded struct {
		*SelfEmbedded
		A int8
	}
	inlinesPointer struct {
		*Exported `msgpack:",inline"`
	}
	strange struct { // options and names that mean nothing special
		_msgpack struct{} `msgpack:",as_array"`
		A        string   `msgpack:",intern"`
		B        int8     `json:"a:b"`
		C        int8     `msgpack:"'c'"`
	}
	aliased struct {
		A int8 `msgpack:"a,alias:b"`
	}
	variety struct {
		Bytes  []byte
		Array  [4]byte
		Three  [3]int16
		Text   colour
		Any    any
		Maps   map[level][]string
		Keys   map[netip.Addr]float32
		Bools  map[string]bool
		Ptr    **int32
		Slice  *[]string
		Codes  []smallByte
		Raw    msgpack.RawMessage
		Took   time.Duration
		Nested struct {
			N *node `json:"n,omitempty"`
		}
	}
)

func TestStructsHaveTheFieldsThatTheWireHolds(t *testing.T) {
	exported, when, n, addr := &Exported{C: 3}, time.Unix(1e9, 5), int32(7), netip.MustParseAddr("::1")
	pn, strs := &n, []string{"s"}
	link := &url.URL{Scheme: "https", Host: "example.com"}
	_, _ = allOmitted{}._msgpack, strange{}._msgpack
	for _, c := range []struct {
		want   string
		values []any // of one type
	}{
		{"{Plain int8, by_msgpack int8, by_json int8, Both int8?, \"-\" int8, spaced int8?, \"user-id\" int8, string string?, Invalid int8, \" b \" int8}",
			[]any{tagged{hidden: 0}, tagged{Plain: 1, Msgpack: 2, JSON: 3, Both: 4, Dashed: 9, Spaced: 5, Hyphen: 6, String: 7}}},
		{"{A int8, B int8, named Exported, D int8}",
			[]any{embeds{}, embeds{inner{1, 2}, Exported{3}, 4}}},
		{"{C int8?, D int8}",
			[]any{EmbedsPointer{}, EmbedsPointer{exported, 4}}},
		{"{A int8, B int8}",
			[]any{shadows{}, shadows{1, Shadowed{0, 3}}}},
		{"{A int8, B int8}",
			[]any{inlinesForced{}, inlinesForced{1, Shadowed{0, 3}}}},
		{"{sub Exported}",
			[]any{notInlined{}, notInlined{Exported{3}}}},
		{"{Number int8}",
			[]any{embedsNumber{}, embedsNumber{5}}},
		{"{C int8?, URL bytes?, Addr string?, when time, then time?}",
			[]any{embedsTime{URL: link}, embedsTime{exported, link, addr, when, &when}}},
		{"{Time time, Addr string}",
			[]any{twoTimes{when, addr}}},
		{"{A int8}",
			[]any{embedsNothing{}, embedsNothing{sealed{n: 0}, 1}}},
		{"{A int8, B int8?}",
			[]any{allOmitted{}, allOmitted{A: 1, B: 2}}},
		{"{D int8, C string}",
			[]any{hides{}, hides{Exported{}, 2, "3"}}},
		{"{Name string}",
			[]any{ownName{}, ownName{Name{"n"}}}},
		{"{SelfEmbedded SelfEmbedded?, A int8}",
			[]any{SelfEmbedded{}, SelfEmbedded{&SelfEmbedded{nil, 1}, 2}}},
		{"{C int8?}",
			[]any{inlinesPointer{}, inlinesPointer{exported}}},
		{"{A string, \"a:b\" int8, \"'c'\" int8}",
			[]any{strange{}, strange{A: "a", B: 1, C: 2}}},
		{"{a int8}",
			[]any{aliased{}, aliased{1}}},
		{"{Value any, left node?, right node?}",
			[]any{node{}, node{Value: "v", Left: &node{Value: "l"}, Right: &node{Right: &node{}}}}},
		{"{Key string, Value []point?}",
			[]any{pair[string, []*point]{}, pair[string, []*point]{"k", []*point{nil, {1, 2}}}}},
		{"{Bytes bytes, Array bytes, Three []int16, Text string, Any any, Maps map[int8][]string, Keys map[string]float32, " +
			"Bools map[string]bool, Ptr int32?, Slice ([]string)?, Codes bytes, Raw any, Took duration, Nested {n node?}}",
			[]any{variety{Raw: msgpack.RawMessage{msgpcode.Nil}}, variety{
				Bytes: []byte{1}, Array: [4]byte{1}, Three: [3]int16{1}, Text: "t", Any: "any",
				Maps: map[level][]string{1: {"a"}}, Keys: map[netip.Addr]float32{addr: 1}, Bools: map[string]bool{"b": true},
				Ptr: &pn, Slice: &strs, Codes: []smallByte{1, 2}, Raw: msgpack.RawMessage{msgpcode.True}, Took: time.Second,
			}}},
	} {
		typ, err := signature.NewTypes().OfType(reflect.TypeOf(c.values[0]))
		if err != nil {
			t.Errorf("%T: got %v, want %s", c.values[0], err, c.want)
			continue
		}
		if got := typ.Definition(); got != c.want {
			t.Errorf("%T:\ngot  %s\nwant %s", c.values[0], got, c.want)
		}
		for _, value := range c.values {
			data := encode(t, value)
			dec := msgpack.NewDecoder(gobytes.NewReader(data))
			if err := reads(dec, typ); err != nil {
				t.Errorf("%T is %s, and the wire holds %x: %v", value, typ.Definition(), data, err)
			} else if dec.Buffered().(*gobytes.Reader).Len() > 0 {
				t.Errorf("%T is %s, and the wire holds more: %x", value, typ.Definition(), data)
			}
			back := reflect.New(reflect.TypeOf(value))
			r := codec.NewReader(data)
			if err := r.Value(back.Interface()); err != nil {
				t.Errorf("%T doesn't read back: %v", value, err)
			} else if got := back.Elem().Interface(); !gobytes.Equal(encode(t, got), data) {
				t.Errorf("%T reads back as %v, want %v", value, got, value)
			}
		}
	}
}

func encode(t *testing.T, value any) []byte {
	t.Helper()
	var w codec.Writer
	if w.ReflectValue(reflect.ValueOf(value)); w.Err() != nil {
		t.Fatalf("%T: %v", value, w.Err())
	}
	return w.Bytes()
}

// reads reads a value of type t as a program in another language would that knows
// the notation alone: it fails on anything that t doesn't announce.
func reads(dec *msgpack.Decoder, t *signature.Type) error {
	code, err := dec.PeekCode()
	if err != nil {
		return err
	}
	if code == msgpcode.Nil {
		switch t.Kind {
		case signature.Optional, signature.Any, signature.List, signature.Map, signature.Bytes:
			return dec.DecodeNil()
		}
		return fmt.Errorf("null is no %s", t)
	}
	is := func(ok bool) error {
		if !ok {
			return fmt.Errorf("the byte %#x begins no %s", code, t)
		}
		return dec.Skip()
	}
	switch t.Kind {
	case signature.Any:
		return dec.Skip()
	case signature.Optional:
		return reads(dec, t.Elem)
	case signature.Bool:
		return is(code == msgpcode.True || code == msgpcode.False)
	case signature.Float32:
		return is(code == msgpcode.Float)
	case signature.Float64:
		return is(code == msgpcode.Double || code == msgpcode.Float)
	case signature.String:
		return is(msgpcode.IsString(code))
	case signature.Bytes:
		return is(msgpcode.IsBin(code))
	case signature.Time:
		_, err := dec.DecodeTime()
		return err
	case signature.List:
		n, err := dec.DecodeArrayLen()
		for i := 0; i < n && err == nil; i++ {
			err = reads(dec, t.Elem)
		}
		return err
	case signature.Map:
		n, err := dec.DecodeMapLen()
		for i := 0; i < n && err == nil; i++ {
			if err = reads(dec, t.Key); err == nil {
				err = reads(dec, t.Elem)
			}
		}
		return err
	case signature.Struct:
		return readsStruct(dec, t)
	}
	return is(msgpcode.IsFixedNum(code) || code >= msgpcode.Uint8 && code <= msgpcode.Int64)
}

func readsStruct(dec *msgpack.Decoder, t *signature.Type) error {
	missing := make(map[string]*signature.Type)
	for _, f := range t.Fields {
		missing[f.Name] = f.Type
	}
	n, err := dec.DecodeMapLen()
	if err != nil {
		return err
	}
	for range n {
		name, err := dec.DecodeString()
		if err != nil {
			return err
		}
		ft := missing[name]
		if ft == nil {
			return fmt.Errorf("the field %s wasn't announced, or comes twice", name)
		}
		delete(missing, name)
		if err := reads(dec, ft); err != nil {
			return fmt.Errorf("field %s: %w", name, err)
		}
	}
	for name, ft := range missing {
		if ft.Kind != signature.Optional {
			return fmt.Errorf("the field %s %s is missing", name, ft)
		}
	}
	return nil
}

// Structs of which something would be lost.
type (
	twice struct {
		A int8 `msgpack:"same"`
		B int8 `msgpack:"same"`
	}
	hiddenPointer struct{ *inner }
	hiddenNumber  struct{ level }
	ambiguous     struct {
		Exported
		Shadowed
		AlsoShadowed
	}
	AlsoShadowed struct{ B int8 }
	embedsTwice  struct {
		Left
		Right
	}
	Left        struct{ Exported }
	Right       struct{ Exported }
	hiddenStamp struct {
		suit
		Name string
	}
	hiddenMutex struct{ sync.Mutex }
	hiddenSelf  struct{ *hiddenSelf }
	noUTF8      struct {
		A int8 `msgpack:"\xff"`
	}
	nothing struct{ a int8 }
)

func TestStructsThatWouldLoseSomethingAreRefused(t *testing.T) {
	_, _ = nothing{}.a, hiddenNumber{}.level
	for _, c := range []struct {
		typ  reflect.Type
		want string
	}{
		{reflect.TypeFor[twice](), "field twice.B: its wire name \"same\" is that of field twice.A too"},
		{reflect.TypeFor[hiddenPointer](), "field hiddenPointer.inner: an embedded pointer to a type that isn't exported can't be set"},
		{reflect.TypeFor[hiddenNumber](), "field hiddenNumber.level: an embedded type that isn't exported can't be a field"},
		{reflect.TypeFor[ambiguous](), `field AlsoShadowed.B: its wire name "B" is that of field Shadowed.B too; rename one`},
		{reflect.TypeFor[embedsTwice](), "field Exported.C: the struct that it belongs to is embedded twice"},
		{reflect.TypeFor[hiddenStamp](), "field hiddenStamp.suit: an embedded type that isn't exported can't be a field"},
		{reflect.TypeFor[hiddenMutex](), "has no exported fields, so nothing of it would be sent"},
		{reflect.TypeFor[hiddenSelf](), "field hiddenSelf.hiddenSelf: an embedded type that isn't exported can't be a field"},
		{reflect.TypeFor[noUTF8](), "isn't UTF-8; mend the tag"},
		{reflect.TypeFor[nothing](), "has no exported fields, so nothing of it would be sent"},
	} {
		typ, err := signature.NewTypes().OfType(c.typ)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: got %v and error %v, want an error with %q", c.typ, typ, err, c.want)
		}
	}
}
