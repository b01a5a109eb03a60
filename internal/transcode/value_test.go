package transcode

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/signature"
)

func TestAValueBecomesWhatItsTypeSays(t *testing.T) {
	moment := time.Date(2024, 2, 29, 23, 59, 59, 123456789, time.UTC)
	integer := func(v int64) []byte { return msgpack.AppendInt(nil, v) }
	float := func(v float64) []byte { return msgpack.AppendFloat64(nil, v) }
	text := func(v string) []byte { return msgpack.AppendString(nil, v) }
	blob := func(v string) []byte { return msgpack.AppendBytes(nil, []byte(v)) }
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	list := func(n int) []byte { return msgpack.AppendArrayHeader(nil, n) }
	mapping := func(n int) []byte { return msgpack.AppendMapHeader(nil, n) }
	null := msgpack.AppendNil(nil)
	yes := msgpack.AppendBool(nil, true)

	tests := []struct {
		typ, json string
		want      []byte
	}{
		{"bool", "true", yes},
		{"bool", "false", msgpack.AppendBool(nil, false)},

		{"int8", "-128", integer(-128)},
		{"int8", "127.0", integer(127)},
		{"int64", "1e3", integer(1000)},
		{"int64", "1E+3", integer(1000)},
		{"int64", "1200e-2", integer(12)},
		{"int64", "1.25e2", integer(125)},
		{"int64", "0.00012e5", integer(12)},
		{"int64", "-0", integer(0)},
		{"int64", "0e99999999999999999999", integer(0)},
		{"int64", "-9223372036854775808", integer(math.MinInt64)},
		{"int64", "9223372036854775807", integer(math.MaxInt64)},
		{"int64", "9223372036854775807.000", integer(math.MaxInt64)},
		{"int64", "922337203685477580.7e1", integer(math.MaxInt64)},
		{"int64", "9007199254740993", integer(1<<53 + 1)},
		{"uint64", "18446744073709551615", msgpack.AppendUint(nil, math.MaxUint64)},
		{"uint64", "1844674407370955161500e-2", msgpack.AppendUint(nil, math.MaxUint64)},
		{"uint64", "-0.0", integer(0)},

		{"float64", "2", float(2)},
		{"float64", "2.5e-3", float(0.0025)},
		{"float64", "-1", float(-1)},
		{"float64", "9007199254740993", float(1 << 53)},
		{"float64", "1e-999", float(0)},
		{"float32", "0.1", msgpack.AppendFloat32(nil, 0.1)},

		{"any", "2", integer(2)},
		{"any", "-2", integer(-2)},
		{"any", "2.0", float(2)},
		{"any", "2e0", float(2)},
		{"any", "-9223372036854775808", integer(math.MinInt64)},
		{"any", "18446744073709551615", msgpack.AppendUint(nil, math.MaxUint64)},
		{"any", "18446744073709552000", float(1 << 64)},
		{"any", "-9223372036854776000", float(-1 << 63)},
		{"any", "100000000000000000000", float(1e20)},
		{"any", "1" + strings.Repeat("0", 300), float(1e300)},
		{"any", "1e300", float(1e300)},
		{"any", "1.8446744073709551617e19", float(1 << 64)},
		{"any", "18446744073709551617.0", float(1 << 64)},
		{"any", "0.1000000000000000055511151231257827", float(0.1)},
		{"float64", "18446744073709551617", float(1 << 64)},
		{"any", "null", null},
		{"any", `[null,"a",{"b":true}]`, join(list(3), null, text("a"), mapping(1), text("b"), yes)},

		{"string", `"grüß dich"`, text("grüß dich")},
		{"string", `"a\n\u00e9\ud83d\ude00\/"`, text("a\né😀/")},
		{"string", `"\\ud800 \ufffd\uD83D\uDE00\\\ud83d\ude00"`, text(`\ud800 ` + "\uFFFD😀\\😀")},
		{"string", `"null"`, text("null")},

		{"bytes", `""`, blob("")},
		{"bytes", `"aGVsbG8="`, blob("hello")},
		{"bytes", `"aGVsbG8"`, blob("hello")},
		{"bytes", `"+/+/"`, blob("\xfb\xff\xbf")},
		{"bytes", `"-_-_"`, blob("\xfb\xff\xbf")},
		{"bytes", `"-_8="`, blob("\xfb\xff")},
		{"bytes", `"-_8"`, blob("\xfb\xff")},

		{"time", `"2024-02-29T23:59:59.123456789Z"`, msgpack.AppendTime(nil, moment)},
		{"time", `"2024-03-01T01:59:59.123456789+02:00"`, msgpack.AppendTime(nil, moment)},

		{"duration", `"1h30m"`, integer(int64(90 * time.Minute))},
		{"duration", `"1h30m0s"`, integer(int64(90 * time.Minute))},
		{"duration", `"-1.5ms"`, integer(-1500000)},
		{"duration", `"0"`, integer(0)},
		{"duration", "250", integer(250)},
		{"duration", "1e9", integer(int64(time.Second))},
		{"duration?", "null", null},
		{"[]duration?", `["1s",null,5]`, join(list(3), integer(int64(time.Second)), null, integer(5))},
		{"map[duration]duration", `{"1s":"1us","7":8}`, join(mapping(2), integer(int64(time.Second)), integer(1000), integer(7), integer(8))},
		{"{every duration, after duration?}", `{"every":"1m"}`, join(mapping(1), text("every"), integer(int64(time.Minute)))},

		{"int8?", "null", null},
		{"int8?", "5", integer(5)},
		{"([]int8?)?", "[null,1]", join(list(2), null, integer(1))},
		{"[]int8", " [ 1 , 2 ] ", join(list(2), integer(1), integer(2))},
		{"[]int8", "[]", list(0)},
		{"[][]string", `[[],["a"]]`, join(list(2), list(0), list(1), text("a"))},

		{"map[string]int8", `{"b":1,"a":2}`, join(mapping(2), text("b"), integer(1), text("a"), integer(2))},
		{"map[string]int8", `{}`, mapping(0)},
		{"map[string]int8", `{"":1}`, join(mapping(1), text(""), integer(1))},
		{"map[int16]bool", `{"-3":true,"1e2":true}`, join(mapping(2), integer(-3), yes, integer(100), yes)},
		{"map[uint64]bool", `{"18446744073709551615":true}`, join(mapping(1), msgpack.AppendUint(nil, math.MaxUint64), yes)},
		{"map[bool]string", `{"true":"a","false":"b"}`, join(mapping(2), yes, text("a"), msgpack.AppendBool(nil, false), text("b"))},
		{"Blob", `{"aGk=":"aG8="}`, join(mapping(1), blob("hi"), blob("ho"))},

		{"Point", `{"y":2,"x":1}`, join(mapping(2), text("y"), float(2), text("x"), float(1))},
		{"Person", `{"name":"Ann","age":7}`, join(mapping(2), text("name"), text("Ann"), text("age"), integer(7))},
		{"Person", `{"name":"Ann","age":7,"nick":null,"extra":[1]}`, join(mapping(4),
			text("name"), text("Ann"), text("age"), integer(7), text("nick"), null, text("extra"), list(1), integer(1))},
		{"Tree", `{"value":1,"kids":[{"value":2,"kids":[]}]}`, join(
			mapping(2), text("value"), integer(1), text("kids"), list(1),
			mapping(2), text("value"), integer(2), text("kids"), list(0))},
		{"{}", `{}`, mapping(0)},
	}
	for _, tt := range tests {
		got, err := Value([]byte(tt.json), typeOf(t, tt.typ))
		if err != nil {
			t.Errorf("%s as %s: %v", tt.json, tt.typ, err)
			continue
		}
		if !bytes.Equal(got, tt.want) {
			t.Errorf("%s as %s: got % x, want % x", tt.json, tt.typ, got, tt.want)
		}
	}
}

