package transcode

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/internal/msgpack"
)

func TestDepthIsLimitedAsInMsgpack(t *testing.T) {
	nested := func(open, inner, shut string, depth int) []byte {
		return []byte(strings.Repeat(open, depth) + inner + strings.Repeat(shut, depth))
	}
	m := method(t, "log(words ...any)")
	tests := []struct {
		name              string
		open, inner, shut string
		transcode         func([]byte) ([]byte, error)
		deepest           int
	}{
		{name: "arrays", open: "[", shut: "]", deepest: msgpack.MaxDepth,
			transcode: func(text []byte) ([]byte, error) { return Value(text, nil) }},
		{name: "objects", open: `{"a":`, inner: "1", shut: "}", deepest: msgpack.MaxDepth,
			transcode: func(text []byte) ([]byte, error) { return Value(text, nil) }},
		{name: "arguments", open: "[", shut: "]", deepest: msgpack.MaxDepth,
			transcode: func(text []byte) ([]byte, error) { return Arguments(text, m) }},
		{name: "trees", open: `{"value":1,"kids":[`, shut: "]}", deepest: msgpack.MaxDepth / 2,
			transcode: func(text []byte) ([]byte, error) { return Value(text, typeOf(t, "Tree")) }},
		{name: "a named argument", open: "[", shut: "]", deepest: msgpack.MaxDepth - 1,
			transcode: func(text []byte) ([]byte, error) {
				return Arguments([]byte(`{"a":`+string(text)+`}`), method(t, "m(a any)"))
			}},
		// Its own array melts into that of the arguments.
		{name: "a named variadic argument", open: "[", shut: "]", deepest: msgpack.MaxDepth,
			transcode: func(text []byte) ([]byte, error) {
				return Arguments([]byte(`{"words":`+string(text)+`}`), m)
			}},
	}
	for _, tt := range tests {
		out, err := tt.transcode(nested(tt.open, tt.inner, tt.shut, tt.deepest))
		if err != nil {
			t.Errorf("%s %d deep: %v", tt.name, tt.deepest, err)
		} else if err := msgpack.Scan(out); err != nil {
			t.Errorf("%s %d deep: got msgpack that is refused: %v", tt.name, tt.deepest, err)
		}
		for _, depth := range []int{tt.deepest + 1, 5000} {
			out, err := tt.transcode(nested(tt.open, tt.inner, tt.shut, depth))
			if !errors.Is(err, errTooDeep) {
				t.Errorf("%s %d deep: got %d bytes, %v; want the error %v", tt.name, depth, len(out), err, errTooDeep)
			}
		}
	}
}

func TestTheNumberOfValuesIsLimitedAsInMsgpack(t *testing.T) {
	tests := []struct {
		signature, json string
		values          int
	}{
		{"m(...any)", `[0,"",null]`, 3},
		{"m(...any)", `[[],[[]]]`, 3},
		{"m(...any)", `[{"a":0,"b":[0]}]`, 6},
		{"m(...Point)", `[{"x":0,"y":1}]`, 5},
		{"m(a any, b any, c ...any)", `{"b":0}`, 2},
		{"m(a any, b any)", `{"a":0}`, 2},
		{"m(a any, b any, c ...any)", `{"c":[0,0]}`, 4},
	}
	for _, tt := range tests {
		// Values that are as good as read, as four million of them take long.
		for before, want := range map[int]error{
			msgpack.MaxElements - tt.values:     nil,
			msgpack.MaxElements - tt.values + 1: errTooMany,
		} {
			c, err := newCursor([]byte(tt.json))
			if err != nil {
				t.Fatal(err)
			}
			e := newEncoder(c)
			e.values = before
			if out, err := encodeArguments(e, method(t, tt.signature)); !errors.Is(err, want) {
				t.Errorf("%s behind %d values: got % x, %v; want the error %v", tt.json, before, out, err, want)
			}
		}
	}

	// The names and the nil for the argument that is left out make the difference.
	zeros := append(msgpack.AppendArrayHeader(nil, msgpack.MaxElements-2), make([]byte, msgpack.MaxElements-2)...)
	named := append(dict(t, "b"), zeros...)
	named[0]++
	if _, err := Named(named, method(t, "m(a any, b any)")); err != nil {
		t.Errorf("two named arguments: %v", err)
	}
	if out, err := Named(named, method(t, "m(a any, b any, c any)")); !errors.Is(err, msgpack.ErrTooMany) {
		t.Errorf("three named arguments: got %d bytes, %v; want the error %v", len(out), err, msgpack.ErrTooMany)
	}
}

