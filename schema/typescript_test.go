package schema_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/schema"
)

// hostile is a record whose texts try to get out of where they belong.
func hostile() binder.Record {
	const out = `*/ evil(); /* "; evil(); // ` + "`${evil()}` \u2028 \u202e evil(); \x1b[2J\u009b2J\r\u200b\U000e0041 \n */ evil();"
	m := call("f", `f("*/ evil(); /*" {"\"; evil(); //" int8, "${evil()}\n" bytes}, "1" bytes, "1_" bytes?) T`, out)
	m.Errors = []binder.MethodError{{Code: out, Reason: out, Message: out}}
	m.Example = &binder.Example{Args: []byte(`["*/ evil()", "", null]`), Result: []byte(`"*/ evil()"`)}
	other := m
	other.Name, other.Signature, other.Kind = "g", out, "stream"
	m.WithEnums = strings.Replace(m.Signature, "int8", "E", 1)
	value, _ := json.Marshal(out)
	return binder.Record{
		Service: "h", Version: out, Doc: out, Methods: []binder.Method{m, other},
		Types:    map[string]string{"T": `{"*/ evil(); /*" any, s string}`},
		TypeDocs: map[string]binder.TypeDoc{"T": {Doc: out, Fields: map[string]string{"s": out, out: out}, WithEnums: `{"*/ evil(); /*" any, s S}`}, "evil()": {Doc: out}},
		Enums: map[string]binder.Enum{
			"E": {Type: "int8", Doc: out, Values: []binder.EnumValue{{Name: out, Value: []byte("1"), Doc: out}, {Name: out, Value: value}, {Name: out, Value: []byte(`{"evil()": 1}`)}, {Name: out}, {Name: out, Value: []byte("1e400")}}},
			"S": {Type: "string", Doc: out, Values: []binder.EnumValue{{Name: out, Value: value, Doc: out}, {Name: "n", Value: []byte("1")}, {Name: "t", Value: []byte("true")}}},
		},
	}
}

// notCode are comments and string literals.
var notCode = regexp.MustCompile(`(?s)/\*.*?\*/|//[^\n]*|"(?:[^"\\\n]|\\.)*"`)

func TestNoTextOfARecordBecomesCode(t *testing.T) {
	text := string(typescript(t, services(t, hostile()), schema.Config{Prefix: `"+evil()+"`, Command: "helium\n gen ts evil()"}))
	if !strings.Contains(text, "evil()") {
		t.Fatal("nothing hostile is in the output; this test says nothing")
	}
	client, _, _ := strings.Cut(text, "\n/**\n * What a client needs") // what follows has no text of a record
	if code := notCode.ReplaceAllString(client, ""); strings.Contains(code, "evil()") {
		t.Errorf("a text of the record is code:\n%s\nfrom\n%s", code, client)
	}
	for _, r := range text {
		if r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl)) {
			t.Errorf("the output has the control character %q", r)
		}
	}
}

func TestTypesOfTwoServicesKeepApart(t *testing.T) {
	text := string(typescript(t, services(t, every(), nodes()), schema.Config{}))
	for _, want := range []string{
		"export interface EveryThingNode {", "export interface NodesNode {", "n: NodesNode;", "export interface Own {",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the output lacks %q", want)
		}
	}
	if alone := string(typescript(t, services(t, nodes()), schema.Config{})); !strings.Contains(alone, "export interface Node {") {
		t.Error("of one service alone a type keeps its name; got no interface Node")
	}
}

func TestEveryNameIsDeclaredOnce(t *testing.T) {
	a, b := nodes(), nodes()
	a.Service, b.Service = "a-b", "a_b" // both ABClient
	a.Types = map[string]string{"ABClient": "{x int8}", "Node": "{x int8}", "Own": "{n ABClient, o Node}", "class": "[]Own"}
	a.Methods[0].Signature = "get(x class) Own"
	text := typescript(t, services(t, a, b, math(), every()), schema.Config{})
	met := make(map[string]bool)
	for _, match := range regexp.MustCompile(`(?m)^(?:export )?(?:class|interface|type|function) (\S+)`).FindAllSubmatch(text, -1) {
		name := strings.TrimSuffix(string(match[1]), ";")
		name, _, _ = strings.Cut(name, "(")
		if met[name] {
			t.Errorf("%s is declared twice", name)
		}
		met[name] = true
	}
	for _, want := range []string{"ABClient", "ABClient2", "ABClient3", "class_", "MathClient", "HeliumError", "firstRounded"} {
		if !met[want] {
			t.Errorf("no %s is declared; got %v", want, met)
		}
	}
}

func TestIntegersOfExamplesAreWrittenSoThatNoneIsRounded(t *testing.T) {
	r := nodes()
	r.Methods[0].Signature = "get(name string, ids ...int64) uint64"
	r.Methods[0].Example = &binder.Example{
		Args: json.RawMessage(`["9007199254740993", 9007199254740993, -9223372036854775808, 9007199254740992]`), Result: json.RawMessage(`18446744073709551615`),
	}
	want := `await client.get("9007199254740993", [9007199254740993n, -9223372036854775808n, 9007199254740992]) // 18446744073709551615n`
	if got := string(typescript(t, services(t, r), schema.Config{})); !strings.Contains(got, want) {
		t.Errorf("the client has no example %s; got\n%s", want, got)
	}
}

func TestAValueOfAnEnumIsWrittenAsItComes(t *testing.T) {
	r := nodes()
	var values []binder.EnumValue
	for value, want := range map[string]string{
		"9007199254740991": "9007199254740991", "9007199254740992": "9007199254740992", "9007199254740993": "9007199254740993n",
		"9007199254740994": "9007199254740994", "-9007199254740994": "-9007199254740994", "1152921504606846976": "1152921504606846976n",
		"1152921504606847000": "1152921504606847000n", "9223372036854775807": "9223372036854775807n",
	} {
		values = append(values, binder.EnumValue{Name: "V" + want, Value: []byte(value)})
	}
	r.Enums["Level"] = binder.Enum{Type: "int64", Values: values}
	text := string(typescript(t, services(t, r), schema.Config{}))
	for _, v := range values {
		if want := "| " + strings.TrimPrefix(v.Name, "V") + "\n"; !strings.Contains(text, want) {
			t.Errorf("the value %s isn't written as it comes, want %q in\n%s", v.Value, want, text)
		}
	}
}

func TestATypeCanHaveTheNameOfWhatTheClientUses(t *testing.T) {
	r := streams()
	r.Types = map[string]string{"AsyncGenerator": "{x int8}", "Uint8Array": "{x int8}", "WireForm": "{x int8}", "OpenStream": "{x int8}", "Partial": "{x int8}"}
	r.Methods = r.Methods[:2]
	r.Methods = append(r.Methods, call("take", "take(AsyncGenerator, Uint8Array, WireForm, OpenStream, Partial)", ""))
	text := string(typescript(t, services(t, r), schema.Config{}))
	for name := range r.Types {
		if !strings.Contains(text, "export interface "+name+"_ {") {
			t.Errorf("the type %s isn't called %s_", name, name)
		}
	}
}
