package transcode

import (
	"testing"

	"github.com/helium-rpc/helium/internal/msgpack"
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
func back(t testing.TB, packed []byte) string {
	t.Helper()
	if err := msgpack.Scan(packed); err != nil {
		t.Fatalf("% x is refused: %v", packed, err)
	}
	text, err := JSON(packed, nil)
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

func TestArgumentsThatDoNotFitAreRefusedByNumberAndName(t *testing.T) {
	tests := []struct{ signature, json, want string }{
		{"add(a int8, b int8)", `[1,300]`, `argument 2 (b): 300 is out of range of int8`},
		{"add(a int8, b int8)", `{"b":300,"a":1}`, `argument 2 (b): 300 is out of range of int8`},
		{"add(int8, int8)", `[1,300]`, `argument 2: 300 is out of range of int8`},
		{"add(a int8, b int8)", `[1,2,1e400]`, `argument 3: 1e400 is out of range of float64`},
		{"log(level int8, xs ...int8)", `[1,2,300]`, `argument 3 (xs): 300 is out of range of int8`},
		{"log(level int8, xs ...int8)", `{"level":1,"xs":[2,300]}`, `argument 2 (xs): [1]: 300 is out of range of int8`},
		{"log(level int8, xs ...int8)", `{"level":1,"xs":2}`, `argument 2 (xs): got 2, want an array: the parameter repeats`},
		{"save(people []Person)", `[[{"name":"Ann","age":-1}]]`, `argument 1 (people): [0].age: -1 is out of range of uint8`},

		{"add(a int8, b int8)", `{"a":1}`, `arguments are missing: b; want a, b`},
		{"add(a int8, b int8)", `{}`, `arguments are missing: a, b; want a, b`},
		{"add(a int8, b int8)", `{"a":1,"c":2}`, `there is no argument "c"; arguments are missing: b; want a, b`},
		{"add(a int8, b int8)", `{"a":1,"A":2}`, `there is no argument "A"; did you mean "a"? arguments are missing: b; want a, b`},
		{"add(a int8, b int8)", `{"a":1,"b":1,"\u0061":2}`, `two arguments are "a"`},
		{"add(a int8, b int8)", `{"a":null,"b":1}`, `argument 1 (a): got null, want int8, which is never null`},
		{"add(int8, int8)", `{"a":1,"b":2}`, `the arguments have no names here; send an array of them, in order. A registration that helium gen go writes has names`},
		{"now()", `{"a":1}`, `there is no argument "a"; now takes none`},
		{"save(p Point)", `{"x":1,"y":2}`, `there is no argument "x"; there is no argument "y"; arguments are missing: p; want p; hint: put an object that is the argument itself in an array`},

		{"find(customer string, limit int64?)", `{"Customer":"x","limits":3}`, `there is no argument "Customer"; did you mean "customer"? there is no argument "limits"; did you mean "limit"? want customer, limit`},
		{"add(a int8, b int8)", `[300,"x",-1]`, `argument 1 (a): 300 is out of range of int8; argument 2 (b): got "x", want int8: a number`},
		{"add(a int8, b int8)", `{"a":300,"b":"x"}`, `argument 1 (a): 300 is out of range of int8; argument 2 (b): got "x", want int8: a number`},
		{"save(people []Person)", `[[{"Name":"Ann","age":-1},{"name":"Bob"},{"name":"Eve","age":3}]]`, `argument 1 (people): [0]: there is no field "Name"; did you mean "name"? want {name string, age uint8, nick string?, extra any}; ` +
			`argument 1 (people): [0].age: -1 is out of range of uint8; argument 1 (people): [1]: the field "age" is missing; want {name string, age uint8, nick string?, extra any}`},
		{"log(level int8, xs ...int8)", `{"level":"a","xs":[2,300,"b"]}`, `argument 1 (level): got "a", want int8: a number; argument 2 (xs): [1]: 300 is out of range of int8; argument 2 (xs): [2]: got "b", want int8: a number`},

		{"add(a int8, b int8)", `3`, `the arguments are 3; want an array of them, such as [1, 2], or an object of named ones`},
		{"add(a int8, b int8)", `null`, `the arguments are null; want an array of them, such as [1, 2], or an object of named ones`},
	}
	for _, tt := range tests {
		out, err := Arguments([]byte(tt.json), method(t, tt.signature))
		if err == nil {
			t.Errorf("%s of %s: got % x, want the error %s", tt.signature, tt.json, out, tt.want)
			continue
		}
		if err.Error() != tt.want {
			t.Errorf("%s of %s:\ngot  %s\nwant %s", tt.signature, tt.json, err, tt.want)
		}
	}
}

func TestWithoutASignatureArgumentsAreReadAsAny(t *testing.T) {
	out, err := Arguments([]byte(`[1,"a",{"b":null}]`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := back(t, out), `[1,"a",{"b":null}]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if out, err := Arguments([]byte(`{"a":1}`), nil); err != errUnnamed {
		t.Errorf("by name: got % x, %v; want the error %v", out, err, errUnnamed)
	}
}

func TestNamedMsgpackArgumentsArriveInTheOrderOfTheParameters(t *testing.T) {
	tests := []struct {
		signature string
		msgpack   []byte
		want      string
	}{
		{"add(a int64, b int64)", dict(t, "b", 3, "a", 2), `[2,3]`},
		{"add(a int64, b int64)", dict(t, []byte("b"), 3, "a", 2), `[2,3]`},
		{"add(a int64, b int64)", dict(t, "b", []string{"not", "my", "business"}, "a", nil), `[null,["not","my","business"]]`},
		{"find(q string, limit int64?, more any)", dict(t, "q", "x"), `["x",null,null]`},
		{"sum(xs ...float64)", dict(t), `[]`},
		{"sum(xs ...float64)", dict(t, "xs", nil), `[]`},
		{"sum(xs ...float64)", dict(t, "xs", []float64{}), `[]`},
		{"log(level string, xs ...int64)", dict(t, "xs", make([]int, 20), "level", "x"), `["x",0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]`},
		{"now()", dict(t), `[]`},
	}
	for _, tt := range tests {
		out, err := Named(tt.msgpack, method(t, tt.signature))
		if err != nil {
			t.Errorf("%s of % x: %v", tt.signature, tt.msgpack, err)
			continue
		}
		if got := back(t, out); got != tt.want {
			t.Errorf("%s of % x: got %s, want %s", tt.signature, tt.msgpack, got, tt.want)
		}
	}
}

func TestNamedMsgpackArgumentsWithWrongNamesAreRefused(t *testing.T) {
	tests := []struct {
		signature string
		msgpack   []byte
		want      string
	}{
		{"add(a int64, b int64)", dict(t, "a", 2), `arguments are missing: b; want a, b`},
		{"add(a int64, b int64)", dict(t, "a", 2, "c", 3), `there is no argument "c"; arguments are missing: b; want a, b`},
		{"add(a int64, b int64)", dict(t, "a", 2, "a", nil, "b", 1), `two arguments are "a"`},
		{"add(a int64, b int64)", dict(t, 1, 2), `the name of an argument: got an integer, want a string`},
		{"add(int64, int64)", dict(t, "a", 2, "b", 3), errUnnamed.Error()},
		{"sum(xs ...float64)", dict(t, "xs", 2), `argument 1 (xs): got an integer, want an array: the parameter repeats`},
		{"add(a int64, b int64)", pack(t, []int{1, 2}), `the named arguments: got an array, want a map`},
	}
	for _, tt := range tests {
		out, err := Named(tt.msgpack, method(t, tt.signature))
		if err == nil {
			t.Errorf("%s of % x: got % x, want the error %s", tt.signature, tt.msgpack, out, tt.want)
			continue
		}
		if err.Error() != tt.want {
			t.Errorf("%s of % x:\ngot  %s\nwant %s", tt.signature, tt.msgpack, err, tt.want)
		}
	}
}
