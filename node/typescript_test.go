package node_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"testing"
)

// TestGeneratedTypeScriptCompilesAndCalls compiles the golden files of package schema, and
// has the one of service math call over a connection that says what the test wants.
func TestGeneratedTypeScriptCompilesAndCalls(t *testing.T) {
	t.Parallel()
	files := []string{"math.ts", "every.ts", "hostile.ts", "streams.ts"}
	folder := t.TempDir()
	for _, name := range files {
		text, err := os.ReadFile(filepath.Join("../schema/testdata", name))
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	compile := func(target string, files ...string) (out []byte, err error) {
		tsc := node(t, nil, append([]string{absolute(t, "node_modules/typescript/bin/tsc"), "--strict",
			"--noUnusedLocals", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess",
			"--target", target, "--module", "nodenext"}, files...)...)
		tsc.Dir = folder
		return tsc.CombinedOutput()
	}
	head, err := os.ReadFile(filepath.Join(folder, "math.ts"))
	if err != nil {
		t.Fatal(err)
	}
	target := regexp.MustCompile(`^// .*\n// .*tsc --strict --target (es20\d\d), or a later one`).FindSubmatch(head)
	if target == nil {
		t.Fatalf("the head of math.ts doesn't say for which target it is:\n%.200s", head)
	}
	if out, err := compile("es2021", "math.ts"); err == nil {
		t.Errorf("tsc takes math.ts for es2021, too, want that %s is the oldest\n%s", target[1], out)
	}
	if out, err := compile(string(target[1]), files...); err != nil {
		t.Fatalf("tsc: %v\n%s", err, out)
	}
	out, err := node(t, nil, "typescript/outcomes.mjs", filepath.Join(folder, "math.js"), filepath.Join(folder, "every.js"), filepath.Join(folder, "streams.js")).CombinedOutput()
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

// outcomes are what the calls of typescript/outcomes.mjs come to: a result, or an error's
// code, reason, outcome, instance, details, method and message.
var outcomes = map[string]any{
	"a result":         5.0,
	"an exact integer": []any{9007199254740992.0, -9007199254740991.0},
	"a large float":    []any{1e20, 1.7976931348623157e308, 1e-7},
	"digits in text":   []any{"12345678901234567890", `"12345678901234567890`},
	// A bigint is printed as its digits and an n.
	"integers of 64 bits":                map[string]any{"d": "9223372036854775807n", "h": "18446744073709551615n", "a": 1.0},
	"the first that a number can't hold": map[string]any{"d": 9007199254740992.0, "h": "9007199254740993n"},
	"one that a number would show so":    map[string]any{"d": "1152921504606847000n", "h": "1152921504606846976n"},
	"below zero":                         map[string]any{"d": "-9223372036854775808n", "h": -9007199254740991.0},
	"floats of many digits":              map[string]any{"i": 1e20, "j": 9007199254740992.0, "unit-price": -36028797018963968.0, "d": "36028797018963969n"},
	"a float of many digits alone":       1152921504606846976.0,
	"within any": map[string]any{
		"n": []any{"12345678901234567890n", map[string]any{"a": []any{1.0, 1.5, "12345678901234567890", nil, true, []any{}, map[string]any{}}}}, "k": `"9007199254740993,`,
	},
	"floats and integers of an unnamed type": map[string]any{"x": 1e20, "y": map[string]any{"1": []any{"9007199254740993n"}}, "new": "9007199254740993n"},
	"names that objects have":                map[string]any{"__proto__": map[string]any{"d": "9007199254740993n"}, "constructor": "9007199254740993n"},
	"integers as arguments":                  `eu.helium.call.every-thing.plain [9223372036854775807,"integer:1 \"integer:2"] 10000`,
	"a large number as an argument":          "helium.call.math.add [1152921504606846976,-9007199254740992] 10000",
	"a float as an argument":                 "helium.call.math.add [1000000000000000000000,0.1] 10000",
	"a bigint that says what it is in JSON":  "eu.helium.call.every-thing.plain [-5,null] 10000",
	"no JSON":                                "internal|helium.bad_result|executed||{}|math.add|math.add: the answer isn't JSON (internal)",
	"an error":                               `aborted|math.no|executed|i1|{"a":"b"}|math.add|math.add: no (aborted)`,
	"an error of the header alone":           "unknown||unknown||{}|math.add|math.add: math: no (unknown)",
	"nobody":                                 "unavailable|helium.no_instance|not executed||{}|math.add|math.add: no instance listens (unavailable)",
	"late":                                   "deadline_exceeded|helium.deadline|unknown||{}|math.add|math.add: no answer within 10000 ms (deadline_exceeded)",
	"closed":                                 "unavailable|helium.not_sent|not executed||{}|math.add|math.add: ClosedConnectionError (unavailable)",
	"not permitted":                          "permission_denied|helium.not_permitted|not executed||{}|math.add|math.add: PermissionViolationError (permission_denied)",
	"something else":                         "unavailable|helium.disconnected|unknown||{}|math.add|math.add: ProtocolError (unavailable)",
	"too large for a message":                "resource_exhausted|helium.call_too_large|not executed||{}|math.add|math.add: the arguments don't fit a message of this NATS server, see its max_payload (resource_exhausted)",
	"no subject":                             "unavailable|helium.not_sent|not executed||{}|math.add|math.add: InvalidSubjectError (unavailable)",
	"no time":                                "deadline_exceeded|helium.deadline|not executed||{}|math.add|math.add: no time is left: the timeout is 0 ms (deadline_exceeded)",
	"a call's time beyond timers":            "helium.call.math.add [1,2] 2147483647 Helium-Timeout=2147483647",
	"no instance's name":                     `invalid_argument|helium.bad_name|not executed||{}|math.add|math.add: "a.b" can't be the name of an instance (invalid_argument)`,
	"no number":                              "invalid_argument|helium.bad_argument|not executed||{}|math.add|math.add: JSON has no number NaN (invalid_argument)",
	"a bigint":                               "helium.call.math.add [1,1] 10000",
	"given up before":                        "canceled|helium.canceled|not executed||{}|math.add|math.add: the caller gave up (canceled)",
	"given up meanwhile":                     "canceled|helium.canceled|unknown||{}|math.add|math.add: the caller gave up (canceled)",
	"a stream without random numbers":        "failed_precondition|helium.streams_unsupported|not executed||{}|flows.mean|flows.mean: crypto.getRandomValues is missing here, which streams need; Node.js has it from version 19 on, and before once `globalThis.crypto` is the `webcrypto` of `node:crypto` (failed_precondition)",
	"many given up":                          []any{1.0, 0.0, 20.0},
	"to one instance":                        1.0,
	"with headers":                           "helium.call.math.add [1,2] 50 Helium-Timeout=50",

	"a stream":                       []any{2.0, "9007199254740993n"},
	"a stream's request":             "helium.call.flows.primes [12] timer 30000 true",
	"a stream's options":             "helium.at.flows.i7.primes [12] timer 50 true Helium-Timeout=50",
	"a time beyond timers":           "helium.call.flows.primes [12] timer 2147483647 true",
	"two ranges":                     2.0,
	"floats of a stream":             []any{map[string]any{"id": "9007199254740993n", "at": "", "price": 1e20}},
	"items that are sent":            "helium.call.flows.convert [2,[{\"id\":9007199254740993,\"at\":\"\",\"price\":1}]] timer 30000 true",
	"items of an async iterable":     "helium.call.flows.mean [[1,2,6]] 10000",
	"an iterable that throws":        "Error: no more",
	"too many items":                 "resource_exhausted|helium.call_too_large|not executed||{}|flows.mean|flows.mean: a plain request has its items in one message, and can't have more than 4194304 (resource_exhausted)",
	"an error behind items":          []any{1.0, `aborted|math.no|executed|i1|{"a":"b"}|flows.primes|flows.primes: no (aborted)`},
	"an item that isn't JSON":        []any{"internal|helium.bad_result|executed||{}|flows.primes|flows.primes: the answer isn't JSON (internal)"},
	"items that got lost":            []any{1.0, "data_loss|helium.stream_gap|executed||{}|flows.primes|flows.primes: 1 items came of 3 (data_loss)"},
	"no end":                         []any{1.0, "deadline_exceeded|helium.deadline|unknown||{}|flows.primes|flows.primes: the stream wasn't over within 1 ms (deadline_exceeded)"},
	"closed behind an item":          []any{1.0, "unavailable|helium.disconnected|unknown||{}|flows.primes|flows.primes: the connection to NATS was closed before the stream was over (unavailable)"},
	"given up in the loop":           []any{1.0, "canceled|helium.canceled|unknown||{}|flows.primes|flows.primes: the caller gave up (canceled)"},
	"nobody for a stream":            []any{"unavailable|helium.no_instance|not executed||{}|flows.primes|flows.primes: no instance listens (unavailable)"},
	"a stream given up before":       []any{"canceled|helium.canceled|not executed||{}|flows.primes|flows.primes: the caller gave up (canceled)"},
	"a stream given up meanwhile":    []any{1.0, "canceled|helium.canceled|unknown||{}|flows.primes|flows.primes: the caller gave up (canceled)"},
	"stopped when it was given up":   true,
	"stopped when the loop was left": true,
	"sent":                           []any{"helium.call.math.add [1,2] 10000", "helium.at.math.i7.add [3,4] 50"},
	"another prefix":                 "eu.call.math.add [5,6] 7",
}
