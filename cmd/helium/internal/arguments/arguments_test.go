package arguments

import (
	"errors"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/internal/transcode"
	"github.com/helium-rpc/helium/signature"
)

// types are those that the signatures of these tests name.
var testTypes = map[string]string{"Point": "{x float64, y float64?}"}

func parsedWith(sig string, definitions map[string]string) (*signature.Method, error) {
	types, err := signature.ParseTypes(definitions)
	if err != nil {
		return nil, err
	}
	return types.Parse(sig)
}

func parsed(t *testing.T, sig string) *signature.Method {
	t.Helper()
	m, err := parsedWith(sig, testTypes)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// negative is a negative number as it comes from the command line.
func negative(number string) string {
	return cli.ProtectNumbers(new(cobra.Command), []string{number})[0]
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
		{"f(a float64, b float64)", []string{"b=-3", negative("-2")}, `[-2,-3]`},
		{"f(s string)", []string{"2"}, `["2"]`},
		{"f(s string)", []string{"true"}, `["true"]`},
		{"f(s string)", []string{"null"}, `["null"]`},
		{"f(s string)", []string{"[1]"}, `["[1]"]`},
		{"f(s string)", []string{""}, `[""]`},
		{"f(s string)", []string{"s=a=b"}, `["a=b"]`},
		{`f("größe" string, "map" int64)`, []string{"map=3", "größe=a=b"}, `["a=b",3]`},
		{`f("größe" string, "map" int64)`, []string{`größe:="x"`, "map=3"}, `["x",3]`},
		{`f("größe" string)`, []string{"länge=3"}, `["länge=3"]`},
		{"f(s string)", []string{"http://x/?a=b"}, `["http://x/?a=b"]`},
		{"f(s string)", []string{`:="two"`}, `["two"]`},
		{"f(s string)", []string{`a\ud800`}, `["a\\ud800"]`},
		{"f(s string, a any)", []string{`:="\ud83d\ude00\\ud800"`, `a:=18446744073709551615`}, `["😀\\ud800",18446744073709551615]`},
		{"f(s string)", []string{"two\nlines"}, `["two\nlines"]`},
		{"f(string)", []string{"2"}, `["2"]`},
		{"f(n int64)", []string{"9007199254740993"}, `[9007199254740993]`},
		{"f(n int64)", []string{negative("-9223372036854775808")}, `[-9223372036854775808]`},
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
		{"f(d duration)", []string{negative("-1.5h")}, `["-1h30m0s"]`},
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
		args, err := ParseWords(m, test.words, -1)
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
		{"f(n uint64)", []string{negative("-1")}, "out of range of uint64"},
		{"f(b bool)", []string{"yes"}, `"yes" isn't a bool: true or false`},
		{"f(s string)", []string{`:="a\ud800"`}, `argument 1 (s): "a\ud800" has \ud800, which is half of a surrogate pair`},
		{"f(a any)", []string{`a:={"\udc00":1}`}, `argument 1 (a): the key "\udc00" has \udc00`},
		{"f(xs ...string)", []string{`xs:=["","\ud800"]`}, `argument 1 (xs)[1]: "\ud800" has \ud800`},
		{"f(a any)", []string{":=18446744073709551617"}, `argument 1 (a): 18446744073709551617 has more digits than`},
		{"f(b bytes)", []string{"not base64!"}, "argument 1 (b)"},
		{"f(t time)", []string{"yesterday"}, "argument 1 (t)"},
		{"f(d duration)", []string{"1 hour"}, `argument 1 (d): "1 hour" isn't a duration, such as 1h30m or 250ms, or a number of nanoseconds`},
		{"f(d duration)", []string{"99999999h"}, `argument 1 (d): "99999999h" is longer than a duration can be: 2562047h`},
		{"f(d duration)", []string{"0.5ns"}, `argument 1 (d): "0.5ns" is finer than a nanosecond`},
		{"f(t time)", []string{"2026-01-02T03:04:05.1234567891Z"}, `argument 1 (t): "2026-01-02T03:04:05.1234567891Z" is finer than a nanosecond`},
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
		args, err := ParseWords(parsed(t, test.sig), test.words, -1)
		if err == nil {
			t.Errorf("%s with %q: got %d arguments, want an error with %q", test.sig, test.words, len(args), test.want)
			continue
		}
		if !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s with %q: got error %q, want one with %q", test.sig, test.words, err, test.want)
		}
	}
}

