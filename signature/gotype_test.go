package signature_test

import (
	"encoding/json"
	"iter"
	"log/slog"
	"maps"
	"math/big"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/helium-rpc/helium/signature"
)

// Types for the tables, in the shapes that programs have.
type (
	point  struct{ X, Y float64 }
	level  int8
	colour string
	empty  struct{}
	node   struct {
		Value any
		Left  *node `msgpack:"left"`
		Right *node `json:"right,omitempty"`
	}
	tree           map[string]tree
	rose           []*rose
	ping           []pong
	pong           map[int]ping
	stamp          struct{ time.Time }
	pair[K, V any] struct {
		Key   K
		Value V
	}
	bytes struct{ B []byte } // named like a word of the notation
	Point struct{ Z float64 }
	names []string
	größe struct{ Z float64 }
	// otherMsgpack has a method for another library of nearly the same name.
	otherMsgpack struct{ N int8 }
	Encoder      struct{}
)

// fullAndHalf has one pair of methods and half of another, which comes first.
type fullAndHalf struct{ netip.Addr }

func (fullAndHalf) MarshalMsgpack() ([]byte, error) { return nil, nil }

func (otherMsgpack) EncodeMsgpack(*Encoder) error { return nil }

func TestGoTypesTravelAs(t *testing.T) {
	for _, c := range []struct {
		value any
		want  string
	}{
		{false, "bool"}, {0, "int64"}, {int8(0), "int8"}, {int16(0), "int16"}, {int32(0), "int32"}, {int64(0), "int64"},
		{uint(0), "uint64"}, {uint8(0), "uint8"}, {uint16(0), "uint16"}, {uint32(0), "uint32"}, {uint64(0), "uint64"},
		{float32(0), "float32"}, {0.0, "float64"}, {"", "string"},
		{level(0), "int8"}, {colour(""), "string"}, {time.Second, "duration"}, {time.Time{}, "time"},
		{[]byte{}, "bytes"}, {[16]byte{}, "bytes"}, {json.RawMessage{}, "any"}, {json.Number(""), "any"}, {msgpack.RawMessage{}, "any"},
		{[]string{}, "[]string"}, {[3]int8{}, "[]int8"}, {[]any{}, "[]any"}, {[][]level{}, "[][]int8"},
		{map[string]any{}, "map[string]any"}, {map[colour]point{}, "map[string]point"}, {map[[2]byte]bool{}, "map[bytes]bool"},
		{map[netip.Addr]bool{}, "map[string]bool"}, {map[slog.Level]bool{}, "map[string]bool"}, {map[json.Number]bool{}, "map[string]bool"}, {map[level]bool{}, "map[int8]bool"},
		{new(int8), "int8?"}, {new(*int8), "int8?"}, {new([]string), "([]string)?"}, {new(map[string]int8), "(map[string]int8)?"},
		{[]*point{}, "[]point?"}, {new(any), "any"}, {new(time.Time), "time?"}, {new(*time.Time), "time?"},
		{netip.Addr{}, "string"}, {&netip.Addr{}, "string?"}, {url.URL{}, "bytes"}, {&url.URL{}, "bytes?"}, {big.Int{}, "any"}, {big.Float{}, "string"}, {slog.LevelInfo, "any"}, {[4]smallByte{}, "bytes"}, {[]suit{}, "[]string"}, {[2]suit{}, "[]string"},
		{fullAndHalf{}, "string"}, {stamp{}, "any"},
		{point{}, "point"}, {empty{}, "empty"}, {struct{}{}, "{}"}, {struct{ A, B int8 }{}, "{A int8, B int8}"},
		{node{}, "node"}, {tree{}, "tree"}, {rose{}, "rose"}, {ping{}, "ping"}, {pong{}, "pong"},
		{pair[string, []point]{}, "pairStringPoint"}, {pair[map[string]int, time.Time]{}, "pairMapStringIntTime"},
		{bytes{}, "bytes2"}, {größe{}, "gr__e"}, {otherMsgpack{}, "otherMsgpack"}, {struct{ A, B names }{}, "{A []string, B []string}"},
	} {
		typ, err := signature.NewTypes().OfType(reflect.TypeOf(c.value))
		if err != nil {
			t.Errorf("%T: got %v, want %s", c.value, err, c.want)
			continue
		}
		if got := typ.String(); got != c.want {
			t.Errorf("%T: got %s, want %s", c.value, got, c.want)
		}
	}
	if typ, err := signature.NewTypes().OfType(reflect.TypeFor[any]()); err != nil || typ.String() != "any" {
		t.Errorf("any: got %v, %v, want any", typ, err)
	}
}

func TestTypesThatContainThemselvesAreNamed(t *testing.T) {
	for _, c := range []struct {
		value any
		want  map[string]string
	}{
		{node{}, map[string]string{"node": "{Value any, left node?, right node?}"}},
		{tree{}, map[string]string{"tree": "map[string]tree"}},
		{rose{}, map[string]string{"rose": "[]rose?"}},
		{ping{}, map[string]string{"ping": "[]map[int64]ping"}},
		{struct{ A, B tree }{}, map[string]string{"tree": "map[string]tree"}},
		{[]point{}, map[string]string{"point": "{X float64, Y float64}"}},
		{[]level{}, map[string]string{}},
	} {
		types := signature.NewTypes()
		if _, err := types.OfType(reflect.TypeOf(c.value)); err != nil {
			t.Errorf("%T: %v", c.value, err)
		}
		if got := types.Definitions(); !maps.Equal(got, c.want) {
			t.Errorf("%T: got the types %v, want %v", c.value, got, c.want)
		}
	}
}

