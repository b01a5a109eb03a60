package corpus

import (
	"context"
	"encoding/json"
	"net/netip"
	"net/url"
	"time"

	"github.com/helium-rpc/helium/internal/gogen/testdata/corpus/shared"
)

// NewEcho returns the implementation of [Echo].
func NewEcho() Echo { return echo{} }

type echo struct{}

func (echo) Bool(_ context.Context, v bool) (bool, error)                             { return v, nil }
func (echo) Int(_ context.Context, v int) (int, error)                                { return v, nil }
func (echo) Int8(_ context.Context, v int8) (int8, error)                             { return v, nil }
func (echo) Int16(_ context.Context, v int16) (int16, error)                          { return v, nil }
func (echo) Rune(_ context.Context, v rune) (rune, error)                             { return v, nil }
func (echo) Int64(_ context.Context, v int64) (int64, error)                          { return v, nil }
func (echo) Uint(_ context.Context, v uint) (uint, error)                             { return v, nil }
func (echo) Byte(_ context.Context, v byte) (byte, error)                             { return v, nil }
func (echo) Uint16(_ context.Context, v uint16) (uint16, error)                       { return v, nil }
func (echo) Uint32(_ context.Context, v uint32) (uint32, error)                       { return v, nil }
func (echo) Uint64(_ context.Context, v uint64) (uint64, error)                       { return v, nil }
func (echo) Float32(_ context.Context, v float32) (float32, error)                    { return v, nil }
func (echo) Float64(_ context.Context, v float64) (float64, error)                    { return v, nil }
func (echo) String(_ context.Context, v string) (string, error)                       { return v, nil }
func (echo) Bytes(_ context.Context, v []byte) ([]byte, error)                        { return v, nil }
func (echo) Time(_ context.Context, v time.Time) (time.Time, error)                   { return v, nil }
func (echo) Duration(_ context.Context, v time.Duration) (time.Duration, error)       { return v, nil }
func (echo) Month(_ context.Context, v time.Month) (time.Month, error)                { return v, nil }
func (echo) Any(_ context.Context, v any) (any, error)                                { return v, nil }
func (echo) Celsius(_ context.Context, v Celsius) (Celsius, error)                    { return v, nil }
func (echo) Name(_ context.Context, v Name) (Name, error)                             { return v, nil }
func (echo) Level(_ context.Context, v Level) (Level, error)                          { return v, nil }
func (echo) Switch(_ context.Context, v Switch) (Switch, error)                       { return v, nil }
func (echo) Blob(_ context.Context, v Blob) (Blob, error)                             { return v, nil }
func (echo) Octets(_ context.Context, v []Octet) ([]Octet, error)                     { return v, nil }
func (echo) Tags(_ context.Context, v Tags) (Tags, error)                             { return v, nil }
func (echo) Index(_ context.Context, v Index) (Index, error)                          { return v, nil }
func (echo) Moment(_ context.Context, v Moment) (Moment, error)                       { return v, nil }
func (echo) Strings(_ context.Context, v []string) ([]string, error)                  { return v, nil }
func (echo) Numbers(_ context.Context, v [][]int32) ([][]int32, error)                { return v, nil }
func (echo) Array(_ context.Context, v [3]float64) ([3]float64, error)                { return v, nil }
func (echo) Digest(_ context.Context, v [4]byte) ([4]byte, error)                     { return v, nil }
func (echo) ByName(_ context.Context, v map[string][]Line) (map[string][]Line, error) { return v, nil }
func (echo) ByBool(_ context.Context, v map[bool]uint8) (map[bool]uint8, error)       { return v, nil }
func (echo) ByDigest(_ context.Context, v map[[2]byte]string) (map[[2]byte]string, error) {
	return v, nil
}
func (echo) Optional(_ context.Context, v *string) (*string, error)                   { return v, nil }
func (echo) OptionalInt(_ context.Context, v *int) (*int, error)                      { return v, nil }
func (echo) OptionalOrder(_ context.Context, v *Order) (*Order, error)                { return v, nil }
func (echo) OptionalList(_ context.Context, v *[]string) (*[]string, error)           { return v, nil }
func (echo) Twice(_ context.Context, v **int) (**int, error)                          { return v, nil }
func (echo) Times(_ context.Context, v []*time.Time) ([]*time.Time, error)            { return v, nil }
func (echo) Point(_ context.Context, v Point) (Point, error)                          { return v, nil }
func (echo) Order(_ context.Context, v Order) (Order, error)                          { return v, nil }
func (echo) Orders(_ context.Context, v []Order) ([]Order, error)                     { return v, nil }
func (echo) Alias(_ context.Context, v Alias) (Alias, error)                          { return v, nil }
func (echo) Line(_ context.Context, v Line) (Line, error)                             { return v, nil }
func (echo) Node(_ context.Context, v Node) (Node, error)                             { return v, nil }
func (echo) Nodes(_ context.Context, v []*Node) ([]*Node, error)                      { return v, nil }
func (echo) Holder(_ context.Context, v Holder) (Holder, error)                       { return v, nil }
func (echo) Tree(_ context.Context, v Tree) (Tree, error)                             { return v, nil }
func (echo) Forest(_ context.Context, v Forest) (Forest, error)                       { return v, nil }
func (echo) Even(_ context.Context, v Even) (Even, error)                             { return v, nil }
func (echo) Odd(_ context.Context, v Odd) (Odd, error)                                { return v, nil }
func (echo) Nothing(_ context.Context, v Nothing) (Nothing, error)                    { return v, nil }
func (echo) Wide(_ context.Context, v []Wide) ([]Wide, error)                         { return v, nil }
func (echo) WideByName(_ context.Context, v map[string]Wide) (map[string]Wide, error) { return v, nil }
func (echo) Fleet(_ context.Context, v Fleet) (Fleet, error)                          { return v, nil }
func (echo) Unnamed(_ context.Context, v struct {
	A int `json:"a"`
	B []Point
}) (struct {
	A int `json:"a"`
	B []Point
}, error) {
	return v, nil
}
func (echo) Lines(_ context.Context, v Page[Line]) (Page[Line], error) { return v, nil }
func (echo) Ints(_ context.Context, v Page[int]) (Page[int], error)    { return v, nil }
func (echo) Anys(_ context.Context, v Page[any]) (Page[any], error)    { return v, nil }
func (echo) Maps(_ context.Context, v Page[map[string][]byte]) (Page[map[string][]byte], error) {
	return v, nil
}
func (echo) Pages(_ context.Context, v Page[Page[shared.Color]]) (Page[Page[shared.Color]], error) {
	return v, nil
}
func (echo) Structs(_ context.Context, v Page[struct{ X int }]) (Page[struct{ X int }], error) {
	return v, nil
}
func (echo) Pair(_ context.Context, v Pair[Name, *Point]) (Pair[Name, *Point], error) { return v, nil }
func (echo) Pairs(_ context.Context, v []Pair[string, shared.Order]) ([]Pair[string, shared.Order], error) {
	return v, nil
}
func (echo) Embeds(_ context.Context, v Embeds) (Embeds, error)                       { return v, nil }
func (echo) EmbedsPointer(_ context.Context, v EmbedsPointer) (EmbedsPointer, error)  { return v, nil }
func (echo) Shadows(_ context.Context, v Shadows) (Shadows, error)                    { return v, nil }
func (echo) ForcesInline(_ context.Context, v ForcesInline) (ForcesInline, error)     { return v, nil }
func (echo) KeepsWhole(_ context.Context, v KeepsWhole) (KeepsWhole, error)           { return v, nil }
func (echo) Hides(_ context.Context, v Hides) (Hides, error)                          { return v, nil }
func (echo) EmbedsForeign(_ context.Context, v EmbedsForeign) (EmbedsForeign, error)  { return v, nil }
func (echo) EmbedsTime(_ context.Context, v EmbedsTime) (EmbedsTime, error)           { return v, nil }
func (echo) EmbedsScalar(_ context.Context, v EmbedsScalar) (EmbedsScalar, error)     { return v, nil }
func (echo) Omits(_ context.Context, v Omits) (Omits, error)                          { return v, nil }
func (echo) OmitsFloats(_ context.Context, v OmitsFloats) (OmitsFloats, error)        { return v, nil }
func (echo) OmitsAll(_ context.Context, v OmitsAll) (OmitsAll, error)                 { return v, nil }
func (echo) Aliased(_ context.Context, v Aliased) (Aliased, error)                    { return v, nil }
func (echo) Hex(_ context.Context, v Hex) (Hex, error)                                { return v, nil }
func (echo) Packed(_ context.Context, v []Packed) ([]Packed, error)                   { return v, nil }
func (echo) Custom(_ context.Context, v map[string]Custom) (map[string]Custom, error) { return v, nil }
func (echo) Money(_ context.Context, v shared.Money) (shared.Money, error)            { return v, nil }
func (echo) SharedOrder(_ context.Context, v []shared.Order) ([]shared.Order, error)  { return v, nil }
func (echo) Color(_ context.Context, v shared.Color) (shared.Color, error)            { return v, nil }
func (echo) URL(_ context.Context, v url.URL) (url.URL, error)                        { return v, nil }
func (echo) Query(_ context.Context, v url.Values) (url.Values, error)                { return v, nil }
func (echo) Addr(_ context.Context, v netip.Addr) (netip.Addr, error)                 { return v, nil }

