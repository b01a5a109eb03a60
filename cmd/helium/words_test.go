package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestTooManyWordsAreRefusedWithWhatTheSubcommandTakes(t *testing.T) {
	for line, want := range map[string]string{
		"ls a b":              `too many arguments: helium ls takes [service], and got "a" "b"`,
		"ping a b":            `too many arguments: helium ping takes [service], and got "a" "b"`,
		"describe a -2":       `too many arguments: helium describe takes service|service.method|method, and got "a" "-2"`,
		"why a b":             "too many arguments: helium why takes service.method, and got",
		"doctor a":            `too many arguments: helium doctor takes none, and got "a"`,
		"version a":           "too many arguments: helium version takes none, and got",
		"dev a":               "too many arguments: helium dev takes none, and got",
		"broker a":            "too many arguments: helium broker takes none, and got",
		"binder a":            "too many arguments: helium binder takes none, and got",
		"serve math a":        "too many arguments: helium serve math takes none, and got",
		"completion bash zsh": "too many arguments: helium completion takes bash|zsh|fish|powershell, and got",
		"gen go a b":          "too many arguments: helium gen go takes --type Interface [dir], and got",

		"describe":        "helium describe needs service|service.method|method",
		"why":             "helium why needs service.method",
		"call":            "helium call needs service.method",
		"bench":           "helium bench needs service.method",
		"completion":      "helium completion needs bash|zsh|fish|powershell",
		"completion ksh":  `there is no completion for the shell "ksh"; there is for bash, zsh, fish, powershell`,
		"gen nonsense":    `unknown command "nonsense" for "helium gen"`,
		"serve nonsense":  `unknown command "nonsense" for "helium serve"`,
		"help nonsense":   `there is no subcommand "nonsense"`,
		"help ls nothing": `there is no subcommand "ls" "nothing"`,
		"help gen x":      `there is no subcommand "gen" "x"`,

		"call m.x --at=":                         "--at is empty; give the instance, or leave it out",
		"call m.x --key=":                        "--key is empty; give the key, or leave it out",
		"call m.x --idempotency-key=":            "--idempotency-key is empty; give the key, or leave it out",
		"call m.x --each --idempotency-key a":    "--idempotency-key is for one call, and --each makes many",
		"call m.x --at a --key b":                "--at names an instance and --key picks one",
		"call m.x 1 --each":                      "--each takes the arguments of each call from a line of stdin or of --data",
		"call m.x 1 -d [1]":                      "arguments stand either on the command line or in --data",
		"call m.x -P 4":                          "-P says how many calls of --each are in flight at once; give --each as well",
		"call m.x --data=":                       "-d is empty; give the text, or leave it out",
		"bench m.x --assert=":                    "--assert is empty; give the goals, or leave it out",
		"bench m.x --html=":                      "--html is empty; give the file, or leave it out",
		"dev --dir=":                             "--dir is empty; give the folder, or leave it out",
		"broker --listen=":                       "--listen is empty; give an address",
		"serve math --listen=":                   "--listen is empty; give the addresses, or leave it out",
		"gen ts --out=":                          "--out is empty; give the file, or leave it out",
		"gen openrpc --title=":                   "--title is empty; give the title, or leave it out",
		"ls --output=":                           `-o "" isn't a form of output`,
		"top --by=":                              `--by "" can't be`,
		"top --sort=":                            `--sort "" can't be`,
		"call m.x --metadata a=1 --metadata a=2": `--metadata gives "a" twice`,

		"bench m.x -n x":                           `-n "x": give a whole number`,
		"bench m.x --rate x":                       `--rate "x": give a number`,
		"ls --timeout 99999999h":                   `--timeout "99999999h": give a shorter time, at most 2562047h, which is 292 years`,
		"bench math.add 1 2 -z 99999999h":          `-z "99999999h": give a shorter time, at most 2562047h, which is 292 years`,
		"ls --timeout soon":                        `--timeout "soon": give a time with its unit, such as 10s or 1h30m`,
		"call m.x --each=so":                       `--each "so": give true or false`,
		"ls --timeout":                             "--timeout needs a value",
		"ls --wrong":                               "unknown flag: --wrong",
		"ls -X":                                    "unknown flag: -X",
		"call m.x -P 1e9":                          `-P "1e9": give a whole number`,
		"bench m.x -n 1" + strings.Repeat("0", 30): "give a smaller number",
	} {
		words := strings.Split(line, " ")
		r := heliumRun(t, words...)
		if r.exit != cli.ExitUsage || !strings.Contains(r.err, want) || r.out != "" {
			t.Errorf("helium %s: got exit %d and %q, want %d and %s", line, r.exit, r.err, cli.ExitUsage, want)
		}
		next := "helium " + words[0] + " --help"
		if words[0] == "gen" || words[0] == "serve" {
			next = "helium " + words[0]
		}
		if words[0] == "help" {
			next = "helium --help"
		}
		if strings.HasPrefix(line, "help ls") || strings.HasPrefix(line, "help gen") {
			next = "helium " + words[1] + " --help"
		}
		if !strings.Contains(r.err, "  next      "+next) {
			t.Errorf("helium %s: got %q, want the next step %s", line, r.err, next)
		}
	}
}

func TestDataOfWhatIsNoFileIsRefused(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "kinds", kinds{})
	folder := t.TempDir()
	for data, says := range map[string]string{
		"@":                    "--data @ names no file",
		"@" + folder:           folder + " is a folder; name a file in it",
		"@" + folder + "/none": "no such file",
	} {
		for _, command := range []string{"call", "bench"} {
			r := heliumRun(t, command, "kinds.text", "-d", data, "-s", url)
			if r.exit != cli.ExitUsage || !strings.Contains(r.err, says) {
				t.Errorf("helium %s -d %s: got exit %d and %q, want exit %d and %q", command, data, r.exit, r.err, cli.ExitUsage, says)
			}
		}
	}
}