func TestAValueThatDoesNotFitItsTypeIsRefusedWithItsPlace(t *testing.T) {
	tests := []struct{ typ, json, want string }{
		{"int8", "300", `300 is out of range of int8`},
		{"int8", "-129", `-129 is out of range of int8`},
		{"uint8", "-1", `-1 is out of range of uint8`},
		{"uint8", "256", `256 is out of range of uint8`},
		{"int64", "9223372036854775808", `9223372036854775808 is out of range of int64`},
		{"int64", "-9223372036854775809", `-9223372036854775809 is out of range of int64`},
		{"uint64", "18446744073709551616", `18446744073709551616 is out of range of uint64`},
		{"uint64", "99999999999999999999", `99999999999999999999 is out of range of uint64`},
		{"int64", "1e999999999999999999999", `1e999999999999999999999 is out of range of int64`},
		{"int64", "1e-999999999999999999999", `1e-999999999999999999999 is no integer and doesn't fit int64`},
		{"int64", "2.5", `2.5 is no integer and doesn't fit int64`},
		{"int64", "9223372036854775807.5", `9223372036854775807.5 is no integer and doesn't fit int64`},
		{"int64", `"5"`, `got "5", want int64: a number`},
		{"int64", `true`, `got true, want int64: a number`},
		{"int64", `null`, `got null, want int64, which is never null`},
		{"float64", "1e400", `1e400 is out of range of float64`},
		{"float32", "1e39", `1e39 is out of range of float32`},
		{"any", "-1e400", `-1e400 is out of range of float64`},
		{"any", "18446744073709551616", `18446744073709551616 has more digits than an integer of 64 bits or a float64 holds, and would arrive as 1.8446744073709552e+19; write it as that, or as text`},
		{"any", "-9223372036854775809", `-9223372036854775809 has more digits than an integer of 64 bits or a float64 holds, and would arrive as -9.223372036854776e+18; write it as that, or as text`},
		{"any", `{"a":[18446744073709551617]}`, `["a"][0]: 18446744073709551617 has more digits than an integer of 64 bits or a float64 holds, and would arrive as 1.8446744073709552e+19; write it as that, or as text`},
		{"any", "1" + strings.Repeat("0", 400), `1` + strings.Repeat("0", 59) + `… is out of range of float64`},
		{"float64", `"NaN"`, `got "NaN", want float64: a number`},
		{"bool", "1", `got 1, want bool: true or false`},
		{"bool", `"true"`, `got "true", want bool: true or false`},
		{"string", "5", `got 5, want string: text in quotes`},
		{"string", "null", `got null, want string, which is never null`},
		{"bytes", "[1,2]", `got [1,2], want bytes: base64 in quotes`},
		{"bytes", `"hello"`, `"hello" is no base64; bytes stand in JSON as base64, such as "aGVsbG8="`},
		{"bytes", `"aGVsbG9="`, `"aGVsbG9=" is no base64; bytes stand in JSON as base64, such as "aGVsbG8="`},
		{"bytes", `"a+_b"`, `"a+_b" is no base64; bytes stand in JSON as base64, such as "aGVsbG8="`},
		{"time", "0", `got 0, want time: text in quotes, as in RFC 3339`},
		{"time", `"yesterday"`, `"yesterday" is no time; write it as in RFC 3339, such as "2006-01-02T15:04:05Z"`},
		{"duration", `"1 hour"`, `"1 hour" is no duration; write it as "1h30m" or "250ms", or as a number of nanoseconds`},
		{"duration", `"90"`, `"90" is no duration; write it as "1h30m" or "250ms", or as a number of nanoseconds`},
		{"duration", `1.5`, `1.5 is no integer and doesn't fit duration`},
		{"duration", `9223372036854775808`, `9223372036854775808 is out of range of duration`},
		{"duration", `true`, `got true, want duration: text in quotes, such as "1h30m", or a number of nanoseconds`},
		{"duration", `null`, `got null, want duration, which is never null`},
		{"map[duration]int8", `{"soon":1}`, `the key "soon": "soon" is no duration; write it as "1h30m" or "250ms", or as a number of nanoseconds`},
		{"map[duration]int8", `{"1h":1,"60m":2}`, `two keys are "60m"`},
		{"[]int8", `{"a":1}`, `got {"a":1}, want []int8: an array`},
		{"[]int8", "null", `got null, want []int8, which is never null`},
		{"[]int8", "[1,2,300]", `[2]: 300 is out of range of int8`},
		{"[][]int8", "[[],[1,null]]", `[1][1]: got null, want int8, which is never null`},
		{"int8?", "300", `300 is out of range of int8`},
		{"map[string][]int8", `{"a b":[300]}`, `["a b"][0]: 300 is out of range of int8`},
		{"map[string]int8", `[]`, `got [], want map[string]int8: an object`},
		{"map[string]int8", `{"a":1,"\u0061":2}`, `two keys are "a"`},
		{"map[int8]int8", `{"1":1,"1.0":2}`, `two keys are "1.0"`},
		{"map[int8]int8", `{"300":1}`, `the key "300": 300 is out of range of int8`},
		{"map[int8]int8", `{" 1":1}`, `the key " 1": want int8: a number`},
		{"map[int8]int8", `{"1 ":1}`, `the key "1 ": want int8: a number`},
		{"map[int8]int8", `{"01":1}`, `the key "01": want int8: a number`},
		{"map[int8]int8", `{"0x1":1}`, `the key "0x1": want int8: a number`},
		{"map[int8]int8", `{"+1":1}`, `the key "+1": want int8: a number`},
		{"map[int8]int8", `{"":1}`, `the key "": want int8: a number`},
		{"map[int8]int8", `{"[1":1}`, `the key "[1": want int8: a number`},
		{"map[int8]int8", `{"-":1}`, `the key "-": want int8: a number`},
		{"map[bool]int8", `{"yes":1}`, `the key "yes": want bool: true or false`},
		{"Blob", `{"!":""}`, `the key "!": "!" is no base64; bytes stand in JSON as base64, such as "aGVsbG8="`},
		{"any", `{"a":{"b":1,"b":2}}`, `["a"]: two keys are "b"`},
		{"any", `{"a":[1,1e400]}`, `["a"][1]: 1e400 is out of range of float64`},
		{"Point", `{"x":1}`, `the field "y" is missing; want {x float64, y float64}`},
		{"Point", `{"x":1,"y":2,"z":3}`, `there is no field "z"; want {x float64, y float64}`},
		{"Point", `{"x":1,"X":2}`, `there is no field "X"; did you mean "x"? the field "y" is missing; want {x float64, y float64}`},
		{"Point", `{"x":1,"x":2,"y":3}`, `two fields are "x"`},
		{"Point", `{"x":1,"y":null}`, `y: got null, want float64, which is never null`},
		{"Point", `[1,2]`, `got [1,2], want {x float64, y float64}: an object`},
		{"Tree", `{"value":1,"kids":[{"value":1.5,"kids":[]}]}`, `kids[0].value: 1.5 is no integer and doesn't fit int64`},
		{"Person", `{"Name":"Ann","alter":3,"nick":5}`, `there is no field "Name"; did you mean "name"? there is no field "alter"; the field "age" is missing; want {name string, age uint8, nick string?, extra any}; nick: got 5, want string: text in quotes`},
		{"map[int8]Point", `{"a":[{}],"1":{"x":true,"y":0},"2":[]}`, `the key "a": want int8: a number; ["1"].x: got true, want float64: a number; ["2"]: got [], want {x float64, y float64}: an object`},
		{"[]Point", `[{"x":{"y":[[],{}]},"y":1},{"x":1,"y":"z"}]`, `[0].x: got {"y":[[],{}]}, want float64: a number; [1].y: got "z", want float64: a number`},
		{"{a {b int8}}", `{"a":{"b":""}}`, `a.b: got "", want int8: a number`},
	}
	for _, tt := range tests {
		got, err := Value([]byte(tt.json), typeOf(t, tt.typ))
		if err == nil {
			t.Errorf("%s as %s: got % x, want the error %s", tt.json, tt.typ, got, tt.want)
			continue
		}
		if err.Error() != tt.want {
			t.Errorf("%s as %s:\ngot  %s\nwant %s", tt.json, tt.typ, err, tt.want)
		}
	}
}