func (echo) Instant(_ context.Context, v Instant) (Instant, error)                { return v, nil }
func (echo) Dated(_ context.Context, v Dated) (Dated, error)                      { return v, nil }
func (echo) DatedAgain(_ context.Context, v DatedAgain) (DatedAgain, error)       { return v, nil }
func (echo) DatedLater(_ context.Context, v DatedLater) (DatedLater, error)       { return v, nil }
func (echo) DatedItself(_ context.Context, v DatedItself) (DatedItself, error)    { return v, nil }
func (echo) JSONTags(_ context.Context, v JSONTags) (JSONTags, error)             { return v, nil }
func (echo) Quoted(_ context.Context, v Quoted) (Quoted, error)                   { return v, nil }
func (echo) OmitsZero(_ context.Context, v OmitsZero) (OmitsZero, error)          { return v, nil }
func (echo) OmitsZeros(_ context.Context, v OmitsZeros) (OmitsZeros, error)       { return v, nil }
func (echo) Hand(_ context.Context, v []Suit) ([]Suit, error)                     { return v, nil }
func (echo) BySuit(_ context.Context, v map[Suit]string) (map[Suit]string, error) { return v, nil }
func (echo) Raw(_ context.Context, v json.RawMessage) (json.RawMessage, error)    { return v, nil }
func (echo) Numbering(_ context.Context, v []json.Number) ([]json.Number, error)  { return v, nil }
