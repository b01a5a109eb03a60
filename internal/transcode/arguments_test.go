package transcode

import (
	"testing"

	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/signature"
)

// method parses a signature, with the types that tests use.
func method(t testing.TB, text string) *signature.Method {
	t.Helper()
	m, err := testTypes(t).Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// typeOf parses a type.
func typeOf(t testing.TB, text string) *signature.Type {
	t.Helper()
	return method(t, "m("+text+")").Params[0].Type
}

func testTypes(t testing.TB) *signature.Types {
	t.Helper()
	types, err := signature.ParseTypes(map[string]string{
		"Point":  "{x float64, y float64}",
		"Person": "{name string, age uint8, nick string?, extra any}",
		"Tree":   "{value int64, kids []Tree}",
		"Blob":   "map[bytes]bytes",
	})
	if err != nil {
		t.Fatal(err)
	}
	return types
}

// back prints msgpack as JSON without the help of a type, for messages and comparisons.
func back(t testing.TB, msgpack []byte) string {
	t.Helper()
	if err := wire.Scan(msgpack); err != nil {
		t.Fatalf("% x is refused: %v", msgpack, err)
	}
	text, err := JSON(msgpack, nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestArgumentsArriveInTheOrderOfTheParameters(t *testing.T) {
	tests := []struct{ signature, json, want string }{
		{"add(a int64, b int64)", `[2,3]`, `[2,3]`},
		{"add(a int64, b int64)", ` {"b":3, "a":2} `, `[2,3]`},
		{"add(int64, int64)", `[2,3]`, `[2,3]`},
		{"add(a int64, b int64)", `[2,3,"four"]`, `[2,3,"four"]`},
		{"add(a int64, b int64)", `[2]`, `[2]`},
		{"sum(xs ...float64)", `[]`, `[]`},
		{"sum(xs ...float64)", `[1,2.5,-3]`, `[1,2.5,-3]`},
		{"sum(xs ...float64)", `{}`, `[]`},
		{"sum(xs ...float64)", `{"xs":null}`, `[]`},
		{"sum(xs ...float64)", `{"xs":[]}`, `[]`},
		{"sum(xs ...float64)", `{"xs":[1,2.5]}`, `[1,2.5]`},
		{"log(level string, words ...any)", `{"words":["a",[1],null],"level":"hi"}`, `["hi","a",[1],null]`},
		{"find(q string, limit int64?, more any)", `{"q":"x"}`, `["x",null,null]`},
		{"find(q string, limit int64?, more any)", `{"q":"x","limit":null,"more":{"a":1}}`, `["x",null,{"a":1}]`},
		{"now()", `[]`, `[]`},
		{"now()", `{}`, `[]`},
	}
	for _, tt := range tests {
		out, err := Arguments([]byte(tt.json), method(t, tt.signature))
		if err != nil {
			t.Errorf("%s of %s: %v", tt.signature, tt.json, err)
			continue
		}
		if got := back(t, out); got != tt.want {
			t.Errorf("%s of %s: got %s, want %s", tt.signature, tt.json, got, tt.want)
		}
	}
}
