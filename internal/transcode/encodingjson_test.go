package transcode

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"math/big"
	"math/rand/v2"
	"net"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/signature"
)

//lint:file-ignore SA5008 the tags that are rarely meant are part of what is tested

// Types of which structs here are made.
type (
	Leaf struct {
		ID   int    `json:"id"`
		Name string // as its field
		Note string `json:"note,omitempty"`
	}
	Other struct {
		ID    string
		Name  float64 `json:"name"`
		Extra []int8  `json:"Note"`
	}
	Deep struct {
		Leaf
		Deeper *Other `json:"deeper"`
	}
	Deepest struct {
		*Deep
		Name bool `json:"Name"`
	}
	Number int16
	suit   uint8 // an enum with a text form
	money  struct{ cents int64 }
	// version has a text and a binary form, level a JSON and a text one that differ.
	version struct{ major, minor byte }
	level   int
)

func (s suit) MarshalText() ([]byte, error) { return []byte{"chds"[s&3]}, nil }
func (s *suit) UnmarshalText(b []byte) error {
	*s = suit(strings.IndexByte("chds", b[0]))
	return nil
}

func (m money) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, `{"cents": %d}`, m.cents), nil }
func (m *money) UnmarshalJSON(b []byte) error {
	var fields struct{ Cents int64 }
	err := json.Unmarshal(b, &fields)
	m.cents = fields.Cents
	return err
}

func (v version) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "v%d.%d", v.major, v.minor), nil
}
func (v *version) UnmarshalText(b []byte) error {
	_, err := fmt.Sscanf(string(b), "v%d.%d", &v.major, &v.minor)
	return err
}
func (v version) MarshalBinary() ([]byte, error)  { return []byte{v.major, v.minor}, nil }
func (v *version) UnmarshalBinary(b []byte) error { v.major, v.minor = b[0], b[1]; return nil }
func (l level) MarshalText() ([]byte, error)      { return fmt.Appendf(nil, "level %d", int(l)), nil }
func (l *level) UnmarshalText(b []byte) error {
	_, err := fmt.Sscanf(string(b), "level %d", (*int)(l))
	return err
}
func (l level) MarshalJSON() ([]byte, error)  { return json.Marshal(int(l)) }
func (l *level) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, (*int)(l)) }

// agrees compares what callers in JSON see of a value with what encoding/json says of it,
// and what they send with what it reads.
func agrees(v reflect.Value) error {
	typ, err := signature.NewTypes().OfType(v.Type())
	if err != nil {
		return err
	}
	want, err := json.Marshal(v.Interface())
	if err != nil {
		return err
	}
	var w codec.Writer
	if w.ReflectValue(v); w.Err() != nil {
		return w.Err()
	}
	got, err := JSON(w.Bytes(), typ)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(decoded(got), decoded(want)) {
		return disagreement(fmt.Sprintf("%s is written as\n     %s\nwant %s", typ.Definition(), got, want))
	}
	standard := reflect.New(v.Type())
	if err := json.Unmarshal(want, standard.Interface()); err != nil {
		return err
	}
	if want, err = json.Marshal(standard.Interface()); err != nil {
		return err
	}
	data, err := Value(want, typ)
	if err != nil {
		return disagreement(fmt.Sprintf("%s isn't read from %s: %v", typ.Definition(), want, err))
	}
	read := reflect.New(v.Type())
	r := codec.NewReader(data)
	if err := r.ReflectValue(read.Elem()); err != nil {
		return disagreement(fmt.Sprintf("%s isn't read from %s: %v", typ.Definition(), want, err))
	}
	if again, err := json.Marshal(read.Interface()); err != nil || !reflect.DeepEqual(decoded(again), decoded(want)) {
		return disagreement(fmt.Sprintf("%s is read from\n     %s as\n     %s, %v", typ.Definition(), want, again, err))
	}
	return nil
}

type disagreement string

func (d disagreement) Error() string { return string(d) }

// decoded returns what JSON says, in which 1.50 and 1.5 are one number.
func decoded(text []byte) (v any) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return err
	}
	return inLowestTerms(v)
}

