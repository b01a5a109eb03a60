package signature_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/signature"
)

// generator makes arbitrary signatures over arbitrary named types.
type generator struct {
	*rand.Rand
	names []string
}

var (
	scalarWords = strings.Fields("bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 string bytes time any")
	keyWords    = strings.Fields("bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 string bytes")
	fieldNames  = []string{"x", "y", "map", "any", "user-id", "_", "größe", `quo"te\`, "tab\t", "\u2028", "2nd", "<b>", strings.Repeat("long", 50)}
)

func (g generator) pick(words []string) string { return words[g.IntN(len(words))] }

// typ returns the text of a type, written by rules of its own: it shares no code
// with what prints types.
func (g generator) typ(depth int) (text string, isContainer, isAny bool) {
	n := g.IntN(10)
	if depth == 0 {
		n %= 5
	}
	switch {
	case n < 3:
		word := g.pick(scalarWords)
		return word, false, word == "any"
	case n < 5 && len(g.names) > 0:
		return g.pick(g.names), false, false
	case n < 6:
		inner, _, _ := g.typ(max(depth-1, 0))
		return "[]" + inner, true, false
	case n < 7:
		inner, _, _ := g.typ(max(depth-1, 0))
		return "map[" + g.pick(keyWords) + "]" + inner, true, false
	case n < 8:
		return g.structure(depth), false, false
	default:
		inner, isContainer, isAny := g.typ(depth - 1)
		switch {
		case isContainer:
			return "(" + inner + ")?", false, true
		case isAny:
			return inner, false, true
		}
		return inner + "?", false, true
	}
}

func (g generator) structure(depth int) string {
	var fields []string
	for _, i := range g.Perm(len(fieldNames))[:g.IntN(4)] {
		ft, _, _ := g.typ(max(depth-1, 0))
		fields = append(fields, quote(fieldNames[i])+" "+ft)
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

func (g generator) definition() string {
	for {
		text, isContainer, _ := g.typ(4)
		if isContainer || strings.HasPrefix(text, "{") && strings.HasSuffix(text, "}") {
			return text
		}
	}
}

func (g generator) method() string {
	var params []string
	named := g.IntN(2) == 0
	n := g.IntN(5)
	variadic := n > 0 && g.IntN(4) == 0
	for i := range n {
		param, _, _ := g.typ(4)
		if variadic && i == n-1 {
			param = "..." + param
		}
		if named {
			param = quote(fieldNames[i]) + " " + param
		}
		params = append(params, param)
	}
	text := "method-1(" + strings.Join(params, ", ") + ")"
	if g.IntN(3) > 0 {
		result, _, _ := g.typ(4)
		text += " " + result
	}
	return text
}

var escape = strings.NewReplacer(`"`, `\"`, `\`, `\\`, "\t", `\t`, "\u2028", `\u2028`)

func quote(name string) string {
	switch {
	case name == "map", strings.ContainsAny(name, "-\"\t\u2028<") || name[0] == '2' || strings.Contains(name, "ö"):
		return `"` + escape.Replace(name) + `"`
	}
	return name
}

func TestWhatIsPrintedParsesToTheSame(t *testing.T) {
	for seed := range uint64(3000) {
		g := generator{Rand: rand.New(rand.NewPCG(seed, 1))}
		defs := make(map[string]string)
		for i := range g.IntN(4) {
			g.names = append(g.names, fmt.Sprintf("Type%d", i))
		}
		for _, name := range g.names {
			defs[name] = g.definition()
		}
		text := g.method()
		types, err := signature.ParseTypes(defs)
		if err != nil {
			t.Fatalf("seed %d: ParseTypes(%q): %v", seed, defs, err)
		}
		m, err := types.Parse(text)
		if err != nil {
			t.Fatalf("seed %d: Parse(%q): %v", seed, text, err)
		}
		if got := m.String(); got != text {
			t.Fatalf("seed %d: got %q, want %q", seed, got, text)
		}
		if got := types.Definitions(); !maps.Equal(got, defs) {
			t.Fatalf("seed %d: got the types %q, want %q", seed, got, defs)
		}
		if err := signature.Fits(m, m); err != nil {
			t.Fatalf("seed %d: a signature doesn't fit itself: %v", seed, err)
		}
	}
}

func TestSignaturesFromGoParseToTheSame(t *testing.T) {
	types := signature.NewTypes()
	fn := reflect.TypeFor[func(node, tree, rose, variety, *EmbedsPointer, ...tagged) (*pair[string, ping], error)]()
	m, err := types.OfFunc("f", fn)
	if err != nil {
		t.Fatal(err)
	}
	parsed := parse(t, m.String(), types.Definitions())
	if got, want := parsed.String(), m.String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if !reflect.DeepEqual(parsed, m) {
		t.Errorf("%s parses to other types than those it was printed from", m)
	}
	for _, err := range []error{signature.Fits(m, parsed), signature.Fits(parsed, m)} {
		if err != nil {
			t.Error(err)
		}
	}
}

func TestHugeTextsAreRefused(t *testing.T) {
	manyTypes, longTypes := make(map[string]string), make(map[string]string)
	for i := range signature.MaxTypes + 1 {
		manyTypes[fmt.Sprintf("T%d", i)] = "{}"
	}
	for i := range signature.MaxDefinitions/signature.MaxLength + 1 {
		longTypes[fmt.Sprintf("T%d", i)] = "{" + strings.Repeat(" ", signature.MaxLength-2) + "}"
	}
	for _, c := range []struct {
		name, text string
		types      map[string]string
		want       string
	}{
		{"a long signature", "f(" + strings.Repeat("[]", signature.MaxLength) + "int8)", nil, "bytes long; at most 65536 fit"},
		{"open brackets", strings.Repeat("f(", signature.MaxLength/2), nil, "no type f is defined"},
		{"deep structs", "f(" + strings.Repeat("{x", 1000), nil, "nest deeper than 32 levels"},
		{"deep parentheses", "f(" + strings.Repeat("(", 1000), nil, "nest deeper than 32 levels"},
		{"deep keys", "f(" + strings.Repeat("map[", 1000), nil, "nest deeper than 32 levels"},
		{"many types", "f()", manyTypes, "1001 types are defined; at most 1000 can be"},
		{"long types", "f()", longTypes, "longer than 1048576 bytes"},
		{"bytes that aren't text", "f(\xff)", nil, "column 3: the text isn't UTF-8"},
	} {
		types, err := signature.ParseTypes(c.types)
		if err == nil {
			_, err = types.Parse(c.text)
		}
		switch {
		case err == nil || !strings.Contains(err.Error(), c.want):
			t.Errorf("%s: got error %.500v, want one with %q", c.name, err, c.want)
		case len(err.Error()) > 500:
			t.Errorf("%s: got an error of %d bytes, want a short one", c.name, len(err.Error()))
		}
	}
}

func TestComparingHostileTypesEnds(t *testing.T) {
	// A ring of 997 types against one of 991: nearly a million pairs of types.
	ring := func(n int) *signature.Method {
		defs := make(map[string]string)
		for i := range n {
			defs[fmt.Sprintf("T%d", i)] = fmt.Sprintf("{next T%d?}", (i+1)%n)
		}
		return parse(t, "f(T0)", defs)
	}
	err := signature.Fits(ring(997), ring(991))
	if err == nil || !strings.HasSuffix(err.Error(), "the types are too large to be compared") {
		t.Errorf("got %.500v, want the comparison to give up", err)
	} else if len(err.Error()) > 1000 {
		t.Errorf("got an error of %d bytes, want a short one", len(err.Error()))
	}
	if err := signature.Fits(ring(1), ring(991)); err != nil {
		t.Errorf("got %v, want rings of one shape to fit", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("add(a float64, b float64) float64", "{x float64, y float64?}")
	f.Add("walk(T?, ...T) []T", "{next T?, \"a-b\" map[string]([]T)?}")
	f.Add("f(map []map[int8]any)", "map[bytes]T")
	f.Add("f(\"\\ud800\" time) {}", "[]T")
	f.Add("f(((((", "{{{{")
	f.Add("f(T??", "T")
	f.Fuzz(func(t *testing.T, text, definition string) {
		types, err := signature.ParseTypes(map[string]string{"T": definition})
		if err != nil {
			types = signature.NewTypes()
		}
		m, err := types.Parse(text)
		if err != nil {
			return
		}
		printed, defs := m.String(), types.Definitions()
		types, err = signature.ParseTypes(defs)
		if err != nil {
			t.Fatalf("%q was parsed and printed and doesn't parse again: %v", defs, err)
		}
		again, err := types.Parse(printed)
		if err != nil {
			t.Fatalf("%q was printed as %q, which doesn't parse: %v", text, printed, err)
		}
		if got := again.String(); got != printed {
			t.Errorf("%q was printed as %q and then as %q", text, printed, got)
		}
		if got := types.Definitions(); !maps.Equal(got, defs) {
			t.Errorf("the types %q were printed as %q", defs, got)
		}
		if err := signature.Fits(m, again); err != nil {
			t.Errorf("%q doesn't fit itself: %v", text, err)
		}
	})
}
