package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/rpcserver"
)

// librarysWords are what errors of the libraries say, and a command line doesn't know.
var librarysWords = regexp.MustCompile(`Config\b|\b(bus|broker|binder|rpcserver|rpcclient)(\.[A-Z]\w*)?: |\b(broker|binder|rpcserver|rpcclient)\.[A-Z]|\b(Listen|Dir|Users|Token|TLS|NKeySeed|Credentials|Lease|Replicas|InboxPrefix|AllowedOrigins)\b[^ "]*( |$)|strconv\.|pflag|examples/`)

func TestErrorsSpeakOfFlagsAndOfNoConfig(t *testing.T) {
	_, url := newBus(t, broker.Config{})
	_, closed := newBus(t, broker.Config{Token: "s3cret"})
	folder := t.TempDir()
	text := filepath.Join(folder, "text")
	check(t, os.WriteFile(text, []byte("no key"), 0o600))
	free := "--listen 127.0.0.1:0 "
	for line, want := range map[string]struct {
		exit int
		says string
	}{
		"ls -s http://x":            {cli.ExitUsage, "in --server"},
		"ls -s ,":                   {cli.ExitUsage, "--server lists no server"},
		"ls -s nats://a:1,ws://b:2": {cli.ExitUsage, "--server mixes"},
		"ls --password x -s " + url: {cli.ExitUsage, "there is --password and no --user"},
		"ls --user u --password p --token t -s " + url:          {cli.ExitUsage, "several kinds of credentials: --user with --password, --token; keep one"},
		"ls --creds a --nkey " + text + " -s " + url:            {cli.ExitUsage, "several kinds of credentials: --creds, --nkey; keep one"},
		"ls --token t -s nats://u:p@127.0.0.1:1":                {cli.ExitUsage, "several kinds of credentials: --token, credentials inside the URL"},
		"ls --creds nowhere -s " + url:                          {cli.ExitUsage, "check --creds"},
		"ls --creds " + text + " -s " + url:                     {cli.ExitUsage, "holds no user JWT"},
		"ls --nkey " + text + " -s " + url:                      {cli.ExitUsage, "the file of --nkey doesn't hold the seed"},
		"ls -s " + closed:                                       {cli.ExitNoBus, "give --user with --password, --token, --nkey or --creds"},
		"ls -s nats://127.0.0.1:1":                              {cli.ExitNoBus, "name another with --server or NATS_URL"},
		"ls -s tls://" + strings.TrimPrefix(url, "nats://"):     {cli.ExitNoBus, "TLS"},
		"doctor -s nats://127.0.0.1:1":                          {cli.ExitNoBus, "name another with --server"},
		"why m.x -s nats://127.0.0.1:1":                         {cli.ExitNoBus, "name another with --server"},
		"ls --prefix a..b":                                      {cli.ExitUsage, "--prefix: "},
		"serve math --prefix .":                                 {cli.ExitUsage, "--prefix: "},
		"binder --prefix *":                                     {cli.ExitUsage, "--prefix: "},
		"why m.x --prefix >":                                    {cli.ExitUsage, "--prefix: "},
		"binder --lease 1ms":                                    {cli.ExitUsage, "--lease 1ms: give 1s or more"},
		"binder --lease 0s":                                     {cli.ExitUsage, "--lease 0s: give 1s or more"},
		"binder --replicas 2":                                   {cli.ExitUsage, "--replicas 2: give 1, 3 or 5"},
		"binder --replicas 0":                                   {cli.ExitUsage, "--replicas 0: give 1, 3 or 5"},
		"serve math --delay -1s":                                {cli.ExitUsage, "--delay -1s: give"},
		"serve math --listen nonsense":                          {cli.ExitUsage, `--listen: "nonsense" is no address: write host:port`},
		"serve math --listen 127.0.0.1:0,unix:":                 {cli.ExitUsage, `--listen: "unix:" has no path`},
		"serve math --listen :0 --advertise x":                  {cli.ExitUsage, `--advertise: "x" is no address`},
		"serve math --listen :0 --advertise :0":                 {cli.ExitUsage, `--advertise: ":0" names no host`},
		"serve math --listen unix:x --advertise 127.0.0.1:0":    {cli.ExitUsage, `--advertise: "127.0.0.1:0" has port 0`},
		"serve math --advertise 10.0.0.7:7001":                  {cli.ExitUsage, "--advertise says how callers get to where --listen says; give both"},
		"broker --listen nonsense":                              {cli.ExitUsage, `--listen "nonsense" isn't an address`},
		"broker --listen 127.0.0.1:99999":                       {cli.ExitUsage, "--listen"},
		"broker --listen 0.0.0.0:0":                             {cli.ExitUsage, "give --tlscert with --tlskey, and --user with --password or --token, or listen"},
		"broker --listen 0.0.0.0:0 --token t":                   {cli.ExitUsage, "give --tlscert with --tlskey, or listen"},
		"broker --listen= ":                                     {cli.ExitUsage, "--listen is empty"},
		"broker --listen " + strings.TrimPrefix(url, "nats://"): {cli.ExitInternal, "--listen " + strings.TrimPrefix(url, "nats://") + " is in use"},
		"broker " + free + "--user a":                           {cli.ExitUsage, `--user "a" has no --password; give one`},
		"broker " + free + "--password x":                       {cli.ExitUsage, "there is --password and no --user"},
		"broker " + free + "--dir " + text + "/x":               {cli.ExitInternal, `--dir "` + text},
		"broker " + free + "--websocket x":                      {cli.ExitUsage, `--websocket "x" isn't an address`},
		"broker " + free + "--websocket 0.0.0.0:0":              {cli.ExitUsage, `--websocket "0.0.0.0:0" can be reached`},
		"broker " + free + "--websocket 127.0.0.1:0 --origin x": {cli.ExitUsage, `--origin "x" isn't one`},
		"broker " + free + "--origin https://x":                 {cli.ExitUsage, "--origin is for --websocket"},
		"broker " + free + "--tlscert " + text:                  {cli.ExitUsage, "--tlscert and --tlskey belong together"},
		"broker " + free + "--tlsca " + text:                    {cli.ExitUsage, "needs --tlscert with --tlskey"},
		"broker " + free + "--server x":                         {cli.ExitUsage, "--server says how to connect"},
		"dev " + free + "--creds x":                             {cli.ExitUsage, "--creds says how to connect"},
		"dev --listen nonsense":                                 {cli.ExitUsage, `--listen "nonsense" isn't an address`},
	} {
		r := heliumRun(t, strings.Split(line, " ")...)
		if strings.HasSuffix(line, "= ") {
			r = heliumRun(t, strings.Fields(line)...)
		}
		said := r.err + r.out
		if r.exit != want.exit || !strings.Contains(said, want.says) {
			t.Errorf("helium %s: got exit %d, want %d and %q; it says:\n%s", line, r.exit, want.exit, want.says, said)
		}
		plain := strings.NewReplacer("TLS with", "", "offer TLS", "", "/TLS", "").Replace(said)
		if word := librarysWords.FindString(plain); word != "" {
			t.Errorf("helium %s: got the library's word %q:\n%s", line, word, said)
		}
		if want.exit == cli.ExitUsage && !strings.Contains(line, "doctor") {
			words := strings.Fields(line)
			next := "next      helium " + words[0] + " --help"
			if words[0] == "serve" {
				next = "next      helium serve math --help"
			}
			if !strings.Contains(said, next) {
				t.Errorf("helium %s: got\n%s\nwant %s", line, said, next)
			}
		}
	}
}

