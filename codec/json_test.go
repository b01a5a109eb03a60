package codec_test

import (
	"encoding/json"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/msgpack"
)

// jsonText says in JSON what it holds, right or wrong.
type jsonText string

func (t jsonText) MarshalJSON() ([]byte, error)  { return []byte(t), nil }
func (t *jsonText) UnmarshalJSON(b []byte) error { *t = jsonText(b); return nil }

func TestJSONReadsBackAsItWasWritten(t *testing.T) {
	for _, text := range []string{
		`null`, `true`, `""`, `"\u2028 \" \\ <&>"`, `0`, `-1`, `18446744073709551615`, `-9223372036854775808`, `0.1`, `1e-7`, `-0`, `[]`, `{}`,
		`{"z":1,"a":[null,{"":[]}],"b":{"c":1.5}}`, `[[[[]]]]`, `1e300`, `[` + strings.Repeat(`0,`, 300) + `0]`,
	} {
		for _, v := range []any{json.RawMessage(text), jsonText(text)} {
			b, err := appendValue(nil, v)
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			if err := msgpack.Scan(b); err != nil {
				t.Errorf("%s: Scan: %v", text, err)
			}
			got := reflect.New(reflect.TypeOf(v))
			r := codec.NewReader(b)
			if err := r.Value(got.Interface()); err != nil || !sameJSON(reflect.Indirect(got).Interface(), text) {
				t.Errorf("%T %s: got %s, %v; want the same", v, text, got.Elem(), err)
			}
		}
	}
}

// sameJSON compares JSON but for how numbers and characters are spelled. Objects have their
// fields in one order.
func sameJSON(got any, want string) bool {
	a, b := json.RawMessage(reflect.ValueOf(got).Convert(reflect.TypeFor[[]byte]()).Bytes()), json.RawMessage(want)
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	inOrder := strings.Index(string(a), `"z"`) <= strings.Index(string(a), `"a"`)
	return reflect.DeepEqual(x, y) && inOrder
}

func TestJSONThatWouldArriveAsSomethingElseIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		``: "no JSON", `{`: "no JSON", `[1`: "no JSON", `1 2`: "more follows", `{"a":1,"a":2}`: "two keys", `01`: "no JSON", `nope`: "no JSON",
		`18446744073709551616`: "more digits", `-9223372036854775809`: "more digits", `0.12345678901234567890`: "more digits", `1e400`: "more digits",
		"\"\xff\"": "isn't UTF-8", "\"\\ud800\"": "half of a surrogate pair", "{\"a\\udc00\":1}": "half of a surrogate pair", strings.Repeat(`[`, 100) + strings.Repeat(`]`, 100): "deep",
	} {
		for _, v := range []any{json.RawMessage(text), jsonText(text), []any{jsonText(text)}, &struct{ J jsonText }{jsonText(text)}} {
			if b, err := appendValue([]byte("prefix"), v); err == nil || string(b) != "prefix" || !strings.Contains(err.Error(), want) {
				t.Errorf("%T %.50q: got %q, %v; want the prefix and an error with %q", v, text, b, err, want)
			}
		}
	}
	for _, v := range []any{json.Number("x"), json.Number("1 "), json.Number("NaN"), json.Number("true"), json.Number("1e400"), json.Number("0.10000000000000000001")} {
		if b, err := appendValue(nil, v); err == nil {
			t.Errorf("the json.Number %q was appended as % x, want an error", v, b)
		}
	}
	for _, v := range []any{math.NaN(), math.Inf(1), map[any]any{1: 1, "1": 2}} {
		b, err := appendValue(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		var got json.RawMessage
		r := codec.NewReader(b)
		if err := r.Value(&got); err == nil {
			t.Errorf("%v was read as the JSON %s, want an error", v, got)
		}
	}
}

func TestANumberWithoutEndIsANumberWhereItCanBeAndElseText(t *testing.T) {
	for _, text := range []string{"0", "-5", "18446744073709551615", "18446744073709551616", "-170141183460469231731687303715884105728"} {
		n, _ := new(big.Int).SetString(text, 10)
		if got := roundTrip(t, []*big.Int{n}).([]*big.Int); got[0].Cmp(n) != 0 {
			t.Errorf("got %v, want %v", got[0], n)
		}
	}
	for _, v := range []any{5, "5", uint64(5), 5.0} { // from callers that send either
		b, err := appendValue(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		var n big.Int
		var number json.Number
		r, s := codec.NewReader(b), codec.NewReader(b)
		if err := r.Value(&n); err != nil || n.Int64() != 5 {
			t.Errorf("%T: got %v, %v; want 5", v, &n, err)
		}
		if err := s.Value(&number); err != nil || number != "5" {
			t.Errorf("%T: got %v, %v; want 5", v, number, err)
		}
	}
}

func TestAJSONNumberReadsNullAsNothing(t *testing.T) {
	held := struct{ Ns []json.Number }{[]json.Number{"7", "8"}}
	b, err := appendValue(nil, map[string]any{"Ns": []any{nil, 1}})
	if err != nil {
		t.Fatal(err)
	}
	r := codec.NewReader(b)
	if err := r.Value(&held); err != nil || !reflect.DeepEqual(held.Ns, []json.Number{"", "1"}) {
		t.Errorf("got %q, %v; want nothing and 1", held.Ns, err)
	}
	number := json.Number("7")
	s := codec.NewReader(msgpack.AppendNil(nil))
	if err := s.Value(&number); err != nil || number != "" {
		t.Errorf("got %q, %v; want nothing", number, err)
	}
}

func TestTheOptionStringKeepsEveryValue(t *testing.T) {
	type quoted struct {
		I8  int8        `json:",string"`
		U64 uint64      `json:",string"`
		F32 float32     `json:",string"`
		F64 float64     `json:",string"`
		B   bool        `json:",string"`
		S   string      `json:",string"`
		P   *int64      `json:",string"`
		N   json.Number `json:",string"`
	}
	for _, v := range []quoted{
		{N: "0"}, {-128, math.MaxUint64, 0.1, math.SmallestNonzeroFloat64, true, `a "b" <c> ` + "\n", ptr(int64(math.MinInt64)), "1e400"},
	} {
		if got := roundTrip(t, v); !reflect.DeepEqual(got, v) {
			t.Errorf("got %+v, want %+v", got, v)
		}
	}
	for _, bad := range []any{quoted{F64: math.NaN()}, quoted{S: "\xff"}, quoted{N: "x"}} {
		if b, err := appendValue(nil, bad); err == nil {
			t.Errorf("%+v was appended as % x, want an error", bad, b)
		}
	}
	for key, bad := range map[string]string{"I8": "128", "U64": "-1", "F32": "1e39", "F64": "NaN", "B": "1", "S": "unquoted", "P": "", "N": "0x1"} {
		b, err := appendValue(nil, map[string]string{key: bad})
		if err != nil {
			t.Fatal(err)
		}
		var got quoted
		r := codec.NewReader(b)
		if err := r.Value(&got); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s from %q: got %+v, %v; want an error that names the field", key, bad, got, err)
		}
	}
}