// allocated returns how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestHostileInputCostsNoMoreThanItsSize(t *testing.T) {
	const large = 1 << 18
	m := method(t, "m(a int64, b any, c []Tree, d map[int64]bool)")
	tests := map[string]struct {
		input string
		// each byte of the input may cost so many; a few kilobytes are free
		factor uint64
		call   func([]byte)
	}{
		"an exponent that names a huge integer": {"[1e999999999]", 0, func(b []byte) { Arguments(b, m) }},
		"digits without end":                    {"[" + strings.Repeat("9", large) + "]", 8, func(b []byte) { Arguments(b, m) }},
		"zeros without end":                     {"[1." + strings.Repeat("0", large) + "]", 8, func(b []byte) { Arguments(b, m) }},
		"brackets without end":                  {strings.Repeat("[", large), 8, func(b []byte) { Arguments(b, m) }},
		"a string as an argument's name":        {`{"` + strings.Repeat("a", large) + `":1}`, 8, func(b []byte) { Arguments(b, m) }},
		"a string in place of a number":         {`["` + strings.Repeat("a", large) + `"]`, 8, func(b []byte) { Arguments(b, m) }},
		"arrays in place of a number":           {`[[` + strings.Repeat("[],", large/3) + "1]]", 8, func(b []byte) { Arguments(b, m) }},
		"objects without end":                   {"[1,[" + strings.Repeat("{},", large/3) + "1]]", 16, func(b []byte) { Arguments(b, m) }},
		"keys without end":                      {`[1,2,[],{` + strings.Repeat(`"1":true,`, large/9) + `"1":true}]`, 16, func(b []byte) { Arguments(b, m) }},
		"a length that lies":                    {"\xdd\x01\x00\x00\x00", 0, func(b []byte) { JSON(b, nil) }},
		"a map that lies":                       {"\xdf\x7f\xff\xff\xff", 0, func(b []byte) { Named(b, m) }},
		"a str that lies":                       {"\xdb\x7f\xff\xff\xff", 0, func(b []byte) { JSON(b, nil) }},
		"control characters":                    {"\xdb\x00\x04\x00\x00" + strings.Repeat("\x00", large), 32, func(b []byte) { JSON(b, nil) }},
	}
	for name, tt := range tests {
		input := []byte(tt.input)
		limit := 64<<10 + tt.factor*uint64(len(input))
		if got := allocated(func() { tt.call(input) }); got > limit {
			t.Errorf("%s: %d bytes cost %d bytes of memory, want at most %d", name, len(input), got, limit)
		}
	}
}

func TestErrorsStayShortAndPrintable(t *testing.T) {
	long := strings.Repeat("é\x1b[2J", 10_000)
	quoted := `"` + strings.Repeat(`é\u001b[2J`, 10_000) + `"`
	m := method(t, "m(a int64, b any, c Point, d map[int64]bool)")
	for name, err := range map[string]error{
		"name":     second(Arguments([]byte(`{`+quoted+`:1}`), m)),
		"value":    second(Arguments([]byte(`[`+quoted+`]`), m)),
		"lines":    second(Arguments([]byte("[[\n1,\n\"\u202e\x7f\"]]"), m)),
		"number":   second(Arguments([]byte(`[`+strings.Repeat("9", 50_000)+`]`), m)),
		"field":    second(Arguments([]byte(`[1,2,{`+quoted+`:1}]`), m)),
		"key":      second(Arguments([]byte(`[1,2,{"x":1,"y":1},{`+quoted+`:1}]`), m)),
		"path":     second(Arguments([]byte(`[1,{`+quoted+`:1e400}]`), m)),
		"msgpack":  second(Named(dict(t, long, 1), m)),
		"toomany":  second(JSON(dict(t, long, 1, long, 2), nil)),
		"topLevel": second(Arguments([]byte(quoted), m)),
	} {
		if err == nil {
			t.Errorf("%s: got no error", name)
			continue
		}
		if text := err.Error(); len(text) > 300 || strings.ContainsAny(text, "\x1b\n\x7f\u202e") {
			t.Errorf("%s: got the error %.400q of %d bytes, want a short one without control characters", name, text, len(text))
		}
	}
}

func second(_ []byte, err error) error { return err }

func TestAnErrorOfManyNamesListsTheFirst(t *testing.T) {
	var params []string
	for _, a := range "abcdefghijklmnopqrstuvwxyz" {
		params = append(params, string(a)+" int8")
	}
	_, err := Arguments([]byte(`{}`), method(t, "m("+strings.Join(params, ", ")+")"))
	const names = "a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t …"
	if want := "arguments are missing: " + names + "; want " + names; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
