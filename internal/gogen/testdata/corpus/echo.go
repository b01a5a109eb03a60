package corpus

import (
	"context"
	"encoding/json"
	"net/netip"
	"net/url"
	"time"

	"github.com/helium-rpc/helium/internal/gogen/testdata/corpus/shared"
)

//go:generate go run github.com/helium-rpc/helium/cmd/helium gen go --type Echo

// Echo returns what it is given: a method for each kind of value.
type Echo interface {
	Bool(context.Context, bool) (bool, error)
	Int(context.Context, int) (int, error)
	Int8(context.Context, int8) (int8, error)
	Int16(context.Context, int16) (int16, error)
	Rune(context.Context, rune) (rune, error)
	Int64(context.Context, int64) (int64, error)
	Uint(context.Context, uint) (uint, error)
	Byte(context.Context, byte) (byte, error)
	Uint16(context.Context, uint16) (uint16, error)
	Uint32(context.Context, uint32) (uint32, error)
	Uint64(context.Context, uint64) (uint64, error)
	Float32(context.Context, float32) (float32, error)
	Float64(context.Context, float64) (float64, error)
	String(context.Context, string) (string, error)
	Bytes(context.Context, []byte) ([]byte, error)
	Time(context.Context, time.Time) (time.Time, error)
	Duration(context.Context, time.Duration) (time.Duration, error)
	Month(context.Context, time.Month) (time.Month, error)
	Any(context.Context, any) (any, error)

	Celsius(context.Context, Celsius) (Celsius, error)
	Name(context.Context, Name) (Name, error)
	Level(context.Context, Level) (Level, error)
	Switch(context.Context, Switch) (Switch, error)
	Blob(context.Context, Blob) (Blob, error)
	Octets(context.Context, []Octet) ([]Octet, error)
	Tags(context.Context, Tags) (Tags, error)
	Index(context.Context, Index) (Index, error)
	Moment(context.Context, Moment) (Moment, error)

	Strings(context.Context, []string) ([]string, error)
	Numbers(context.Context, [][]int32) ([][]int32, error)
	Array(context.Context, [3]float64) ([3]float64, error)
	Digest(context.Context, [4]byte) ([4]byte, error)
	ByName(context.Context, map[string][]Line) (map[string][]Line, error)
	ByBool(context.Context, map[bool]uint8) (map[bool]uint8, error)
	ByDigest(context.Context, map[[2]byte]string) (map[[2]byte]string, error)
	Optional(context.Context, *string) (*string, error)
	OptionalInt(context.Context, *int) (*int, error)
	OptionalOrder(context.Context, *Order) (*Order, error)
	OptionalList(context.Context, *[]string) (*[]string, error)
	Twice(context.Context, **int) (**int, error)
	Times(context.Context, []*time.Time) ([]*time.Time, error)

	Point(context.Context, Point) (Point, error)
	Order(context.Context, Order) (Order, error)
	Orders(context.Context, []Order) ([]Order, error)
	Alias(context.Context, Alias) (Alias, error)
	Line(context.Context, Line) (Line, error)
	Node(context.Context, Node) (Node, error)
	Nodes(context.Context, []*Node) ([]*Node, error)
	Holder(context.Context, Holder) (Holder, error)
	Tree(context.Context, Tree) (Tree, error)
	Forest(context.Context, Forest) (Forest, error)
	Even(context.Context, Even) (Even, error)
	Odd(context.Context, Odd) (Odd, error)
	Nothing(context.Context, Nothing) (Nothing, error)
	Wide(context.Context, []Wide) ([]Wide, error)
	WideByName(context.Context, map[string]Wide) (map[string]Wide, error)
	Fleet(context.Context, Fleet) (Fleet, error)
	Unnamed(context.Context, struct {
		A int `json:"a"`
		B []Point
	}) (struct {
		A int `json:"a"`
		B []Point
	}, error)

	Lines(context.Context, Page[Line]) (Page[Line], error)
	Ints(context.Context, Page[int]) (Page[int], error)
	Anys(context.Context, Page[any]) (Page[any], error)
	Maps(context.Context, Page[map[string][]byte]) (Page[map[string][]byte], error)
	Pages(context.Context, Page[Page[shared.Color]]) (Page[Page[shared.Color]], error)
	Structs(context.Context, Page[struct{ X int }]) (Page[struct{ X int }], error)
	Pair(context.Context, Pair[Name, *Point]) (Pair[Name, *Point], error)
	Pairs(context.Context, []Pair[string, shared.Order]) ([]Pair[string, shared.Order], error)

	Embeds(context.Context, Embeds) (Embeds, error)
	EmbedsPointer(context.Context, EmbedsPointer) (EmbedsPointer, error)
	Shadows(context.Context, Shadows) (Shadows, error)
	ForcesInline(context.Context, ForcesInline) (ForcesInline, error)
	KeepsWhole(context.Context, KeepsWhole) (KeepsWhole, error)
	Hides(context.Context, Hides) (Hides, error)
	EmbedsForeign(context.Context, EmbedsForeign) (EmbedsForeign, error)
	EmbedsTime(context.Context, EmbedsTime) (EmbedsTime, error)
	EmbedsScalar(context.Context, EmbedsScalar) (EmbedsScalar, error)
	Omits(context.Context, Omits) (Omits, error)
	OmitsFloats(context.Context, OmitsFloats) (OmitsFloats, error)
	OmitsAll(context.Context, OmitsAll) (OmitsAll, error)
	Aliased(context.Context, Aliased) (Aliased, error)

	Instant(context.Context, Instant) (Instant, error)
	Dated(context.Context, Dated) (Dated, error)
	DatedAgain(context.Context, DatedAgain) (DatedAgain, error)
	DatedLater(context.Context, DatedLater) (DatedLater, error)
	DatedItself(context.Context, DatedItself) (DatedItself, error)
	JSONTags(context.Context, JSONTags) (JSONTags, error)
	Quoted(context.Context, Quoted) (Quoted, error)
	OmitsZero(context.Context, OmitsZero) (OmitsZero, error)
	OmitsZeros(context.Context, OmitsZeros) (OmitsZeros, error)
	Hand(context.Context, []Suit) ([]Suit, error)
	BySuit(context.Context, map[Suit]string) (map[Suit]string, error)
	Raw(context.Context, json.RawMessage) (json.RawMessage, error)
	Numbering(context.Context, []json.Number) ([]json.Number, error)

	Hex(context.Context, Hex) (Hex, error)
	Packed(context.Context, []Packed) ([]Packed, error)
	Custom(context.Context, map[string]Custom) (map[string]Custom, error)
	Money(context.Context, shared.Money) (shared.Money, error)
	SharedOrder(context.Context, []shared.Order) ([]shared.Order, error)
	Color(context.Context, shared.Color) (shared.Color, error)
	URL(context.Context, url.URL) (url.URL, error)
	Query(context.Context, url.Values) (url.Values, error)
	Addr(context.Context, netip.Addr) (netip.Addr, error)
}
