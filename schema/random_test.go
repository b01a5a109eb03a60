package schema_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium/internal/transcode"
	"github.com/helium-rpc/helium/schema"
	"github.com/helium-rpc/helium/signature"
)

// generator makes types, and values of them in JSON.
type generator struct{ *rand.Rand }

var (
	integerTypes = []string{"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"}
	otherTypes   = []string{"bool", "float32", "float64", "string", "bytes", "time", "duration", "any", "Point", "Node", "Tree", "Forest"}
	keyTypes     = append([]string{"bool", "string", "bytes", "duration"}, integerTypes...)
)

func (g generator) pick(of []string) string { return of[g.IntN(len(of))] }

// typ returns a type in Helium's notation, at most depth levels deep.
func (g generator) typ(depth int) string {
	n := 6
	if depth == 0 {
		n = 2
	}
	switch g.IntN(n) {
	case 0:
		return g.pick(integerTypes)
	case 1:
		return g.pick(otherTypes)
	case 2:
		return "[]" + g.typ(depth-1)
	case 3:
		return "map[" + g.pick(keyTypes) + "]" + g.typ(depth-1)
	case 4:
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

// value returns a t in JSON.
func (g generator) value(t *signature.Type, depth int) string {
	switch t.Kind {
	case signature.Bool:
		return g.pick([]string{"true", "false"})
	case signature.Float32, signature.Float64:
		return g.pick([]string{"0", "-0.5", "3.4028235e+38", "1e-45", fmt.Sprint(float32(g.NormFloat64()))})
	case signature.String:
		return quoted(g.pick([]string{"", "text", "aGk=", "2026-01-02T03:04:05Z", "12", "true", "\x00☃"}))
	case signature.Bytes:
		return quoted(base64.StdEncoding.EncodeToString([]byte("Helium")[:g.IntN(7)]))
	case signature.Time:
		return quoted(time.Unix(g.Int64N(1<<37), g.Int64N(1e9)).UTC().Format(time.RFC3339Nano))
	case signature.Duration:
		return quoted(g.pick([]string{"0", "0s", "1h30m", "-2.5ms", "1µs", "1us", "2562047h47m16.854775807s", "1h1h"}))
	case signature.Any:
		return g.pick([]string{"null", "1", "-9223372036854775808", `"x"`, "[1,[]]", `{"x":1,"y":null}`})
	case signature.List:
		return "[" + g.some(depth, func() string { return g.value(t.Elem, depth-1) }) + "]"
	case signature.Map:
		if depth <= 0 || g.IntN(4) == 0 {
			return "{}"
		}
		key := g.value(t.Key, 0)
		if key[0] != '"' {
			key = quoted(key)
		}
		return "{" + key + ":" + g.value(t.Elem, depth-1) + "}"
	case signature.Optional:
		if depth <= 0 || g.IntN(2) == 0 {
			return "null"
		}
		return g.value(t.Elem, depth-1)
	case signature.Struct:
		fields := []string{}
		for _, f := range t.Fields {
			optional := f.Type.Kind == signature.Optional || f.Type.Kind == signature.Any
			if !optional || g.IntN(2) == 0 {
				fields = append(fields, quoted(f.Name)+":"+g.value(f.Type, depth-1))
			}
		}
		return "{" + strings.Join(fields, ",") + "}"
	}
	return g.pick([]string{"0", "1", "2", "127"})
}

// some returns up to three values with commas.
func (g generator) some(depth int, value func() string) string {
	values := []string{}
	for range g.IntN(4) {
		if depth > 0 {
			values = append(values, value())
		}
	}
	return strings.Join(values, ",")
}

func quoted(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// Values of one type are held against the schema of another: most don't fit, some do,
// and the two sides have to agree on which.
func TestSchemasAgreeWithWhatHeliumReadsAndWrites(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(1, 2))}
	fitting := 0
	for range 300 {
		notation := g.typ(3)
		typ := parse(t, "f("+notation+")").Params[0].Type
		s := compile(t, schema.Of(typ))
		for i := range 12 {
			from, source := typ, notation
			if i >= 4 {
				source = g.typ(g.IntN(3))
				from = parse(t, "f("+source+")").Params[0].Type
			}
			text := g.value(from, 5)
			misfit := fits(t, s, text)
			msgpack, unreadable := transcode.Value([]byte(text), typ)
			if (misfit == nil) != (unreadable == nil) {
				t.Fatalf("%s, made as %s, against %s:\nits schema says %v\nHelium says %v", text, source, notation, misfit, unreadable)
			}
			if unreadable != nil {
				if from == typ {
					t.Errorf("%s was made as %s, but Helium says %v", text, notation, unreadable)
				}
				continue
			}
			fitting++
			written, err := transcode.JSON(msgpack, typ)
			if err != nil {
				t.Errorf("writing %s as %s: %v", text, notation, err)
			} else if err := fits(t, s, string(written)); err != nil {
				t.Errorf("Helium writes %s as %s, and that doesn't fit the schema: %v", notation, written, err)
			}
		}
	}
	if fitting < 1300 {
		t.Errorf("%d of 3600 values fit their schemas, want a third and more, or this test says little", fitting)
	}
}