func TestAByteOrderMarkBeforeJSONIsSteppedOver(t *testing.T) {
	for _, text := range []string{"\ufeff[1, 2]", "\ufeff\r\n[1, 2]"} {
		out, err := Value([]byte(text), nil)
		if err != nil || back(t, out) != "[1,2]" {
			t.Errorf("Value(%q): got % x, %v; want [1,2]", text, out, err)
		}
		if out, err = Arguments([]byte(text), method(t, "add(a int8, b int8)")); err != nil || back(t, out) != "[1,2]" {
			t.Errorf("Arguments(%q): got % x, %v; want [1,2]", text, out, err)
		}
	}
	out, err := Value([]byte("\"\ufeffmark\""), nil)
	if want := "\"\ufeffmark\""; err != nil || back(t, out) != want {
		t.Errorf("within a text: got % x, %v; want %s", out, err, want)
	}
	for _, text := range []string{"\ufeff\ufeff1", " \ufeff1", "\ufeff", "\xef\xbb1"} {
		if out, err := Value([]byte(text), nil); err == nil {
			t.Errorf("Value(%q): got % x, want an error: it is no mark at the begin of JSON", text, out)
		}
	}
}

func TestTextThatIsNoJSONIsRefusedWithItsByte(t *testing.T) {
	tests := []struct{ json, want string }{
		{"", "the JSON is wrong at byte 0: unexpected end of JSON input"},
		{"[1,", "the JSON is wrong at byte 3: unexpected end of JSON input"},
		{"[1,]", "the JSON is wrong at byte 4: invalid character ']' looking for beginning of value"},
		{"[1] 2", "the JSON is wrong at byte 5: invalid character '2' after top-level value"},
		{"[01]", "the JSON is wrong at byte 3: invalid character '1' after array element"},
		{"[NaN]", "the JSON is wrong at byte 2: invalid character 'N' looking for beginning of value"},
		{"['a']", `the JSON is wrong at byte 2: invalid character '\'' looking for beginning of value`},
		{"[\"a\nb\"]", `the JSON is wrong at byte 4: invalid character '\n' in string literal`},
		{"[1] // one", "the JSON is wrong at byte 5: invalid character '/' after top-level value"},
	}
	m := method(t, "log(words ...any)")
	for _, tt := range tests {
		for name, f := range map[string]func() ([]byte, error){
			"Arguments": func() ([]byte, error) { return Arguments([]byte(tt.json), m) },
			"Value":     func() ([]byte, error) { return Value([]byte(tt.json), nil) },
		} {
			got, err := f()
			if err == nil || err.Error() != tt.want {
				t.Errorf("%s of %q: got % x, %v; want the error %s", name, tt.json, got, err, tt.want)
			}
		}
	}
}

