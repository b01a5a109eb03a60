package main

import (
	"context"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/arguments"
	"github.com/helium-rpc/helium/cmd/helium/internal/lookup"
	"github.com/helium-rpc/helium/internal/shell"
	"github.com/helium-rpc/helium/rpcserver"
)

// hostileText is what a terminal acts upon or hides, and a line of somebody else's.
const hostileText = "\x1b[2J\x1b]0;owned\x07\u009b31m\u202eevil\u2066\u200e\u061c\u200b\ufeff\rover\x00\x7f\U000e0041\n  code      forged"

// hostileService answers with it.
type hostileService struct{}

func (hostileService) Text(context.Context) (string, error) { return hostileText, nil }
func (hostileService) Fail(context.Context) error {
	return &helium.Error{Code: helium.CodeInternal, Reason: "hostile." + hostileText, Message: hostileText, Details: map[string]string{hostileText: hostileText}}
}

// hostileBus has a service and an answer to $SRV.STATS that say it wherever they can.
func hostileBus(t *testing.T) (url string) {
	t.Helper()
	b, url := newBus(t, broker.Config{})
	serveOn(t, b, rpcserver.Config{Version: "1.0.0"}, "evil", hostileService{})
	nc, err := b.Connect("stranger")
	check(t, err)
	t.Cleanup(nc.Close)
	registry, err := binder.NewClient(nc, "")
	check(t, err)
	_, err = registry.Register(t.Context(), binder.Record{
		Service: "evil", Instance: "istranger", Version: "2.0.0" + hostileText, Started: time.Now().Add(time.Hour),
		Metadata: map[string]string{"k" + hostileText: hostileText},
		Methods: []binder.Method{
			{Name: "text", Signature: "text() string", Doc: hostileText, Errors: []binder.MethodError{{Code: hostileText, Reason: hostileText, Message: hostileText}}},
			{Name: "fail", Signature: "fail()"},
			{Name: "odd", Signature: `odd(` + inJSON(t, hostileText) + ` string, p Pair) {` + inJSON(t, hostileText) + ` int8}`, Example: &binder.Example{Args: []byte(`[` + inJSON(t, hostileText) + `,{}]`), Result: []byte(inJSON(t, hostileText))}},
		},
		Types:    map[string]string{"Pair": `{` + inJSON(t, hostileText) + ` int8?}`},
		Doc:      hostileText,
		TypeDocs: map[string]binder.TypeDoc{"Pair": {Doc: hostileText, Fields: map[string]string{hostileText: hostileText}, WithEnums: hostileText}},
		Enums: map[string]binder.Enum{
			"Color":     {Type: "string", Doc: hostileText, Values: []binder.EnumValue{{Name: hostileText, Value: []byte(inJSON(t, hostileText)), Doc: hostileText}}},
			hostileText: {Type: hostileText, Values: []binder.EnumValue{{Name: hostileText, Value: []byte("null"), Doc: hostileText}}},
		},
	})
	check(t, err)
	stats := map[string]any{
		"name": "evil" + hostileText, "id": "i" + hostileText, "version": "1.0.0", "started": time.Now(),
		"endpoints": []map[string]any{{"name": hostileText, "num_requests": 1, "num_errors": 1, "last_error": hostileText}},
	}
	answer, err := json.Marshal(stats)
	check(t, err)
	sub, err := nc.SubscribeSync("$SRV.STATS")
	check(t, err)
	go func() {
		for {
			m, err := sub.NextMsg(time.Hour)
			if err != nil {
				return
			}
			_ = m.Respond(answer)
		}
	}()
	check(t, nc.Flush())
	return url
}

func inJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	check(t, err)
	return string(text)
}