func inLowestTerms(v any) any {
	switch v := v.(type) {
	case json.Number:
		rat, _ := new(big.Rat).SetString(v.String())
		return rat.String()
	case []any:
		for i := range v {
			v[i] = inLowestTerms(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = inLowestTerms(v[k])
		}
	}
	return v
}

func TestCallersInJSONSeeWhatEncodingJSONWouldWrite(t *testing.T) {
	when := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	for _, v := range []any{
		struct {
			Dash    string `json:"-,"`
			Gone    int    `json:"-"`
			Leaf    `json:"leaf"`
			Space   int   `json:" a b "`
			Invalid int   `json:"a\"b"`
			Plain   int   `json:","`
			Punct   int   `json:"$%-/"`
			Greek   int   `json:"πλ"`
			Inline  Other `json:"inline,inline"`
		}{Inline: Other{Extra: []int8{}}},
		struct {
			Leaf
			*Other
			Deep Deep
		}{Leaf{1, "n", ""}, &Other{"x", 1.5, []int8{1}}, Deep{Leaf: Leaf{Note: "x"}, Deeper: &Other{Extra: []int8{}}}},
		Deepest{&Deep{Leaf{1, "a", "b"}, nil}, true},
		Deepest{},
		struct {
			Bool   bool              `json:",omitempty"`
			Array  [0]int            `json:",omitempty"`
			Struct Leaf              `json:",omitempty"`
			Time   time.Time         `json:",omitempty"`
			Ptr    *time.Time        `json:",omitempty"`
			Map    map[string]int    `json:",omitempty"`
			Any    any               `json:",omitempty"`
			Float  float64           `json:",omitempty"`
			Zero   Leaf              `json:",omitzero"`
			Zeros  [2]int            `json:",omitzero"`
			When   time.Time         `json:",omitzero"`
			Then   *time.Time        `json:",omitzero"`
			Empty  []int             `json:",omitzero"`
			Both   []int             `json:",omitzero,omitempty"`
			Minus  float64           `json:",omitempty"`
			Suit   suit              `json:",omitempty"`
			Raw    json.RawMessage   `json:",omitempty"`
			Names  map[suit][]string `json:",omitzero"`
		}{Ptr: new(time.Time), Then: new(time.Time), Empty: []int{}, Both: []int{}, Minus: math.Copysign(0, -1)},
		struct {
			I   int64       `json:",string"`
			U   uint64      `json:"u,string"`
			F   float32     `json:",string"`
			B   bool        `json:",string,omitempty"`
			S   string      `json:",string"`
			P   *int        `json:",string"`
			N   *int        `json:",string"`
			Num json.Number `json:",string"`
			L   []int       `json:",string"`
			G   Number      `json:",string"`
		}{math.MinInt64, math.MaxUint64, 0.1, true, `a "quoted" <text>`, new(int), nil, "12", []int{1}, -3},
		json.RawMessage(`{"b": [1, 2.50, null, true, "x\u00fc<"], "a": {"n": 18446744073709551615, "f": 1e-7, "m": -0}}`),
		json.RawMessage(`null`), json.RawMessage(`"text"`), json.RawMessage(`-9223372036854775808`), json.RawMessage(`12.0`), json.RawMessage(`[]`), json.RawMessage(` {} `),
		struct {
			Raw  json.RawMessage
			Ptr  *json.RawMessage `json:"ptr"`
			Nil  json.RawMessage
			List []json.RawMessage
			Map  map[string]json.RawMessage
		}{json.RawMessage(`[1]`), new(json.RawMessage), nil, []json.RawMessage{json.RawMessage(`{"k":1}`)}, map[string]json.RawMessage{"x": json.RawMessage(`"y"`)}},
		json.Number("12"), json.Number("-1.5e3"), json.Number(""), []json.Number{"1", "0.1"}, map[json.Number]int{"5": 1},
		suit(1), []suit{0, 1, 2}, [2]suit{3, 1}, map[suit]int{1: 5, 2: 6}, map[string]suit{"a": 3}, new(suit),
		money{1250}, []money{{1}, {2}}, map[string]*money{"a": {3}, "b": nil}, struct{ M money }{money{7}},
		version{1, 2}, []version{{1, 2}}, map[version]bool{{3, 4}: true}, struct{ V *version }{&version{5, 6}},
		level(3), []level{1, 2}, map[string]level{"a": 2},
		slog.LevelInfo, map[slog.Level]slog.Level{slog.LevelWarn: slog.LevelError},
		big.NewInt(-12345), big.NewFloat(1.5), netip.MustParseAddr("::1"), []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		net.IPv4(1, 2, 3, 4), net.IP(nil), struct{ IP net.IP }{},
		struct{ time.Time }{when}, struct{ version }{version{7, 8}}, map[string]int{}, when,
	} {
		if err := agrees(reflect.ValueOf(v)); err != nil {
			t.Errorf("%T: %v", v, err)
		}
	}
}

// randomStruct makes a struct type with fields and tags of all kinds.
func randomStruct(g *rand.Rand, depth int) reflect.Type {
	pick := func(of ...string) string { return of[g.IntN(len(of))] }
	types := []reflect.Type{
		reflect.TypeFor[bool](), reflect.TypeFor[int8](), reflect.TypeFor[uint64](), reflect.TypeFor[float64](), reflect.TypeFor[string](), reflect.TypeFor[[]string](),
		reflect.TypeFor[map[int]string](), reflect.TypeFor[suit](), reflect.TypeFor[[]suit](), reflect.TypeFor[map[suit]int8](), reflect.TypeFor[json.RawMessage](),
		reflect.TypeFor[json.Number](), reflect.TypeFor[money](), reflect.TypeFor[version](), reflect.TypeFor[time.Time](), reflect.TypeFor[Leaf](), reflect.TypeFor[level](),
	}
	embedded := []reflect.Type{reflect.TypeFor[Leaf](), reflect.TypeFor[*Other](), reflect.TypeFor[Deep](), reflect.TypeFor[Deepest](), reflect.TypeFor[Number]()}
	var fields []reflect.StructField
	used := make(map[string]bool)
	for range 1 + g.IntN(6) {
		f := reflect.StructField{Name: pick("ID", "Name", "Note", "Extra", "Count", "A", "B"), Type: types[g.IntN(len(types))]}
		switch g.IntN(5) {
		case 0:
			f.Type = embedded[g.IntN(len(embedded))]
			named := f.Type
			if named.Kind() == reflect.Pointer {
				named = named.Elem()
			}
			f.Name, f.Anonymous = named.Name(), true
		case 1:
			f.Type = reflect.PointerTo(f.Type)
		case 2:
			if depth > 0 {
				f.Type = randomStruct(g, depth-1)
			}
		}
		if used[f.Name] {
			continue
		}
		used[f.Name] = true
		if g.IntN(3) > 0 {
			name := pick("", "", "id", "Name", "note", "-", "x y", "a\\\\b", "ID", "'q'", "Note")
			options := pick("", "", ",", ",omitempty", ",omitzero", ",string", ",omitempty,string", ", omitempty", ",inline", ",alias:x")
			f.Tag = reflect.StructTag(fmt.Sprintf("json:%q", name+options))
		}
		fields = append(fields, f)
	}
	return reflect.StructOf(fields)
}

// fill sets what v holds. What is nil in Go is null to encoding/json, where a signature
// says that it never is, so lists and maps aren't nil.
func fill(g *rand.Rand, v reflect.Value) {
	switch p := v.Addr().Interface().(type) {
	case *json.RawMessage:
		*p = json.RawMessage([]string{`1`, `"x"`, `{"a":[0.5]}`}[g.IntN(3)])
		return
	case *json.Number:
		*p = json.Number([]string{"1", "-2.5", "0"}[g.IntN(3)])
		return
	case *time.Time:
		*p = time.Unix(g.Int64N(1<<32), g.Int64N(1e9)).UTC()
		return
	case *suit:
		*p = suit(g.IntN(4))
		return
	case *money:
		p.cents = g.Int64N(1000)
		return
	case *version:
		p.major = byte(g.IntN(9))
		return
	}
	zero := g.IntN(3) == 0
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(!zero)
	case reflect.Int, reflect.Int8, reflect.Int16:
		v.SetInt(int64(g.IntN(100) - 50))
	case reflect.Uint64:
		v.SetUint(g.Uint64())
	case reflect.Float64:
		v.SetFloat(g.NormFloat64())
	case reflect.String:
		if !zero {
			v.SetString("text")
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), g.IntN(3), 2))
		for i := range v.Len() {
			fill(g, v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(g, key)
		fill(g, elem)
		v.SetMapIndex(key, elem)
	case reflect.Pointer:
		if !zero {
			v.Set(reflect.New(v.Type().Elem()))
			fill(g, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(g, v.Field(i))
		}
	}
}

func TestRandomStructsAreToCallersInJSONWhatEncodingJSONMakesOfThem(t *testing.T) {
	g := rand.New(rand.NewPCG(1, 2))
	const structs = 5000
	refused := 0
	for range structs {
		typ := randomStruct(g, 2)
		v := reflect.New(typ).Elem()
		fill(g, v)
		err := agrees(v)
		if _, ok := err.(disagreement); ok {
			t.Fatalf("%v: %v", typ, err)
		}
		if err != nil {
			if strings.Contains(err.Error(), "invalid use of ,string") {
				continue // encoding/json can't read back what it wrote
			}
			if !strings.Contains(err.Error(), "is that of field") && !strings.Contains(err.Error(), "embedded twice") {
				t.Fatalf("%v: %v; want only fields that hide each other refused", typ, err)
			}
			refused++
		}
	}
	if refused == 0 || refused > structs/2 {
		t.Errorf("%d of %d structs were refused, want some, and fewer than half", refused, structs)
	}
}