func TestWordsThatAreNotUTF8AreRefused(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "kinds", kinds{})
	file := filepath.Join(t.TempDir(), "latin1.json")
	check(t, os.WriteFile(file, []byte("[\"caf\xe9\"]"), 0o600))
	for _, args := range [][]string{
		{"call", "kinds.text", "caf\xe9"}, {"call", "kinds.text", "text=\xff"}, {"call", "kinds.text", `text:="` + "\xff" + `"`},
		{"call", "kinds.text", "-d", "[\"\xff\"]"}, {"call", "kinds.text", "x", "--metadata", "k=\xff"}, {"ls", "\xff"}, {"\xff"}, {"call", "kinds.text", "--", "\xed\xa0\x80"},
	} {
		r := heliumRun(t, append(args, "-s", url)...)
		if r.exit != cli.ExitUsage || !strings.Contains(r.err, "isn't UTF-8") {
			t.Errorf("helium %q: got exit %d and %q, want it refused as no UTF-8", args, r.exit, r.err)
		}
		next := "helium --help\n"
		if args[0] != "\xff" {
			next = "helium " + args[0] + " --help\n"
		}
		if !strings.Contains(r.err, "next      "+next) {
			t.Errorf("helium %q: got %q, want the next step %s", args, r.err, next)
		}
	}
	for _, args := range [][]string{{"-d", "@" + file}, {"--each", "-d", "@" + file}} {
		r := heliumRun(t, append([]string{"call", "kinds.text", "-s", url}, args...)...)
		if r.exit != cli.ExitArguments || !strings.Contains(r.err+r.out, "isn't UTF-8") {
			t.Errorf("helium call %q: got exit %d and %q, want it refused as no UTF-8", args, r.exit, r.err)
		}
	}
}

func TestJSONBehindAByteOrderMarkIsReadFromEverywhere(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "kinds", kinds{})
	const document = "\ufeff[\"x\"]"
	file := filepath.Join(t.TempDir(), "args.json")
	check(t, os.WriteFile(file, []byte(document), 0o600))
	for _, args := range [][]string{
		{"-d", document}, {"-d", "@" + file}, {"-d", "-"}, {"--each", "-o", "raw", "-d", "@" + file}, {"--each", "-o", "raw"}, {":=\ufeff\"x\""},
	} {
		r := heliumRunWith(t, strings.NewReader(document), append([]string{"call", "kinds.text", "-s", url}, args...)...)
		if r.exit != cli.ExitOK || strings.Trim(r.out, "\"\n") != "x" { // raw, without quotes
			t.Errorf("helium call %q: got exit %d and %q, want \"x\"; it says:\n%s", args, r.exit, r.out, r.err)
		}
	}
	// Within a text it is a character like others.
	if r := heliumRun(t, "call", "kinds.text", "\ufeffx", "-s", url); r.out != `"\ufeffx"`+"\n" {
		t.Errorf("got %q, want the mark, which is a part of the text", r.out)
	}
}

func TestALoadThatCantBeIsRefusedBeforeAnythingIsCalled(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	e := &echo{}
	serveOn(t, b, rpcserver.Config{}, "echo", e)
	for flag, values := range map[string][]string{
		"-n":       {"0", "-1"},
		"-c":       {"0", "-1", "1000000000"},
		"-z":       {"0", "0s", "-1s", "99999h"},
		"--rate":   {"0", "-1", "NaN", "Inf", "-Inf", "1e300", "1e-300"},
		"--warmup": {"-1s", "99999h"},
	} {
		for _, value := range values {
			r := heliumRun(t, "bench", "echo.say", "hello", "[1]", "true", flag, value, "-s", url)
			if r.exit != cli.ExitUsage || !strings.Contains(r.err, flag+" ") || !strings.Contains(r.err, "ask for") || !strings.Contains(r.err, "next      helium bench --help") {
				t.Errorf("helium bench %s %s: got exit %d and %q, want %d and what to give", flag, value, r.exit, r.err, cli.ExitUsage)
			}
		}
	}
	for _, value := range []string{"0", "-1", "1000000000000"} {
		if r := heliumRun(t, "call", "echo.say", "--each", "-P", value, "-s", url); r.exit != cli.ExitUsage || !strings.Contains(r.err, "-P "+value+": give 1 to") {
			t.Errorf("helium call -P %s: got exit %d and %q, want it refused", value, r.exit, r.err)
		}
	}
	if n := e.calls.Load(); n != 0 {
		t.Errorf("%d calls were made, want none", n)
	}
}

func TestAMeasurementInWhichNothingSucceededIsNoSuccess(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serveOn(t, b, rpcserver.Config{}, "evil", hostileService{})
	for _, more := range [][]string{nil, {"--assert", "err<=100%"}, {"-o", "json"}, {"--rate", "1000"}} {
		r := heliumRun(t, append([]string{"bench", "evil.fail", "-n", "5", "--warmup", "0s", "-s", url}, more...)...)
		if r.exit != cli.ExitMethod || !strings.Contains(r.err, "no call succeeded; 5 of 5 failed with") || r.out == "" {
			t.Errorf("helium bench %q: got exit %d and %q, want %d, and the figures:\n%s", more, r.exit, r.err, cli.ExitMethod, r.out)
		}
	}
	if r := heliumRun(t, "bench", "evil.text", "-z", "1ns", "--warmup", "0s", "-s", url); r.exit != cli.ExitUsage || !strings.Contains(r.err, "longer -z") {
		t.Errorf("without a single call: got exit %d and %q", r.exit, r.err)
	}
}
