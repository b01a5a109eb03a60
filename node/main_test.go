package node_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/internal/leak"
)

func TestMain(m *testing.M) {
	if url, listen, is := strings.Cut(os.Getenv(partVariable), " "); is {
		if err := playPart(url, listen); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(leak.Run(m))
}

const (
	// patience bounds what is expected to happen soon; only a failing test waits for it.
	patience = 30 * time.Second
	// nodePatience bounds a run of node, and installing its packages.
	nodePatience = 4 * time.Minute
)

var quiet = slog.New(slog.DiscardHandler)

// network is a broker that other processes reach, by TCP and by websocket, and a binder.
type network struct {
	t      *testing.T
	broker *broker.Broker
}

func newNetwork(t *testing.T, config binder.Config) *network {
	t.Helper()
	b, err := broker.Start(t.Context(), broker.Config{
		Listen: "127.0.0.1:0", Logger: quiet,
		Websocket: &broker.Websocket{AllowedOrigins: []string{"http://allowed.example"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	n := &network{t, b}
	config.Memory, config.Logger = true, quiet
	reg, err := binder.Start(t.Context(), n.conn(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(reg.Close)
	return n
}

func (n *network) conn() *nats.Conn {
	n.t.Helper()
	nc, err := n.broker.Connect(n.t.Name())
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(nc.Close)
	return nc
}

// node returns a command that runs a program of this folder.
func node(t *testing.T, environment []string, args ...string) *exec.Cmd {
	t.Helper()
	install(t)
	// Programs that this process doesn't open are none of go test's business: it would
	// repeat an old result when they change. It notes that the folder was read.
	if _, err := os.ReadDir("."); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), nodePatience)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, tool(t, "node"), args...)
	cmd.Env = append(os.Environ(), environment...)
	cmd.WaitDelay = patience // from its end until all it said is here
	return cmd
}

// tool returns the path of a program that these tests can't do without.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%v; install Node.js 18.19 or newer with npm: apt-get install nodejs npm, or https://nodejs.org", err)
	}
	return path
}

// installing makes sure that one test of this process installs at a time.
var installing sync.Mutex

// install fetches the packages that package-lock.json names, unless they are there from
// an earlier run.
func install(t *testing.T) {
	t.Helper()
	installing.Lock()
	defer installing.Unlock()
	lock, err := os.ReadFile("package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(lock)
	oldEnough(t)
	stamp, want := filepath.Join("node_modules", ".helium-stamp"), hex.EncodeToString(sum[:])
	installed := func() bool {
		have, err := os.ReadFile(stamp)
		return err == nil && string(have) == want
	}
	if installed() {
		return
	}
	// They are put in their place whole: another run of these tests may be at it as well.
	// What begins with a dot, go list and others that walk the tree leave alone.
	temp, err := os.MkdirTemp(".", ".install-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(temp)
	for _, name := range []string{"package.json", "package-lock.json"} {
		text, err := os.ReadFile(name)
		if err == nil {
			err = os.WriteFile(filepath.Join(temp, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), nodePatience)
	defer cancel()
	npm := exec.CommandContext(ctx, tool(t, "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
	npm.Dir, npm.WaitDelay = temp, patience
	if out, err := npm.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v; it needs the network the first time\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(temp, stamp), []byte(want), 0o600); err != nil {
		t.Fatal(err)
	}
	if installed() {
		return
	}
	if err := os.RemoveAll("node_modules"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(temp, "node_modules"), "node_modules"); err != nil && !installed() {
		t.Fatal(err)
	}
}

// oldEnough fails a test if node is too old to run it.
func oldEnough(t *testing.T) {
	t.Helper()
	out, err := exec.Command(tool(t, "node"), "--version").Output()
	if err != nil {
		t.Fatalf("node --version: %v", err)
	}
	var major, minor int
	if _, err := fmt.Sscanf(string(out), "v%d.%d", &major, &minor); err != nil {
		t.Fatalf("node --version says %q: %v", out, err)
	}
	if major < 18 || major == 18 && minor < 19 {
		t.Fatalf("node is %s; install Node.js 18.19 or newer, see https://nodejs.org", bytes.TrimSpace(out))
	}
}

// lines collects what a program says, a line at a time.
type lines struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// eventually polls until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still not so after %v: %s", patience, what)
		}
	}
}

// wholeLine returns the rest of the line that begins so, "" until it has come.
func wholeLine(text, begin string) string {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, begin); ok && strings.HasSuffix(rest, "\n") {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}
