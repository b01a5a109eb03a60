package corpus

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/helium-rpc/helium/internal/gogen/testdata/corpus/shared"
)

//lint:file-ignore SA5008 the tags that are rarely meant are part of what is tested

// Types of every kind that has a name.
type (
	Celsius float64
	Name    string
	Level   int8
	Switch  bool
	Blob    []byte
	Octet   uint8
	Tags    []string
	Index   map[Name]int32
	Alias   = Order
	Moment  = time.Time
)

// Point is small.
type Point struct{ X, Y float64 }

// Order is as orders are.
type Order struct {
	ID       string            `msgpack:"id" json:"other"`
	Placed   time.Time         `json:"placed"`
	Within   time.Duration     `msgpack:"within"`
	Customer Customer          `msgpack:"customer"`
	Lines    []Line            `msgpack:"lines"`
	Notes    map[string]string `msgpack:"notes"`
	Gift     *Line             `msgpack:"gift"`
	Price    shared.Money      `msgpack:"price"`
	Paid     bool
	Skipped  chan int `msgpack:"-" json:"-"`
	secret   int
}

// Secret keeps a field in use that doesn't travel.
func (o Order) Secret() int { return o.secret }

// Customer nests.
type Customer struct {
	Name  Name
	Where struct{ Lat, Lon float32 }
	Home  Point
	Tags  Tags
	Index Index
	Temp  *Celsius
}

// Line is an element of lists.
type Line struct {
	SKU      string `msgpack:"sku"`
	Quantity int    `msgpack:"quantity"`
	Color    shared.Color
	Data     Blob
	Grid     [][]uint16
	ByLevel  map[Level][]Point
}

// Node contains itself.
type Node struct {
	Value    int
	Next     *Node
	Children []Node
}

// Holder has a part that contains itself.
type Holder struct {
	Name string
	Node Node
	Tree Tree
}

// Tree is a map that contains itself.
type Tree map[string]Tree

// Forest is a list that contains itself.
type Forest []Forest

// Even and Odd contain each other.
type Even struct{ Odd *Odd }

// Odd and Even contain each other.
type Odd struct{ Evens []Even }

// Page has a type parameter.
type Page[T any] struct {
	Items []T
	Next  string
}

// Pair has two.
type Pair[K comparable, V any] struct {
	Key   K
	Value V
}

// Base is embedded.
type Base struct {
	ID      string
	Created time.Time
}

type hidden struct {
	Mark  int
	inner bool
}

// Structs that embed others, in all ways there are.
type (
	Embeds struct {
		Base
		hidden
		Name string
	}
	EmbedsPointer struct {
		*Base
		Name string
	}
	Shadows struct {
		ID int
		Base
	}
	ForcesInline struct {
		ID   int
		Base `msgpack:",inline"`
	}
	KeepsWhole struct {
		Base `msgpack:",noinline"`
		Name string
	}
	Hides struct {
		Base
		ID int
	}
	EmbedsForeign struct {
		shared.Stamped
		Note string
	}
	EmbedsTime struct {
		time.Time
		Note string `msgpack:"-"`
	}
	EmbedsScalar struct {
		Name
		Level
	}
)

// Inner tells whether a field is set that doesn't travel.
func (e Embeds) Inner() bool { return e.inner }

// Omits leaves out what is empty.
type Omits struct {
	Text   string            `msgpack:"text,omitempty"`
	Count  uint32            `msgpack:"count,omitempty"`
	On     Switch            `msgpack:"on,omitempty"`
	List   []string          `msgpack:"list,omitempty"`
	Map    map[string]int    `msgpack:"map,omitempty"`
	At     time.Time         `msgpack:"at,omitempty"`
	Point  *Point            `msgpack:"point,omitempty"`
	Hex    Hex               `msgpack:"hex,omitempty"`
	Any    any               `msgpack:"any,omitempty"`
	Data   []byte            `msgpack:"data,omitempty"`
	Always int               `msgpack:"always"`
	Index  map[Name]*Celsius `msgpack:"index,omitempty,inline"`
}

// OmitsFloats has fields whose emptiness is hard to say.
type OmitsFloats struct {
	Float float64 `msgpack:",omitempty"`
	Point Point   `msgpack:",omitempty"`
}

// OmitsAll leaves out every empty field.
type OmitsAll struct {
	_msgpack struct{} `msgpack:",omitempty"`
	A, B     int
	C        string
}

// Unused keeps the marker in use.
func (o OmitsAll) Unused() struct{} { return o._msgpack }

