package transcode

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/signature"
)

// generator makes types, and values of them in the spelling that JSON writes.
type generator struct{ *rand.Rand }

var keyTypes = []string{"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "string", "bytes", "duration"}

func (g generator) pick(of []string) string { return of[g.IntN(len(of))] }

// typ returns a type in Helium's notation, at most depth levels deep.
func (g generator) typ(depth int) string {
	n := 8
	if depth == 0 {
		n = 4
	}
	switch g.IntN(n) {
	case 0:
		return g.pick([]string{"float32", "float64", "time", "any", "Person"})
	case 1, 2, 3:
		return g.pick(keyTypes)
	case 4:
		return "[]" + g.typ(depth-1)
	case 5:
		return "map[" + g.pick(keyTypes) + "]" + g.typ(depth-1)
	case 6:
		fields := make([]string, g.IntN(4))
		for i := range fields {
			fields[i] = fmt.Sprintf("f%d %s", i, g.typ(depth-1))
		}
		return "{" + strings.Join(fields, ", ") + "}"
	}
	switch t := g.typ(depth - 1); {
	case t == "any" || strings.HasSuffix(t, "?"):
		return t
	case t[0] == '[' || strings.HasPrefix(t, "map["):
		return "(" + t + ")?"
	default:
		return t + "?"
	}
}

// value returns a t as JSON writes it.
func (g generator) value(t *signature.Type, depth int) string {
	switch t.Kind {
	case signature.Bool:
		return g.pick([]string{"true", "false"})
	case signature.Float32:
		return marshal(float32(g.NormFloat64()))
	case signature.Float64:
		return marshal(g.NormFloat64())
	case signature.String:
		return marshal(g.text())
	case signature.Bytes:
		return marshal(base64.StdEncoding.EncodeToString([]byte(g.text())))
	case signature.Time:
		return marshal(time.Unix(g.Int64N(1<<32), g.Int64N(1e9)).UTC())
	case signature.Duration:
		return marshal(time.Duration(g.Int64() >> g.IntN(64)).String())
	case signature.Any:
		return g.anything(depth)
	case signature.List:
		return "[" + g.join(func(int) string { return g.value(t.Elem, depth-1) }) + "]"
	case signature.Map:
		met := make(map[string]bool)
		return "{" + g.join(func(int) string {
			for {
				key := g.value(t.Key, 0)
				if key[0] != '"' {
					key = `"` + key + `"`
				}
				if !met[key] {
					met[key] = true
					return key + ":" + g.value(t.Elem, depth-1)
				}
				if t.Key.Kind == signature.Bool && len(met) == 2 {
					return ""
				}
			}
		}) + "}"
	case signature.Optional:
		if g.IntN(2) == 0 {
			return "null"
		}
		return g.value(t.Elem, depth)
	case signature.Struct:
		var fields []string
		for _, i := range g.Perm(len(t.Fields)) {
			f := t.Fields[i]
			if !mayBeNull(f.Type) || g.IntN(2) == 0 {
				fields = append(fields, marshal(f.Name)+":"+g.value(f.Type, depth-1))
			}
		}
		return "{" + strings.Join(fields, ",") + "}"
	}
	r := ranges[t.Kind]
	if g.IntN(2) == 0 {
		return fmt.Sprint(g.upTo(r.above))
	}
	if v := g.upTo(r.below); v != 0 {
		return fmt.Sprintf("-%d", v)
	}
	return "0"
}

// upTo returns a number up to most, often most itself.
func (g generator) upTo(most uint64) uint64 {
	if g.IntN(4) == 0 || most == 0 {
		return most
	}
	return g.Uint64N(most)
}

func (g generator) anything(depth int) string {
	n := 6
	if depth <= 0 {
		n = 4
	}
	switch g.IntN(n) {
	case 0:
		return g.pick([]string{"null", "true", "false", "-9223372036854775808", "18446744073709551615"})
	case 1:
		return fmt.Sprint(g.Int64() - 1<<62)
	case 2:
		return marshal(g.NormFloat64() + 0.5)
	case 3:
		return marshal(g.text())
	case 4:
		return "[" + g.join(func(int) string { return g.anything(depth - 1) }) + "]"
	}
	return "{" + g.join(func(i int) string {
		return marshal(fmt.Sprint(i, g.text())) + ":" + g.anything(depth-1)
	}) + "}"
}

// join makes a few values, sometimes more than msgpack's short heads can count.
func (g generator) join(value func(i int) string) string {
	n := g.IntN(4)
	if g.IntN(30) == 0 {
		n = 15 + g.IntN(3)
	}
	var values []string
	for i := range n {
		if v := value(i); v != "" {
			values = append(values, v)
		}
	}
	return strings.Join(values, ",")
}

func (g generator) text() string {
	runes := []rune("abc \"\\/\n\x00\x1f<&é☃😀\u2028\uFFFD0")
	text := make([]rune, g.IntN(40))
	for i := range text {
		text[i] = runes[g.IntN(len(runes))]
	}
	return string(text)
}

// marshal is encoding/json without its escapes for HTML.
func marshal(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func TestEveryValueComesBackAsItWentIn(t *testing.T) {
	const seed = 1
	g := generator{rand.New(rand.NewPCG(seed, 0))}
	for i := range 1000 {
		m := method(t, fmt.Sprintf("m(a %s, b %s, c ...%s) []any", g.typ(3), g.typ(1), g.typ(2)))
		a, b, c := m.Params[0].Type, m.Params[1].Type, m.Params[2].Type
		texts := []string{g.value(a, 3), g.value(b, 3)}
		repeated := g.join(func(int) string { return g.value(c, 3) })
		named := fmt.Sprintf(`{"b":%s,"c":[%s],"a":%s}`, texts[1], repeated, texts[0])
		if repeated != "" {
			texts = append(texts, repeated)
		}
		inOrder := "[" + strings.Join(texts, ",") + "]"

		args, err := Arguments([]byte(inOrder), m)
		if err != nil {
			t.Fatalf("%d: %s of %s: %v", i, m, inOrder, err)
		}
		n, err := msgpack.ScanArray(args)
		if err != nil {
			t.Fatalf("%d: %s of %s: got % x, which is refused: %v", i, m, inOrder, args, err)
		}
		byName, err := Arguments([]byte(named), m)
		if err != nil {
			t.Fatalf("%d: %s of %s: %v", i, m, named, err)
		}
		if !bytes.Equal(args, byName) {
			t.Fatalf("%d: %s: by name got % x, want % x as in order", i, m, byName, args)
		}

		r := codec.NewReader(args)
		if _, err := r.ArrayHeader(); err != nil {
			t.Fatal(err)
		}
		var back []string
		for j := range n {
			raw, err := r.Raw()
			if err != nil {
				t.Fatal(err)
			}
			text, err := JSON(raw, parameter(j, m).Type)
			if err != nil {
				t.Fatalf("%d: %s: argument %d, % x: %v", i, m, j+1, raw, err)
			}
			back = append(back, string(text))
		}
		if got := "[" + strings.Join(back, ",") + "]"; got != inOrder {
			t.Fatalf("%d: %s:\ngot  %s\nwant %s", i, m, got, inOrder)
		}
	}
}
