package main

import (
	"strings"
	"testing"

	"github.com/helium-rpc/helium/internal/transcode"
	"github.com/helium-rpc/helium/signature"
)

// types are those that the signatures of these tests name.
var testTypes = map[string]string{"Point": "{x float64, y float64?}"}

func parsed(t *testing.T, sig string) *signature.Method {
	t.Helper()
	m, err := parseMethod(sig, testTypes)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// asJSON returns arguments as the server will see them, by the types of the method.
func asJSON(t *testing.T, m *signature.Method, args [][]byte) string {
	t.Helper()
	var texts []string
	for i, arg := range args {
		text, err := transcode.JSON(arg, paramType(m, i))
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	return "[" + strings.Join(texts, ",") + "]"
}

func TestWordsBecomeArgumentsByTheMethodsTypesAndNotByTheirLooks(t *testing.T) {
	for _, test := range []struct {
		sig   string
		words []string
		want  string
	}{
		{"f(a float64, b float64)", []string{"2", "3"}, `[2,3]`},
		{"f(a float64, b float64)", []string{"b=3", "a=2"}, `[2,3]`},
		{"f(a float64, b float64)", []string{"2", "b=3"}, `[2,3]`},
		{"f(a float64, b float64)", []string{"b=-3", disguise + "-2"}, `[-2,-3]`},
		{"f(s string)", []string{"2"}, `["2"]`},
		{"f(s string)", []string{"true"}, `["true"]`},
		{"f(s string)", []string{"null"}, `["null"]`},
		{"f(s string)", []string{"[1]"}, `["[1]"]`},
		{"f(s string)", []string{""}, `[""]`},
		{"f(s string)", []string{"s=a=b"}, `["a=b"]`},
		{"f(s string)", []string{"http://x/?a=b"}, `["http://x/?a=b"]`},
		{"f(s string)", []string{`:="two"`}, `["two"]`},
		{"f(s string)", []string{"two\nlines"}, `["two\nlines"]`},
		{"f(string)", []string{"2"}, `["2"]`},
		{"f(n int64)", []string{"9007199254740993"}, `[9007199254740993]`},
		{"f(n int64)", []string{disguise + "-9223372036854775808"}, `[-9223372036854775808]`},
		{"f(n uint64)", []string{"18446744073709551615"}, `[18446744073709551615]`},
		{"f(n int64)", []string{"2e3"}, `[2000]`},
		{"f(b bool)", []string{"true"}, `[true]`},
		{"f(b bytes)", []string{"aGk="}, `["aGk="]`},
		{"f(b bytes)", []string{"b=aGk="}, `["aGk="]`},
		{"f(b bytes)", []string{"1234"}, `["1234"]`},
		{"f(t time)", []string{"2026-01-02T03:04:05.000000006+01:00"}, `["2026-01-02T02:04:05.000000006Z"]`},
		{"f(xs []int64)", []string{"[1, 2]"}, `[[1,2]]`},
		{"f(xs []string)", []string{"xs:=[\"1\"]"}, `[["1"]]`},
		{"f(m map[string]int8)", []string{`{"a": 1}`}, `[{"a":1}]`},
		{"f(p Point)", []string{`p:={"x": 1}`}, `[{"x":1}]`},
		{"f(d duration)", []string{"1h30m"}, `["1h30m0s"]`},
		{"f(d duration)", []string{"d=250ms"}, `["250ms"]`},
		{"f(d duration)", []string{disguise + "-1.5h"}, `["-1h30m0s"]`},
		{"f(d duration)", []string{"1500"}, `["1.5µs"]`},
		{"f(d duration)", []string{"0"}, `["0s"]`},
		{"f(d duration)", []string{`:="2m"`}, `["2m0s"]`},
		{"f(d duration?)", []string{"null"}, `[null]`},
		{"f(d duration?)", []string{"1m"}, `["1m0s"]`},
		{"f(ds []duration)", []string{`["1s", 5]`}, `[["1s","5ns"]]`},
		{"f(w {every duration, after duration?})", []string{`{"every": "1h"}`}, `[{"every":"1h0m0s"}]`},
		{"f(m map[string]duration)", []string{`m:={"a": "1s"}`}, `[{"a":"1s"}]`},
		{"f(ds ...duration)", []string{"1s", "2s"}, `["1s","2s"]`},
		{"f(n int64?)", nil, `[null]`},
		{"f(n int64?)", []string{"null"}, `[null]`},
		{"f(n int64?)", []string{"5"}, `[5]`},
		{"f(s string?)", []string{"null"}, `["null"]`},
		{"f(s string?)", []string{"s:=null"}, `[null]`},
		{"f(a int8?, b int8)", []string{"b=1"}, `[null,1]`},
		{"f(v any)", []string{"5"}, `["5"]`},
		{"f(v any)", []string{":=5"}, `[5]`},
		{"f(v any)", []string{`v:={"a":[1,null]}`}, `[{"a":[1,null]}]`},
		{"f(xs ...int64)", nil, `[]`},
		{"f(xs ...int64)", []string{"1", "2", "3"}, `[1,2,3]`},
		{"f(xs ...int64)", []string{"xs=1", "xs=2"}, `[1,2]`},
		{"f(xs ...int64)", []string{"xs:=[1,2]", "xs=3"}, `[1,2,3]`},
		{"f(s string, xs ...string)", []string{"1", "2"}, `["1","2"]`},
		{"f()", nil, `[]`},
	} {
		m := parsed(t, test.sig)
		args, err := parseWords(m, test.words, -1)
		if err != nil {
			t.Errorf("%s with %q: got error %v, want %s", test.sig, test.words, err, test.want)
			continue
		}
		if got := asJSON(t, m, args); got != test.want {
			t.Errorf("%s with %q: got %s, want %s", test.sig, test.words, got, test.want)
		}
	}
}

func TestWordsThatDontFitAreRefusedWithTheirPlace(t *testing.T) {
	for _, test := range []struct {
		sig   string
		words []string
		want  string // part of the error
	}{
		{"f(a float64, b float64)", []string{"1", "abc"}, `argument 2 (b): "abc" isn't a number of type float64`},
		{"f(a float64)", []string{"NaN"}, `"NaN" isn't a number`},
		{"f(a float64)", []string{"0x10"}, `"0x10" isn't a number`},
		{"f(a float64)", []string{`"2"`}, "argument 1 (a)"},
		{"f(a float64)", []string{"null"}, "argument 1 (a)"},
		{"f(n int8)", []string{"300"}, "out of range of int8"},
		{"f(n int8)", []string{"2.5"}, "argument 1 (n)"},
		{"f(n uint64)", []string{disguise + "-1"}, "out of range of uint64"},
		{"f(b bool)", []string{"yes"}, `"yes" isn't a bool: true or false`},
		{"f(b bytes)", []string{"not base64!"}, "argument 1 (b)"},
		{"f(t time)", []string{"yesterday"}, "argument 1 (t)"},
		{"f(d duration)", []string{"1 hour"}, `argument 1 (d): "1 hour" isn't a duration, such as 1h30m or 250ms, or a number of nanoseconds`},
		{"f(d duration)", []string{"1h30"}, `"1h30" isn't a duration`},
		{"f(d duration)", []string{"1.5"}, "1.5 is no integer"},
		{"f(d duration)", []string{`"soon"`}, `"soon" is no duration`},
		{"f(ds []duration)", []string{`["1s", "x"]`}, `[1]: "x" is no duration`},
		{"f(xs []int64)", []string{"1,2"}, "argument 1 (xs)"},
		{"f(xs []int64)", []string{`["a"]`}, "argument 1 (xs)"},
		{"f(p Point)", []string{`{"z": 1}`}, "z"},
		{"f(s string)", []string{":=5"}, "argument 1 (s)"},
		{"f(s string)", []string{":=nonsense"}, "argument 1 (s)"},
		{"f(a float64, b float64)", []string{"1"}, "argument 2 (b) is missing"},
		{"f(a float64, b float64)", []string{"b=1"}, "argument 1 (a) is missing"},
		{"f(a float64, b float64)", []string{"1", "2", "3"}, "too many arguments"},
		{"f(a float64, b float64)", []string{"1", "2", "a=1"}, "argument 1 (a) is given twice"},
		{"f(a float64, b float64)", []string{"a=1", "a=1"}, "argument 1 (a) is given twice"},
		{"f(a float64, b float64)", []string{"a=1", "2"}, "argument 1 (a) is given twice"},
		{"f(a float64)", []string{"c=1"}, "there is no parameter c, only a"},
		{"f(s string)", []string{"k=v"}, "stands behind --"},
		{"f(float64)", []string{"a=1"}, "doesn't tell the names"},
		{"f()", []string{"a=1"}, "takes none"},
		{"f()", []string{"1"}, "too many arguments"},
		{"f(xs ...int64)", []string{"1", "x"}, "argument 2 (xs)"},
		{"f(xs ...int64)", []string{"xs:=[1,300,\"x\"]"}, "[2]"},
		{"f(xs ...int64)", []string{"xs:=5"}, "a list in JSON"},
	} {
		args, err := parseWords(parsed(t, test.sig), test.words, -1)
		if err == nil {
			t.Errorf("%s with %q: got %d arguments, want an error with %q", test.sig, test.words, len(args), test.want)
			continue
		}
		if !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s with %q: got error %q, want one with %q", test.sig, test.words, err, test.want)
		}
	}
}

func TestWordsBehindTwoDashesAreValuesAlone(t *testing.T) {
	m := parsed(t, "f(s string, u string)")
	args, err := parseWords(m, []string{"u=x", "s=y"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := asJSON(t, m, args), `["s=y","x"]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	args, err = parseWords(m, []string{"a=b", ":=c"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := asJSON(t, m, args), `["a=b",":=c"]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestADocumentBecomesArguments(t *testing.T) {
	for _, test := range []struct{ sig, text, want, wantError string }{
		{"f(a float64, b float64)", `[2, 3]`, `[2,3]`, ""},
		{"f(a float64, b float64)", `{"b": 3, "a": 2}`, `[2,3]`, ""},
		{"f(xs ...int64)", `[1, 2, 3]`, `[1,2,3]`, ""},
		{"f(xs ...int64)", `{"xs": [1, 2]}`, `[1,2]`, ""},
		{"f(n int64?)", `[]`, `[null]`, ""},
		{"f(n int64)", `[9007199254740993]`, `[9007199254740993]`, ""},
		{"f(a float64, b float64)", `[2]`, "", "argument 2 (b) is missing"},
		{"f(a float64)", `[2, 3]`, "", "too many arguments"},
		{"f(a float64)", `["2"]`, "", "argument 1 (a)"},
		{"f(a float64)", `2`, "", "array"},
		{"f(a float64)", ``, "", ""},
		{"f(a float64)", `[1] [2]`, "", ""},
		{"f(a float64)", `{"z": 1}`, "", "z"},
	} {
		m := parsed(t, test.sig)
		args, err := parseDocument(m, []byte(test.text))
		switch {
		case test.want == "" && err == nil:
			t.Errorf("%s with %s: got %s, want an error", test.sig, test.text, asJSON(t, m, args))
		case test.want == "" && !strings.Contains(err.Error(), test.wantError):
			t.Errorf("%s with %s: got error %q, want one with %q", test.sig, test.text, err, test.wantError)
		case test.want != "" && err != nil:
			t.Errorf("%s with %s: got error %v, want %s", test.sig, test.text, err, test.want)
		case test.want != "" && asJSON(t, m, args) != test.want:
			t.Errorf("%s with %s: got %s, want %s", test.sig, test.text, asJSON(t, m, args), test.want)
		}
	}
}

func TestNegativeNumbersAreNoFlags(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"call math.add -2 3", "call math.add \x00-2 3"},
		{"call math.add -2 -.5", "call math.add \x00-2 \x00-.5"},
		{"call math.add -P 4 -2 3", "call math.add -P 4 \x00-2 3"},
		{"ls --timeout -1s", "ls --timeout -1s"},
		{"call --timeout=1s math.add -2 3", "call --timeout=1s math.add \x00-2 3"},
		{"call math.add -- -2 3", "call math.add -- -2 3"},
		{"call math.add -d -", "call math.add -d -"},
	} {
		if got := strings.Join(protectNumbers(strings.Fields(test.args)), " "); got != test.want {
			t.Errorf("%q: got %q, want %q", test.args, got, test.want)
		}
	}
}