func TestNothingThatOthersWroteReachesATerminalAsItCame(t *testing.T) {
	url := hostileBus(t)
	t.Setenv("HELIUM_COMPLETION_TIME", testPatience.String())
	for _, command := range []string{
		"ls", "ls evil", "ls -o json", "ls evil -o json", "ls evil -o ndjson", "ls -o raw",
		"describe evil", "describe evil.odd", "describe evil -o json", "describe evil -o raw",
		"call evil.text", "call evil.text -o json", "call evil.text -o ndjson", "call evil.text --each -d []",
		"call evil.fail", "call evil.fail -o json", "call evil.fail --each -d []", "call evil.fail --each -o raw -d []", "call evil.odd",
		"ping", "ping evil", "ping -o json", "why evil.text", "why evil.odd", "why evil.fail -o json",
		"bench evil.fail -n 3 --warmup 0s", "bench evil.fail -n 3 --warmup 0s -o json",
		"top --once", "top --once -o json", "top --once -o raw", "doctor", "doctor -o json",
		"gen ts evil", "gen openrpc evil", "__complete -s URL ls ", "__complete -s URL ls ev",
		"nonsense\x1b[2J\u202e", "ls --\u009b", "describe evil.\u202e", "call evil.text --metadata \x1b[2J",
	} {
		words := strings.Split(strings.ReplaceAll(command, "URL", url), " ")
		if words[0] != "__complete" { // whose last word is the one to complete
			words = append(words, "-s", url)
		}
		r := heliumRun(t, words...)
		if !strings.Contains(r.out+r.err, "evil") && !strings.Contains(command, "ls --") && !strings.Contains(command, "nonsense") && !strings.Contains(command, "doctor") && !strings.Contains(command, "--metadata") {
			t.Errorf("helium %q: got nothing of the service; this says nothing:\n%s%s", command, r.out, r.err)
		}
		for _, text := range []string{r.out, r.err} {
			if at := strings.IndexFunc(text, func(c rune) bool {
				return c != '\n' && c != '\t' && (unicode.IsControl(c) || unicode.In(c, unicode.Cf)) || c == unicode.ReplacementChar
			}); at >= 0 {
				t.Errorf("helium %q: got %q, want what a terminal only shows", command, text[max(0, at-40):min(len(text), at+40)])
			}
			if strings.Contains("\n"+text, "\n  code      forged") {
				t.Errorf("helium %q: got somebody else's line among ours:\n%s", command, text)
			}
		}
	}
}

func TestJSONHasTheSameValuesWhateverIsInThem(t *testing.T) {
	url := hostileBus(t)
	for _, form := range []string{"json", "ndjson", "table"} {
		r := heliumRun(t, "call", "evil.text", "-s", url, "-o", form)
		var got string
		if err := json.Unmarshal([]byte(r.out), &got); err != nil || got != hostileText {
			t.Errorf("-o %s: got %q, %v; want %q", form, r.out, err, hostileText)
		}
	}
	if r := heliumRun(t, "call", "evil.text", "-s", url, "-o", "raw"); r.out != hostileText+"\n" {
		t.Errorf("-o raw to a program: got %q, want the very text %q", r.out, hostileText)
	}
	r := heliumRun(t, "describe", "evil", "-s", url, "-o", "json")
	var d struct {
		Versions []string
		Methods  []struct{ Name, Doc string }
	}
	check(t, json.Unmarshal([]byte(r.out), &d))
	if len(d.Versions) == 0 || d.Versions[0] != "2.0.0"+hostileText || len(d.Methods) == 0 || d.Methods[0].Doc != hostileText {
		t.Errorf("describe -o json: got %+v, want the version and the comment as they are", d)
	}
}

func TestTheBindersLogShowsWhatComes(t *testing.T) {
	b, err := broker.Start(t.Context(), broker.Config{Listen: "127.0.0.1:0"})
	check(t, err)
	t.Cleanup(b.Close)
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	p := startProcess(t, "binder", "-s", b.URL())
	eventually(t, "the binder is there", func() bool { return strings.Contains(p.out.String(), "Online") }, p)
	nc, err := b.Connect("stranger")
	check(t, err)
	t.Cleanup(nc.Close)
	registry, err := binder.NewClient(nc, "")
	check(t, err)
	_, err = registry.Register(t.Context(), binder.Record{Service: "evil", Instance: "i1", Version: hostileText})
	check(t, err)
	eventually(t, "it says what was registered", func() bool { return strings.Contains(p.out.String(), "evil/i1") }, p)
	if got := p.out.String(); strings.ContainsAny(got, "\x1b\r\u202e\u009b") || strings.Count(got, "\n") != 2 {
		t.Errorf("got %q, want two lines that a terminal only shows", got)
	}
}

func TestColumnsStandBelowEachOtherWhateverIsInThem(t *testing.T) {
	url := registryWith(t,
		binder.Record{Service: "wide", Instance: "i1", Version: "漢字", Methods: []binder.Method{}},
		binder.Record{Service: "wide", Instance: "i2", Version: "e\u0301e\u0301\u202e", Methods: []binder.Method{}},
		binder.Record{Service: "wide", Instance: "i3", Version: "1\n2\t3", Methods: []binder.Method{}},
	)
	r := heliumRun(t, "ls", "wide", "-s", url)
	lines := strings.Split(r.out, "\n")
	// A wide character has two columns and a combining one none; an escape has six.
	for i, want := range []string{"INSTANCE   VERSION    UP   LINKS   METHODS   METADATA", "i1         漢字            bus", "i2         e\u0301e\u0301\\u202e        bus", `i3         1\n2\t3         bus`} {
		if got := strings.TrimRight(lines[i], " "); got != want {
			t.Errorf("line %d: got %q, want %q", i, got, want)
		}
	}
}

