package node_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcserver"
)

// serveDirect serves math and probe where callers get by direct links as well.
func serveDirect(t *testing.T, n *network, config rpcserver.Config) *rpcserver.Server {
	t.Helper()
	config.Logger = quiet
	srv := rpcserver.New(n.conn(), config)
	if err := rpcserver.Register[mathsvc.Service](srv, "math", mathsvc.New()); err != nil {
		t.Fatal(err)
	}
	if err := srv.Handle(new(probe).service()); err != nil {
		t.Fatal(err)
	}
	if err := rpcserver.Register(srv, "flows", new(flows)); err != nil {
		t.Fatal(err)
	}
	if err := srv.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel() // calls that still wait are cut
		_ = srv.Shutdown(ended)
	})
	return srv
}

func TestNodeCallsByDirectLinks(t *testing.T) {
	t.Parallel()
	places := map[string]struct { // by how the address begins that is dialed
		listen, advertise string
		encrypted         bool
	}{
		"127.0.0.1:": {listen: "127.0.0.1:0"},
		"[::1]:":     {listen: "[::1]:0"},
		"unix:":      {listen: "unix:" + t.TempDir()},
		// Names, of which nobody knows that they lead to this host before they do.
		"LOCALHOST:":       {listen: "127.0.0.1:0", advertise: "LOCALHOST:0", encrypted: true},
		"plain:LOCALHOST:": {listen: "plain:127.0.0.1:0", advertise: "plain:LOCALHOST:0"},
	}
	for begin, at := range places {
		t.Run(begin, func(t *testing.T) {
			n := newNetwork(t, binder.Config{})
			srv := serveDirect(t, n, rpcserver.Config{Listen: at.listen, Advertise: at.advertise})
			encrypted := at.encrypted
			runTests(t, n, "test/direct.mjs", "HELIUM_DIRECT="+begin, fmt.Sprint("HELIUM_ENCRYPTED=", encrypted))
			if s := srv.Stats(); s.DirectReplies < 500 || s.DirectRefused != 0 || s.DirectBroken != 0 {
				t.Errorf("the server answered %d calls by direct links, refused %d of them and ended %d for what came; want at least 500, and none", s.DirectReplies, s.DirectRefused, s.DirectBroken)
			}
		})
	}
}

func TestNodeStreamsAndSendsLargeValuesByDirectLinks(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, binder.Config{})
	serveDirect(t, n, rpcserver.Config{Listen: "127.0.0.1:0"})
	runTests(t, n, "test/directflows.mjs")
}

func TestNodeCallsSurviveFaultsOfDirectLinks(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, binder.Config{})
	listens, dialed := filepath.Join(t.TempDir(), "l"), filepath.Join(t.TempDir(), "d")
	serveDirect(t, n, rpcserver.Config{Listen: "unix:" + listens, Advertise: "unix:" + dialed})
	runTests(t, n, "test/directfaults.mjs", "HELIUM_LISTENS="+listens, "HELIUM_DIALED="+dialed)
}

func TestNodeLosesNoCallWhenAServerWithADirectLinkStops(t *testing.T) {
	n := newNetwork(t, binder.Config{})
	stops := serveDirect(t, n, rpcserver.Config{Listen: "127.0.0.1:0"})
	serveDirect(t, n, rpcserver.Config{})
	onceLinked(t, n, "test/directdrain.mjs", func() {
		if err := stops.Shutdown(t.Context()); err != nil {
			t.Errorf("stopping: %v", err)
		}
	})
}

func TestNodeCallsOnByADirectLinkWhileNoBrokerIsThere(t *testing.T) {
	n := newNetwork(t, binder.Config{})
	serveDirect(t, n, rpcserver.Config{Listen: "127.0.0.1:0"})
	onceLinked(t, n, "test/directalone.mjs", n.broker.Close)
}

// onceLinked runs a program that says when it is linked, does something then, and waits for the
// end of the program.
func onceLinked(t *testing.T, n *network, file string, do func()) {
	t.Helper()
	var said, wrong lines
	program := node(t, []string{"HELIUM_URL=" + n.broker.URL()}, file)
	program.Stdout, program.Stderr = &said, &wrong
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- program.Wait() }()
	eventually(t, "the program is linked", func() bool { return strings.Contains(said.String(), "linked") || len(ended) > 0 })
	do()
	if err := <-ended; err != nil {
		t.Errorf("%v\n%s", err, wrong.String())
	}
}

// runTests runs tests in JavaScript that the others don't know the world of.
func runTests(t *testing.T, n *network, file string, environment ...string) {
	t.Helper()
	out, err := node(t, append(environment, "HELIUM_URL="+n.broker.URL()), "--test", "--test-reporter=tap", file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