func TestTwoGoTypesOfOneNameGetTwoNames(t *testing.T) {
	outer := reflect.TypeFor[Point]()
	type Point struct{ X float64 }
	inner := reflect.TypeFor[Point]()
	types := signature.NewTypes()
	for _, c := range []struct {
		typ  reflect.Type
		want string
	}{
		{reflect.TypeFor[struct {
			A pair[int, pair[Point, Point]]
			B Point
		}](), "{A pairIntPairPointPoint, B Point}"},
		{inner, "Point"},
		{outer, "Point2"},
		{inner, "Point"},
		{outer, "Point2"},
	} {
		if typ, err := types.OfType(c.typ); err != nil || typ.String() != c.want {
			t.Errorf("%v: got %v, %v, want %s", c.typ, typ, err, c.want)
		}
	}
	both, err := signature.NewTypes().OfFunc("f", reflect.FuncOf([]reflect.Type{inner, outer}, nil, false))
	if want := "f(Point, Point2)"; err != nil || both.String() != want {
		t.Errorf("got %v, %v, want %s", both, err, want)
	}
}

func TestLongNamesOfGenericTypesAreCut(t *testing.T) {
	type aTypeWithAVeryVeryVeryLongName struct{}
	type long = pair[aTypeWithAVeryVeryVeryLongName, aTypeWithAVeryVeryVeryLongName]
	m, err := signature.NewTypes().OfFunc("f", reflect.TypeFor[func(pair[long, int], pair[long, bool])]())
	want := "f(pairPairATypeWithAVeryVeryVeryLongNameATypeWithAVeryVeryVeryLong, " +
		"pairPairATypeWithAVeryVeryVeryLongNameATypeWithAVeryVeryVeryLon2)"
	if err != nil || m.String() != want {
		t.Errorf("got %v, %v, want %s", m, err, want)
	}
}

// Types that can't travel.
type (
	writesOnly  struct{}
	readsOnly   struct{}
	mismatched  struct{}
	selfPointer *selfPointer
	deep        [][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][][]int
)

func (writesOnly) MarshalText() ([]byte, error)   { return nil, nil }
func (*readsOnly) UnmarshalText([]byte) error     { return nil }
func (mismatched) MarshalBinary() ([]byte, error) { return nil, nil }
func (*mismatched) UnmarshalText([]byte) error    { return nil }

func TestGoTypesThatCannotTravelSayWhatToDo(t *testing.T) {
	for _, c := range []struct {
		typ  reflect.Type
		want string
	}{
		{nil, "pass reflect.TypeFor"},
		{reflect.TypeFor[chan int](), "type chan int: chan int can't travel; use a list"},
		{reflect.TypeFor[func()](), "func() can't travel; pass the name of a method"},
		{reflect.TypeFor[iter.Seq[int]](), "iter.Seq[int] can't travel; use iter.Seq2[T, error], as the last parameter or the only result"},
		{reflect.TypeFor[iter.Seq2[int, string]](), "iter.Seq2[int,string] can't travel; use iter.Seq2[T, error], as"},
		{reflect.TypeFor[func(func() bool)](), "can't travel; use iter.Seq2[T, error], as"},
		{reflect.TypeFor[func(func(int))](), "can't travel; pass the name of a method"},
		{reflect.TypeFor[complex64](), "complex64 can't travel; use a struct of two floats"},
		{reflect.TypeFor[uintptr](), "use uint64"},
		{reflect.TypeFor[error](), "send its text"},
		{reflect.TypeFor[interface{ Len() int }](), "use a struct, or any"},
		{reflect.TypeFor[map[any]int](), "interface {} can't be the key of a map; use a string"},
		{reflect.TypeFor[map[point]int](), "point can't be the key of a map"},
		{reflect.TypeFor[map[*string]int](), "*string can't be the key of a map"},
		{reflect.TypeFor[map[time.Time]int](), "time.Time can't be the key of a map"},
		{reflect.TypeFor[sync.Mutex](), "sync.Mutex has no exported fields"},
		{reflect.TypeFor[writesOnly](), "has MarshalText without UnmarshalText, so what is written couldn't be read; add the other half"},
		{reflect.TypeFor[readsOnly](), "has UnmarshalText without MarshalText"},
		{reflect.TypeFor[mismatched](), "has MarshalBinary without UnmarshalBinary and UnmarshalText without MarshalText"},
		{reflect.TypeFor[selfPointer](), "is a pointer to itself"},
		{reflect.TypeFor[deep](), "nests deeper than 32 levels"},
	} {
		typ, err := signature.NewTypes().OfType(c.typ)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: got %v and error %v, want an error with %q", c.typ, typ, err, c.want)
		}
	}
}

type smallByte uint8

// suit is an enum with a text form.
type suit uint8

func (suit) MarshalText() ([]byte, error) { return nil, nil }
func (*suit) UnmarshalText([]byte) error  { return nil }