var placeholder = regexp.MustCompile(` <[a-zA-Z_][a-zA-Z0-9_]*>\s*$`)

func TestTheLineToTryDoesNothingButTheCall(t *testing.T) {
	folder := t.TempDir()
	const touch = "touch owned"
	texts := []string{
		"$(" + touch + ")", "`" + touch + "`", "; " + touch, "' ; " + touch + " ; '", "\n" + touch, "| " + touch, "> owned", "a=b", "a:=1",
		"-o", "--help", ":=1", "=ls", "~", "*", "\\", "\"$(" + touch + ")\"", "!!", "it's", "", "#", "aGk=", "null", "true", hostileText, "tab\there", "<&>",
	}
	// A method for each text, as an argument of each type that takes it, as the result, as
	// the name of a parameter, and where a number should be.
	var methods []binder.Method
	for i, text := range texts {
		quoted := inJSON(t, text)
		add := func(kind, signature string, example *binder.Example) {
			name := kind + strconv.Itoa(i)
			methods = append(methods, binder.Method{Name: name, Signature: name + signature, Example: example})
		}
		add("text", "(string) string", &binder.Example{Args: []byte("[" + quoted + "]"), Result: []byte(quoted)})
		add("any", "(any, string?)", &binder.Example{Args: []byte("[" + quoted + ",\n" + quoted + "]"), Result: []byte("[" + quoted + ",\n" + quoted + "]")})
		add("number", "(int8, bool)", &binder.Example{Args: []byte("[" + quoted + "," + quoted + "]")})
		name := quoted
		if text == "" {
			name = "x"
		}
		add("named", "("+name+" string)", nil)
		add("object", "("+name+" string)", &binder.Example{Args: []byte("{" + quoted + ":\n" + quoted + "}")})
	}
	url := registryWith(t, binder.Record{Service: "evil", Instance: "i1", Methods: methods})
	r := heliumRun(t, "describe", "evil", "-s", url)
	// The helium of this shell prints its words, a line each and quoted.
	script := "helium() { for word; do printf '%s\\0' \"$word\"; done; printf '\\n\\0'; }\n"
	lines := 0
	for line := range strings.Lines(r.out) {
		if try, ok := strings.CutPrefix(strings.TrimSpace(line), "try: "); ok {
			if lines++; placeholder.MatchString(try) {
				try = "helium placeholder" // which no shell takes
			}
			script += try + "\n"
		}
	}
	if lines != len(methods) {
		t.Fatalf("got %d lines to try, want %d:\n%s", lines, len(methods), r.out)
	}
	for _, shell := range []string{"sh", "bash", "dash", "zsh"} {
		path, err := exec.LookPath(shell)
		if err != nil {
			continue // sh is everywhere
		}
		cmd := exec.Command(path, "-c", script)
		cmd.Dir = folder
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", shell, err, out)
		}
		if left, _ := filepath.Glob(filepath.Join(folder, "*")); len(left) > 0 {
			t.Fatalf("%s: the lines made %v", shell, left)
		}
		calls := strings.Split(string(out), "\n\x00")
		for i, text := range texts {
			words := strings.Split(strings.TrimSuffix(calls[5*i], "\x00"), "\x00")
			m, err := lookup.ParseMethod("f(string)", nil)
			check(t, err)
			if len(words) != 3 {
				t.Errorf("%s: the line for %q has the words %q, want three", shell, text, words)
				continue
			}
			if strings.HasPrefix(words[2], "-") {
				t.Errorf("%s: the line for %q has the word %q, which is a flag", shell, text, words[2])
			}
			got, err := arguments.ParseWords(m, words[2:], -1)
			want, _ := arguments.ParseDocument(m, []byte("["+inJSON(t, text)+"]"))
			if err != nil || string(got[0]) != string(want[0]) {
				t.Errorf("%s: the line for the text %q gives %q, %v", shell, text, got, err)
			}
		}
	}
}

func TestWhatIsSuggestedAfterAnErrorIsQuoted(t *testing.T) {
	_, url := newBus(t, broker.Config{})
	for _, args := range [][]string{
		{"describe", "$(touch owned)"}, {"call", "math.$(touch owned)"}, {"ls", "`touch owned`"}, {"ping", "a;touch owned"},
	} {
		r := heliumRun(t, append(args, "-s", url)...)
		for line := range strings.Lines(r.err) {
			next, ok := strings.CutPrefix(line, "  next      ")
			if ok && strings.Contains(next, "touch") && !strings.Contains(next, "'"+args[1]+"'") {
				t.Errorf("helium %q: got the next step %q, want the word in quotes", args, next)
			}
		}
	}
	if got, want := shell.Line("helium", "why", "a b", "it's"), `helium why 'a b' 'it'\''s'`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
