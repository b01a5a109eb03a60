package arguments

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/helium-rpc/helium/internal/transcode"
	"github.com/helium-rpc/helium/signature"
)

// templateTypes are what the templates of these tests are made of.
var templateTypes = map[string]string{
	"Order":   "{id string, lines []Line, ship Address?, note string?, limit int64?, extra any}",
	"Line":    "{article string, pieces uint8, price float64}",
	"Address": "{street string, \"zip code\" string, geo {lat float64, lon float64}?}",
	"Node":    "{value int64, next Node?, kids []Node, byName map[string]Node}",
	"Graph":   "{edges []Edge}",
	"Edge":    "{to Graph}",
	"Forest":  "[]Tree",
	"Tree":    "{kids Forest, more Forest?}",
	"Maps":    "map[string]Maps",
}

func templateOf(t *testing.T, sig string, types map[string]string) (*signature.Method, string, error) {
	t.Helper()
	m, err := parsedWith(sig, types)
	if err != nil {
		t.Fatal(err)
	}
	text, err := Template(m)
	return m, string(text), err
}

func TestATemplateHasAPlaceForEverythingAndCanBePassedBackIn(t *testing.T) {
	for sig, want := range map[string]string{
		"f()":                     `[]`,
		"f(a float64, b float64)": `{"a":0,"b":0}`,
		"f(float64, string)":      `[0,""]`,
		"f(a bool, b bytes, c time, d duration, e any, f int8)": `{"a":false,"b":"aGVsbG8=","c":"2006-01-02T15:04:05Z","d":"1h30m","e":null,"f":0}`,
		"f(a int64?, b string?, c duration?)":                   `{"a":null,"b":null,"c":null}`,
		"f(xs []string, m map[string]int8)":                     `{"xs":[""],"m":{"key":0}}`,
		"f(xs ...Line)":                                         `{"xs":[{"article":"","pieces":0,"price":0}]}`,
		"f(string, ...Line)":                                    `["",{"article":"","pieces":0,"price":0}]`,
		"f(xs ...any)":                                          `{"xs":[null]}`,
		"place(order Order)":                                    `{"order":{"id":"","lines":[{"article":"","pieces":0,"price":0}],"ship":{"street":"","zip code":"","geo":{"lat":0,"lon":0}},"note":null,"limit":null,"extra":null}}`,
		"place(Order?)":                                         `[{"id":"","lines":[{"article":"","pieces":0,"price":0}],"ship":{"street":"","zip code":"","geo":{"lat":0,"lon":0}},"note":null,"limit":null,"extra":null}]`,
		"f(n Node)":                                             `{"n":{"value":0,"next":null,"kids":[],"byName":{}}}`,
		"f(g Graph)":                                            `{"g":{"edges":[]}}`,
		"f(e Edge)":                                             `{"e":{"to":{"edges":[]}}}`,
		"f(t Tree)":                                             `{"t":{"kids":[],"more":[]}}`,
		"f(x Forest)":                                           `{"x":[{"kids":[],"more":null}]}`,
		"f(m Maps)":                                             `{"m":{"key":{}}}`,
		"f(a map[int8]bool, b map[bool]bytes, c map[bytes]time, d map[duration][]duration)": `{"a":{"0":false},"b":{"false":"aGVsbG8="},"c":{"aGVsbG8=":"2006-01-02T15:04:05Z"},"d":{"1h30m":["1h30m"]}}`,
		"f(two Line, more Line, third {a Line, b Line?})":                                   `{"two":{"article":"","pieces":0,"price":0},"more":{"article":"","pieces":0,"price":0},"third":{"a":{"article":"","pieces":0,"price":0},"b":{"article":"","pieces":0,"price":0}}}`,
		`f("größe" float64, "a\"b" {})`:                                                     `{"größe":0,"a\"b":{}}`,
	} {
		m, got, err := templateOf(t, sig, templateTypes)
		if err != nil || got != want {
			t.Errorf("%s:\ngot  %s, %v\nwant %s", sig, got, err, want)
			continue
		}
		if !json.Valid([]byte(got)) {
			t.Errorf("%s: %s is no JSON", sig, got)
		}
		if _, err := transcode.Arguments([]byte(got), m); err != nil {
			t.Errorf("%s: %s can't be passed back in: %v", sig, got, err)
		}
		if _, err := ParseDocument(m, []byte(got)); err != nil {
			t.Errorf("%s: the command refuses %s: %v", sig, got, err)
		}
	}
}

func TestWhatHasNoTemplateIsSaidToHaveNone(t *testing.T) {
	if _, text, err := templateOf(t, "f(a A)", map[string]string{"A": "{b B}", "B": "{a A}"}); err == nil {
		t.Errorf("of a type without an end: got %s, want an error", text)
	}
	doubling := map[string]string{"T0": "{x int8}"}
	for i := range 40 {
		doubling[fmt.Sprintf("T%d", i+1)] = fmt.Sprintf("{a T%d, b T%d}", i, i)
	}
	if _, text, err := templateOf(t, "f(t T40)", doubling); err == nil {
		t.Errorf("of 2^40 fields: got %d bytes, want an error", len(text))
	}
	if _, text, err := templateOf(t, "f(t []T40)", doubling); err != nil || text != `{"t":[]}` {
		t.Errorf("of a list of them: got %s, %v; want an empty list", text, err)
	}
}
