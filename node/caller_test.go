package node_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcserver"
	"github.com/helium-rpc/helium/schema"
)

// TestNodeCalls runs the tests in test/, written in JavaScript: a caller made from
// docs/protocol.md and the vectors, NATS's own library for services, and the client that
// Helium generates, against services in Go.
func TestNodeCalls(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, binder.Config{})
	math := rpcserver.New(n.conn(), rpcserver.Config{Version: "1.2.3", Logger: quiet})
	if err := rpcserver.Register[mathsvc.Service](math, "math", mathsvc.New()); err != nil {
		t.Fatal(err)
	}
	probing := rpcserver.New(n.conn(), rpcserver.Config{Logger: quiet})
	if err := probing.Handle(new(probe).service()); err != nil {
		t.Fatal(err)
	}
	flowing := rpcserver.New(n.conn(), rpcserver.Config{Logger: quiet})
	if err := rpcserver.Register(flowing, "flows", new(flows)); err != nil {
		t.Fatal(err)
	}
	for _, srv := range []*rpcserver.Server{math, probing, flowing} {
		if err := srv.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			ended, cancel := context.WithCancel(context.Background())
			cancel() // calls that still wait are cut
			_ = srv.Shutdown(ended)
		})
	}
	files, err := filepath.Glob("test/*.test.mjs")
	if err != nil || len(files) < 5 {
		t.Fatalf("got the files %q, %v; want at least five", files, err)
	}
	vectors, instance := newVectorsService(t)
	environment := []string{
		"HELIUM_CONFORMANCE_URL=" + vectors.broker.URL(),
		"HELIUM_CONFORMANCE_INSTANCE=" + instance,
		"HELIUM_REGISTRY_URL=" + newNetwork(t, binder.Config{}).broker.URL(),
		"HELIUM_URL=" + n.broker.URL(),
		"HELIUM_WEBSOCKET=" + n.broker.WebsocketURL(),
		"HELIUM_MATH_INSTANCE=" + math.Instance(),
		"HELIUM_VECTORS=" + absolute(t, "../testdata/vectors"),
		"HELIUM_TYPESCRIPT=" + generated(t, n),
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			out, err := node(t, environment, "--test", "--test-reporter=tap", file).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for _, want := range []string{`\n# pass [1-9]`, `\n# fail 0\n`, `\n# skipped 0\n`, `\n# todo 0\n`} {
				if !regexp.MustCompile(want).Match(out) {
					t.Errorf("got no %q, want every test to run and to pass:\n%s", want, out)
				}
			}
		})
	}
}

func TestAFewLinesOfNodeFindAServiceAndCallIt(t *testing.T) {
	n := newNetwork(t, binder.Config{})
	srv := rpcserver.New(n.conn(), rpcserver.Config{Version: "1.2.3", Logger: quiet})
	if err := srv.Handle(calculator()); err != nil {
		t.Fatal(err)
	}
	if err := srv.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer srv.Shutdown(context.Background())
	var out []byte
	var err error
	for range 5 {
		out, err = node(t, []string{"NATS_URL=" + n.broker.URL()}, "hello.mjs").CombinedOutput()
		if string(out) != "2 + 3 = 5\n" {
			break
		}
		// The library waits two seconds for services, which may be too short on a busy machine.
	}
	if want := "math 1.2.3 [ 'add(a float64, b float64) float64' ]\n2 + 3 = 5\n"; string(out) != want || err != nil {
		t.Errorf("got %v and\n%swant\n%s", err, out, want)
	}
	program, err := os.ReadFile("hello.mjs")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(program), "\n\n") // below the comment
	if !strings.Contains(string(readme), "```js\n"+code+"```\n") {
		t.Errorf("README.md doesn't show hello.mjs as it is, want\n%s", code)
	}
}

// generated returns a folder with the client that Helium generates from the registry and
// a program that uses it.
func generated(t *testing.T, n *network) string {
	t.Helper()
	registry, err := binder.NewClient(n.conn(), "")
	if err != nil {
		t.Fatal(err)
	}
	records, err := registry.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	services, err := schema.Services(records)
	if err != nil {
		t.Fatal(err)
	}
	client, err := schema.TypeScript(services, schema.Config{})
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	files := map[string][]byte{"client.ts": client, "package.json": []byte(`{"type": "module"}`)}
	for _, name := range []string{"use.ts", "tsconfig.json"} {
		if files[name], err = os.ReadFile(filepath.Join("typescript", name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