// settings are the names of fields of Configs in texts of the libraries, but those of ConfigErrors, which stand in braces.
var settings = regexp.MustCompile(`(^|[^{])\bConfig\.[A-Z]`)

func TestNoTextOfTheLibrariesNamesASettingThatACommandLineDoesntKnow(t *testing.T) {
	// What only programs can do: no subcommand sets these.
	apart := regexp.MustCompile(`Config\.(Interceptors|PerMethod|OnEvent)`)
	looked := 0
	for _, folder := range []string{"rpcclient", "rpcserver", "binder", "bus", "internal/stream", "internal/link", "internal/direct"} {
		check(t, filepath.WalkDir(filepath.Join("../..", folder), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			check(t, err)
			ast.Inspect(file, func(n ast.Node) bool {
				literal, ok := n.(*ast.BasicLit)
				if !ok || literal.Kind != token.STRING {
					return true
				}
				text, err := strconv.Unquote(literal.Value)
				check(t, err)
				if strings.HasPrefix(text, "rpc") && !strings.Contains(text, " ") { // what others say in ", see "
					text = ", see " + text
				}
				if !settings.MatchString(text) || apart.MatchString(text) {
					return true
				}
				looked++
				if said := cli.InOurWords(text, nil); settings.MatchString(said) || librarysWords.MatchString(said) {
					t.Errorf("%s: of %q the command makes %q, want no setting of a program in it", path, text, said)
				}
				return true
			})
			return nil
		}))
	}
	if looked < 10 {
		t.Errorf("%d texts were looked at, want those that there are", looked)
	}
}