func TestATypeMadeByHandIsHarmless(t *testing.T) {
	list, nothing := &signature.Type{Kind: signature.List}, &signature.Type{}
	tests := []struct {
		typ        *signature.Type
		json, want string // want is the error if it isn't the JSON
	}{
		{list, `[1,"a"]`, `[1,"a"]`},
		{&signature.Type{Kind: signature.Map}, `{"a":1}`, `{"a":1}`},
		{&signature.Type{Kind: signature.Optional}, `1`, `1`},
		{&signature.Type{Kind: signature.Struct, Fields: []signature.Field{{Name: "a"}}}, `{"a":1}`, `{"a":1}`},
		{&signature.Type{Kind: signature.Map, Key: list}, `{"a":1}`, `the key "a": want []…, which can't be a key`},
		{nothing, `1`, `got 1, want invalid`},
		{nothing, `"a"`, `got "a", want invalid`},
		{nothing, `null`, `got null, want invalid, which is never null`},
	}
	for _, tt := range tests {
		out, err := Value([]byte(tt.json), tt.typ)
		if err != nil {
			if err.Error() != tt.want {
				t.Errorf("%s as %v: got the error %v, want %s", tt.json, tt.typ, err, tt.want)
			}
			continue
		}
		text, err := JSON(out, tt.typ)
		if err != nil || string(text) != tt.want {
			t.Errorf("%s as %v: got %s, %v; want %s", tt.json, tt.typ, text, err, tt.want)
		}
	}
}

// Whatever integer any takes is printed with the digits that it came with, so it is no
// other one.
func TestAnIntegerOfAnyLengthThatIsReadAsAnyIsTheSameInJSON(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	read, refused := 0, 0
	for range 20_000 {
		literal := strconv.FormatUint(max(r.Uint64()>>r.IntN(64), 1), 10)
		for range r.IntN(3) {
			literal += strconv.Itoa(r.IntN(10))
		}
		if r.IntN(2) == 0 {
			literal = strconv.FormatFloat(math.Ldexp(r.Float64(), r.IntN(69)), 'f', 0, 64)
		}
		if r.IntN(2) == 0 && literal != "0" {
			literal = "-" + literal
		}
		packed, err := Value([]byte(literal), nil)
		if err != nil {
			refused++
			if len(strings.TrimPrefix(literal, "-")) < 19 {
				t.Fatalf("%s: %v; an integer of 64 bits is read", literal, err)
			}
			continue
		}
		read++
		if got := back(t, packed); got != literal {
			t.Fatalf("%s was read, and arrived as %s", literal, got)
		}
	}
	if read < 5000 || refused < 500 {
		t.Errorf("%d integers were read and %d refused, want many of both, or this test says little", read, refused)
	}
}
