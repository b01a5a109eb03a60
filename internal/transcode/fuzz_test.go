package transcode

import (
	"encoding/json"
	"testing"

	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/signature"
)

func fuzzMethods(f *testing.F) []*signature.Method {
	return []*signature.Method{
		nil,
		method(f, "m(any, ...any)"),
		method(f, "m(a int8, b uint64, c float32, d bool?) bytes"),
		method(f, "m(p Person, t Tree, words ...string) map[bytes]time"),
		method(f, "m(a map[int64]bytes, b map[bool]time?, c ...[]Point) Tree"),
		method(f, "m(a {b {c [][]map[string]any}}?, d Blob) []Person"),
		method(f, "m() (map[bytes]([]bytes)?)?"),
	}
}

func FuzzArguments(f *testing.F) {
	methods := fuzzMethods(f)
	for i, text := range []string{
		`[1,"a",[null,{"b":1e3}],-0.5e-1]`,
		` { "b" : 18446744073709551615, "a":-128.0,"c":1e-7,"d":null}`,
		`[{"name":"A\u00e9\ud800","age":1e1},{"value":1,"kids":[{"value":2,"kids":[]}]},"x","\\\""]`,
		`{"a":{"1":"aGk=","-2.0":"_-8"},"c":[[{"x":1,"y":2}],[]],"b":{"true":"2006-01-02T15:04:05.5+07:00"}}`,
		`[{"b":{"c":[[{"a":[]}]]}},{"aGk":""}]`,
		`{}`, `[]`, `[[[[`, `{"a"`, `"`, `[1e99999999999]`, "[\"\xff\"]",
	} {
		f.Add([]byte(text), uint8(i))
	}
	f.Fuzz(func(t *testing.T, text []byte, which uint8) {
		m := methods[int(which)%len(methods)]
		out, err := Arguments(text, m)
		if err != nil {
			if len(err.Error()) > 20_000 {
				t.Fatalf("%d bytes make an error of %d", len(text), len(err.Error()))
			}
			return
		}
		if !json.Valid(text) {
			t.Fatalf("%q was read, and is no JSON", text)
		}
		if _, err := msgpack.ScanArray(out); err != nil {
			t.Fatalf("%q became % x, which is refused: %v", text, out, err)
		}
		// The worst is a digit and a comma that become a float64, and null arguments.
		if most := 5*len(text) + 16; len(out) > most {
			t.Fatalf("%d bytes of JSON became %d bytes, want at most %d", len(text), len(out), most)
		}
		// Time alone can be read and not be written: near the ends of RFC 3339's years
		// the zone matters.
		if text, err := JSON(out, nil); err == nil && !json.Valid(text) {
			t.Fatalf("% x became %q, which is no JSON", out, text)
		}
	})
}

func FuzzJSON(f *testing.F) {
	methods := fuzzMethods(f)
	for i, v := range []any{
		nil, []any{1, -1.5, "a\xff\u2028", []byte("hi"), true},
		[]byte("hi"), map[string]any{"aGk=": 1}, map[int]any{1: nil, -2: []int{}},
		map[string]any{"value": 1, "kids": nil}, []map[string]any{{"name": "x", "age": 3}},
	} {
		f.Add(pack(f, v), uint8(i))
	}
	f.Add([]byte{0xd7, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, uint8(3))
	f.Add([]byte{0x81, 0xc4, 0x01, 0xff, 0xca, 0x7f, 0x80, 0, 1}, uint8(3))
	f.Fuzz(func(t *testing.T, packed []byte, which uint8) {
		m := methods[int(which)%len(methods)]
		var typ *signature.Type
		if m != nil {
			typ = m.Result
		}
		text, err := JSON(packed, typ)
		if err != nil {
			return
		}
		if err := msgpack.Scan(packed); err != nil {
			t.Fatalf("% x was read, and is refused: %v", packed, err)
		}
		if !json.Valid(text) {
			t.Fatalf("% x became %q, which is no JSON", packed, text)
		}
		// The worst is a timestamp of six bytes, and a NUL.
		if most := 8*len(packed) + 8; len(text) > most {
			t.Fatalf("%d bytes of msgpack became %d bytes, want at most %d", len(packed), len(text), most)
		}
		if _, err := Value(text, nil); err != nil {
			t.Fatalf("% x became %s, which isn't read: %v", packed, text, err)
		}
	})
}

func FuzzNamed(f *testing.F) {
	methods := fuzzMethods(f)
	f.Add(dict(f, "a", 1, "b", 2, "c", 3), uint8(2))
	f.Add(dict(f, "p", nil, "t", nil, "words", []string{"a"}), uint8(3))
	f.Fuzz(func(t *testing.T, packed []byte, which uint8) {
		m := methods[int(which)%len(methods)]
		out, err := Named(packed, m)
		if err != nil {
			return
		}
		n, err := msgpack.ScanArray(out)
		if err != nil {
			t.Fatalf("% x became % x, which is refused: %v", packed, out, err)
		}
		if !m.Variadic && n != len(m.Params) {
			t.Fatalf("% x became %d arguments of %s", packed, n, m)
		}
	})
}