func TestAllThatIsWrongWithTheArgumentsIsToldAtOnce(t *testing.T) {
	const point = "{x float64, y float64?}"
	for _, test := range []struct {
		sig   string
		words []string
		want  []string
	}{
		{"f(a float64, b int8, c string)", []string{"x", "300"}, []string{
			`argument 1 (a): "x" isn't a number of type float64`, "argument 2 (b): 300 is out of range of int8", "argument 3 (c) is missing"}},
		{"f(a float64, b int8)", []string{"b=x", "c=1", "d=2", "1", "2", "3", "4"}, []string{
			`argument 2 (b): "x" isn't a number of type int8`, "there is no parameter c, only a, b", "there is no parameter d",
			"argument 2 (b) is given twice", "too many arguments: got 4, want 2"}},
		{"f(customer string, limit int8)", []string{"custumer=x", "limits=1"}, []string{
			"there is no parameter custumer, only customer, limit; did you mean customer?", "there is no parameter limits, only customer, limit; did you mean limit?"}},
		{"f(p Point, q Point)", []string{`{"X":1,"z":2,"y":"a"}`, `[]`}, []string{
			`argument 1 (p): there is no field "X"; did you mean "x"? there is no field "z"; want ` + point, `argument 1 (p): y: got "a", want float64: a number`,
			"argument 2 (q): got [], want " + point + ": an object"}},
		{"f(xs ...int8)", []string{"1", "x", "300", "xs:=[1,400]"}, []string{
			`argument 2 (xs): "x" isn't`, "argument 3 (xs): 300 is", "argument 1 (xs)[1]: 400 is"}},
		{"f(int8, string)", []string{"arg2=a", "b=1", "arg1=x"}, []string{
			"there is no parameter b: the service doesn't tell the names of its parameters, so they are arg1, arg2 here", `argument 1 (arg1): "x" isn't`}},
	} {
		_, err := ParseWords(parsed(t, test.sig), test.words, -1)
		wantFaults(t, test.sig+" with "+strings.Join(test.words, " "), err, test.want)
	}
	for _, test := range []struct {
		sig, text string
		want      []string
	}{
		{"f(a float64, b int8, c string)", `["x", 300]`, []string{`argument 1 (a): got "x", want float64: a number`, "argument 2 (b): 300 is out of range of int8", "argument 3 (c) is missing"}},
		{"f(a float64)", `["x", 2, 3]`, []string{`argument 1 (a): got "x"`, "too many arguments: got 3, want 1"}},
		{"f(a float64, b int8)", `{"A": 1, "b": 300, "c": 2}`, []string{
			`there is no argument "A"; did you mean "a"?`, `there is no argument "c"; want a, b`, "argument 2 (b): 300 is out of range of int8"}},
		{"f(ps []Point)", `[[{"x": 1, "why": 2}, {}, {"x": []}]]`, []string{
			`argument 1 (ps): [0]: there is no field "why"; want ` + point, `argument 1 (ps): [1]: the field "x" is missing; want ` + point, "argument 1 (ps): [2].x: got [], want float64"}},
	} {
		_, err := ParseDocument(parsed(t, test.sig), []byte(test.text))
		wantFaults(t, test.sig+" with "+test.text, err, test.want)
	}
}

func wantFaults(t *testing.T, what string, err error, want []string) {
	t.Helper()
	faults, ok := errors.AsType[Faults](err)
	if !ok {
		t.Errorf("%s: got %v, want faults", what, err)
		return
	}
	var got []string
	for _, fault := range faults {
		got = append(got, fault.Error())
	}
	if len(got) != len(want) {
		t.Errorf("%s: got %d faults, want %d:\n%s", what, len(got), len(want), strings.Join(got, "\n"))
		return
	}
	for i := range want {
		if !strings.Contains(got[i], want[i]) {
			t.Errorf("%s: fault %d is\n%s\nwant\n%s", what, i+1, got[i], want[i])
		}
	}
}

func TestParametersWithoutNamesHaveTheCommandsOwn(t *testing.T) {
	m := parsed(t, "f(float64, string, ...int8)")
	for _, words := range [][]string{{"arg2=a", "arg1=1"}, {"1", "arg2=a"}, {"arg1:=1", `arg2:="a"`, "arg3=5"}} {
		args, err := ParseWords(m, words, -1)
		if err != nil {
			t.Errorf("%q: %v", words, err)
			continue
		}
		if got := asJSON(t, m, args); !strings.HasPrefix(got, `[1,"a"`) {
			t.Errorf("%q: got %s, want it to begin with 1 and a", words, got)
		}
	}
	args, err := ParseDocument(m, []byte(`{"arg2": "a", "arg1": 1, "arg3": [5, 6]}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := asJSON(t, m, args), `[1,"a",5,6]`; got != want {
		t.Errorf("by name in JSON: got %s, want %s", got, want)
	}
	if _, err := ParseDocument(m, []byte(`{"a": "a", "arg1": 1}`)); err == nil || !strings.Contains(err.Error(), "arg1, arg2, arg3") {
		t.Errorf("by another name: got %v, want an error that tells the names", err)
	}
	if m.Params[0].Name != "" {
		t.Error("the method itself got names")
	}
}

func TestWordsBehindTwoDashesAreValuesAlone(t *testing.T) {
	m := parsed(t, "f(s string, u string)")
	args, err := ParseWords(m, []string{"u=x", "s=y"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := asJSON(t, m, args), `["s=y","x"]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	args, err = ParseWords(m, []string{"a=b", ":=c"}, 0)
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
		args, err := ParseDocument(m, []byte(test.text))
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