// Aliased is read under older names too.
type Aliased struct {
	New   int    `msgpack:"new,alias:old"`
	Other string `msgpack:"other,alias:old"`
	Old2  string `msgpack:"old2,alias:new"`
	Odd   string `msgpack:"a \"quoted\" name"`
}

// Hex travels as text.
type Hex []byte

// MarshalText implements encoding.TextMarshaler.
func (h Hex) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *Hex) UnmarshalText(text []byte) (err error) {
	*h, err = hex.AppendDecode(nil, text)
	return err
}

// IsZero reports whether there is nothing to send.
func (h Hex) IsZero() bool { return len(h) == 0 }

// Packed travels as bytes.
type Packed struct{ a, b byte }

// NewPacked returns one.
func NewPacked(a, b byte) Packed { return Packed{a, b} }

// MarshalBinary implements encoding.BinaryMarshaler.
func (p Packed) MarshalBinary() ([]byte, error) { return []byte{p.a, p.b}, nil }

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (p *Packed) UnmarshalBinary(data []byte) error {
	if len(data) != 2 {
		return errors.New("want two bytes")
	}
	p.a, p.b = data[0], data[1]
	return nil
}

// Custom writes itself as any value.
type Custom struct{ N int }

// EncodeMsgpack implements msgpack.CustomEncoder.
func (c *Custom) EncodeMsgpack(e *msgpack.Encoder) error { return e.EncodeInt(int64(c.N)) }

// DecodeMsgpack implements msgpack.CustomDecoder.
func (c *Custom) DecodeMsgpack(d *msgpack.Decoder) (err error) {
	c.N, err = d.DecodeInt()
	return err
}

// Wide takes more memory than a short message that makes many of it.
type Wide struct {
	A, B, C, D, E, F, G, H, I, J string
}

// Fleet repeats lists of large elements.
type Fleet struct{ Ships []Page[Wide] }

// Structs that embed what has a form of its own: it speaks for the struct if it is all of
// it, and else is a field.
type (
	Instant struct{ time.Time }
	Dated   struct {
		time.Time
		Note string
	}
	DatedAgain struct {
		Instant
		Note string
	}
	DatedLater struct {
		*Instant
		Note string
	}
	// DatedItself speaks for itself.
	DatedItself struct {
		time.Time
		Note string
	}
)

// MarshalText implements encoding.TextMarshaler.
func (d DatedItself) MarshalText() ([]byte, error) {
	return d.AppendFormat([]byte(d.Note+"@"), time.RFC3339Nano), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *DatedItself) UnmarshalText(text []byte) (err error) {
	note, at, _ := strings.Cut(string(text), "@")
	d.Note = note
	d.Time, err = time.Parse(time.RFC3339Nano, at)
	return err
}

// Suit is an enum with a text form.
type Suit uint8

// MarshalText implements encoding.TextMarshaler.
func (s Suit) MarshalText() ([]byte, error) { return []byte{"chds"[s&3]}, nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Suit) UnmarshalText(text []byte) error {
	i := strings.Index("chds", string(text))
	if i < 0 || len(text) != 1 {
		return errors.New("want c, h, d or s")
	}
	*s = Suit(i)
	return nil
}

// JSONTags has what encoding/json makes something special of.
type JSONTags struct {
	Base   `json:"base"`
	Dash   string          `json:"-,"`
	Raw    json.RawMessage `json:"raw"`
	Number json.Number     `json:"number"`
	Level  slog.Level      `json:"level"`
	Hand   []Suit          `json:"hand"`
	Pair   [2]Suit         `json:"pair"`
	Count  map[Suit]int    `json:"count"`
	By     map[slog.Level]int
}

// Quoted has scalars that travel as text.
type Quoted struct {
	ID    int64    `json:"id,string"`
	Ratio *float64 `json:",string,omitempty"`
	On    Switch   `json:",string"`
	Name  Name     `json:",string"`
}

// OmitsZero leaves out what is zero.
type OmitsZero struct {
	At      time.Time  `json:"at,omitzero"`
	Then    *time.Time `json:",omitzero"`
	Instant Instant    `json:",omitzero"`
	List    []string   `json:",omitzero"`
	Count   int        `json:",omitzero"`
	Both    []int      `json:",omitzero,omitempty"`
}

// OmitsZeros has fields of which it is hard to say.
type OmitsZeros struct {
	Point Point   `json:",omitzero"`
	Dated Dated   `json:",omitzero"`
	Float float64 `json:",omitzero"`
	Any   any     `json:",omitzero"`
}

// Nothing has no fields.
type Nothing struct{}
