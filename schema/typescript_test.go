package schema_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/schema"
)

// compiler is TypeScript's, once the packages of folder node are installed.
const compiler = "../node/node_modules/typescript/bin/tsc"

// compileTypeScript runs tsc --strict over a folder's files, and has it write JavaScript
// beside them.
func compileTypeScript(t *testing.T, folder string, files ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", append([]string{absolute(t, compiler), "--strict",
		"--noUnusedLocals", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess",
		"--target", "es2022", "--module", "nodenext"}, files...)...)
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("tsc: %v\n%s", err, out)
	}
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// hostile is a record whose texts try to get out of where they belong.
func hostile() binder.Record {
	const out = `*/ evil(); /* "; evil(); // ` + "`${evil()}` \u2028 \u202e evil(); \x1b[2J \n */ evil();"
	m := call("f", `f("*/ evil(); /*" {"\"; evil(); //" int8, "${evil()}\n" bytes}, "1" bytes, "1_" bytes?) T`, out)
	m.Errors = []binder.MethodError{{Code: out, Reason: out, Message: out}}
	m.Example = &binder.Example{Args: []byte(`["*/ evil()", "", null]`), Result: []byte(`"*/ evil()"`)}
	other := m
	other.Name, other.Signature, other.Kind = "g", out, "stream"
	return binder.Record{
		Service: "h", Version: out, Methods: []binder.Method{m, other},
		Types: map[string]string{"T": `{"*/ evil(); /*" any}`},
	}
}

// Where the compiler isn't installed, the golden files are all there is: they passed this.
func TestTheTypeScriptCompilesAndCalls(t *testing.T) {
	if _, err := os.Stat(compiler); errors.Is(err, fs.ErrNotExist) {
		t.Log("tsc isn't there, so nothing was compiled; for it: npm ci in folder node")
		return
	}
	folder := t.TempDir()
	for name, text := range map[string][]byte{
		"math.ts":    typescript(t, services(t, math()), schema.Config{}),
		"every.ts":   typescript(t, services(t, every(), nodes()), schema.Config{}),
		"hostile.ts": typescript(t, services(t, hostile()), schema.Config{Prefix: `"+evil()+"`, Command: "helium\n gen ts */"}),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	compileTypeScript(t, folder, "math.ts", "every.ts", "hostile.ts")
	out, err := exec.CommandContext(t.Context(), "node", "testdata/runtime.mjs", filepath.Join(folder, "math.js")).CombinedOutput()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, out)
	}
	var got map[string]any
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for what, want := range outcomes {
		if !reflect.DeepEqual(got[what], want) {
			t.Errorf("%s: got %v, want %v", what, got[what], want)
		}
		delete(got, what)
	}
	for what, value := range got {
		t.Errorf("%s: got %v, and nothing says what it should be", what, value)
	}
}

// outcomes are what the calls of testdata/runtime.mjs come to: a result, or an error's
// code, reason, outcome, instance, details, method and message.
var outcomes = map[string]any{
	"a result":         5.0,
	"an exact integer": []any{9007199254740992.0, -9007199254740991.0},
	"a large float":    []any{1e20, 1.7976931348623157e308, 1e-7},
	"digits in text":   []any{"12345678901234567890", `"12345678901234567890`},
	"an integer that would be rounded": "internal|helium.bad_result|executed||{}|math.add|" +
		"math.add: the result holds 9007199254740993, which no number of JavaScript is; read it by msgpack (internal)",
	"no JSON":                      "internal|helium.bad_result|executed||{}|math.add|math.add: the answer isn't JSON (internal)",
	"an error":                     `aborted|math.no|executed|i1|{"a":"b"}|math.add|math.add: no (aborted)`,
	"an error of the header alone": "unknown||unknown||{}|math.add|math.add: math: no (unknown)",
	"nobody":                       "unavailable|helium.no_instance|not executed||{}|math.add|math.add: no instance listens (unavailable)",
	"late":                         "deadline_exceeded|helium.deadline|unknown||{}|math.add|math.add: no answer within 10000 ms (deadline_exceeded)",
	"closed":                       "unavailable|helium.not_sent|not executed||{}|math.add|math.add: ClosedConnectionError (unavailable)",
	"not permitted":                "permission_denied|helium.not_permitted|not executed||{}|math.add|math.add: PermissionViolationError (permission_denied)",
	"something else":               "unavailable|helium.disconnected|unknown||{}|math.add|math.add: ProtocolError (unavailable)",
	"no number":                    "invalid_argument|helium.bad_argument|not executed||{}|math.add|math.add: JSON has no number NaN (invalid_argument)",
	"a bigint":                     "invalid_argument|helium.bad_argument|not executed||{}|math.add|math.add: JSON has no number 1 (invalid_argument)",
	"given up before":              "canceled|helium.canceled|not executed||{}|math.add|math.add: the caller gave up (canceled)",
	"given up meanwhile":           "canceled|helium.canceled|unknown||{}|math.add|math.add: the caller gave up (canceled)",
	"to one instance":              1.0,
	"sent":                         []any{"helium.call.math.add [1,2] 10000", "helium.at.i7.math.add [3,4] 50"},
	"another prefix":               "eu.call.math.add [5,6] 7",
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
		if r != '\n' && (r < ' ' || r == 0x7f || r == '\u202e' || r == '\u2028') {
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