func TestWhatIsTooLargeIsToldWithoutSettingsOfPrograms(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serveOn(t, b, rpcserver.Config{MaxValue: 1 << 20}, "kinds", kinds{})
	t.Setenv("NATS_URL", url)
	large := filepath.Join(t.TempDir(), "large")
	check(t, os.WriteFile(large, []byte(`["`+strings.Repeat("a", 3<<20)+`"]`), 0o600))
	r := heliumRun(t, "call", "kinds.text", "-d", "@"+large)
	if want := "takes at most 1048576; whoever runs that server can allow more\n"; r.exit != cli.ExitArguments || !strings.Contains(r.err, want) {
		t.Errorf("got exit %d, want %d and %q; it says:\n%s", r.exit, cli.ExitArguments, want, r.err)
	}
	if word := librarysWords.FindString(r.err); word != "" {
		t.Errorf("got the library's word %q:\n%s", word, r.err)
	}
}

func TestWithoutABinderTheCommandThatRunsOneIsNamed(t *testing.T) {
	b, err := broker.Start(t.Context(), broker.Config{Listen: "127.0.0.1:0"})
	check(t, err)
	t.Cleanup(b.Close)
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	for _, args := range [][]string{{"ls"}, {"ls", "math"}, {"describe", "math"}, {"call", "math.add", "1", "2"}, {"ping"}, {"doctor"}, {"why", "math.add"}, {"gen", "ts"}, {"bench", "math.add"}} {
		r := heliumRun(t, append(args, "-s", b.URL())...)
		said := r.err + r.out
		if word := librarysWords.FindString(said); r.exit != cli.ExitNoBus || !strings.Contains(r.err, "helium binder") || word != "" {
			t.Errorf("helium %q: got exit %d, the word %q, and want helium binder named:\n%s", args, r.exit, word, said)
		}
	}
}

func TestWhatAServiceSaysIsNotSaidInOtherWords(t *testing.T) {
	const text = `bus: set Config.URL, or start one with binder.Start`
	if got := cli.InOurWords(text, nil); strings.Contains(got, "Config") {
		t.Errorf("of our own: got %q", got)
	}
	b, url := newBus(t, broker.Config{})
	serve(t, b, "talk", talker{text})
	if r := heliumRun(t, "call", "talk.fail", "-s", url); !strings.Contains(r.err, "helium: "+text+"\n") {
		t.Errorf("of a service: got %q, want its very words", r.err)
	}
}

type talker struct{ text string }

func (s talker) Fail() error { return errorText(s.text) }

type errorText string

func (e errorText) Error() string { return string(e) }

func TestWhoMayNotListIsToldAtOnce(t *testing.T) {
	_, url := newBus(t, broker.Config{Users: []broker.User{
		{Name: "limited", Password: "x", Publish: broker.Subjects{Deny: []string{"helium.binder.list", "helium.binder.lookup.>"}}},
		{Name: "deaf", Password: "x", Subscribe: broker.Subjects{Deny: []string{"_INBOX.deaf.>"}}},
		{Name: "binder", Password: "x"},
	}})
	for _, args := range [][]string{{"ls"}, {"ls", "math"}, {"ping"}, {"ping", "math"}, {"describe", "math"}, {"gen", "ts"}} {
		for _, user := range []string{"limited", "deaf"} {
			// Its time would be over long after that of the test.
			r := heliumRun(t, append(args, "-s", url, "--user", user, "--password", "x", "--timeout", "10m")...)
			if r.exit != cli.ExitNoBus || !strings.Contains(r.err, "this user may not") || !strings.Contains(r.err, "permission_denied (binder.not_permitted)") || strings.Contains(r.err, "level=") {
				t.Errorf("helium %q as %s: got exit %d and want the permission that is missing, once:\n%s", args, user, r.exit, r.err)
			}
		}
	}
}
