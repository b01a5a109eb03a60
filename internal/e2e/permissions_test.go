package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// documentedUsers are the users of the configuration that docs/protocol.md gives.
func documentedUsers(t *testing.T) *server.Options {
	t.Helper()
	page, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "### Permissions\n")
	_, conf, found := strings.Cut(section, "```conf\n")
	if !found {
		t.Fatal("docs/protocol.md gives no configuration under Permissions")
	}
	conf, _, _ = strings.Cut(conf, "```")
	return configured(t, conf)
}

// configured returns the options of a NATS server on a port of its own, with JetStream.
func configured(t *testing.T, conf string) *server.Options {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "nats.conf")
	if err := os.WriteFile(file, []byte("listen: \"127.0.0.1:-1\"\n"+conf), 0o600); err != nil {
		t.Fatal(err)
	}
	options, err := server.ProcessConfigFile(file)
	if err != nil {
		t.Fatal(err)
	}
	options.JetStream, options.StoreDir, options.NoSigs, options.NoLog = true, dir, true, true
	return options
}

// guarded is a NATS server with users that may do what its options say. It notes what they
// tried beside that.
type guarded struct {
	t   *testing.T
	url string

	mu      sync.Mutex
	refused []string // guarded by mu
	stop    func()   // called when something is refused
}

func startGuarded(t *testing.T, options *server.Options, stop func()) *guarded {
	t.Helper()
	s, err := server.NewServer(options)
	if err != nil {
		t.Fatal(err)
	}
	g := &guarded{t: t, stop: stop}
	s.SetLogger(g, false, false)
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(patience) {
		t.Fatal("the NATS server doesn't start")
	}
	g.url = s.ClientURL()
	return g
}

// Errorf is told of violations, among other things.
func (g *guarded) Errorf(format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	if !strings.Contains(text, "Violation") {
		return
	}
	g.mu.Lock()
	g.refused = append(g.refused, text)
	g.mu.Unlock()
	g.stop()
}

func (*guarded) Noticef(string, ...any) {}
func (*guarded) Warnf(string, ...any)   {}
func (*guarded) Fatalf(string, ...any)  {}
func (*guarded) Debugf(string, ...any)  {}
func (*guarded) Tracef(string, ...any)  {}

func (g *guarded) violations() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.refused)
}

func (g *guarded) connect(ctx context.Context, user string) (*nats.Conn, error) {
	nc, err := bus.Connect(ctx, bus.Config{URL: g.url, User: user, Password: "…", Logger: quiet})
	if err == nil {
		g.t.Cleanup(nc.Close)
	}
	return nc, err
}

// sums is the service math, with a method that waits for the end of its context.
type sums struct{ entered, canceled chan struct{} }

func (sums) Add(a, b float64) float64 { return a + b }
func (sums) Sub(a, b float64) float64 { return a - b }

func (s sums) Wait(ctx context.Context) error {
	close(s.entered)
	<-ctx.Done()
	if errors.Is(ctx.Err(), context.Canceled) {
		close(s.canceled)
	}
	return ctx.Err()
}

// everything does with the three users all that they need permissions for.
func (g *guarded) everything(ctx context.Context) error {
	store, err := g.connect(ctx, "binder")
	if err != nil {
		return err
	}
	reg, err := binder.Start(ctx, store, binder.Config{Lease: time.Second, Logger: quiet})
	if err != nil {
		return err
	}
	defer reg.Close()
	serverConn, err := g.connect(ctx, "server")
	if err != nil {
		return err
	}
	srv := rpcserver.New(serverConn, rpcserver.Config{Logger: quiet, DrainTimeout: time.Second})
	impl := sums{make(chan struct{}), make(chan struct{})}
	if err := rpcserver.Register(srv, "math", impl); err != nil {
		return err
	}
	if err := srv.Start(ctx); err != nil {
		return err
	}
	defer func() { _ = srv.Shutdown(ctx) }()
	registered, err := lastWrite(ctx, store)
	if err != nil {
		return err
	}
	clientConn, err := g.connect(ctx, "client")
	if err != nil {
		return err
	}
	c, err := rpcclient.New(clientConn, rpcclient.Config{Logger: quiet})
	if err != nil {
		return err
	}
	defer c.Close()

	for range 20 {
		if err := callTogether(ctx, c); err != nil {
			return err
		}
	}
	if err := c.At(srv.Instance()).Call(ctx, "math.add", nil, 1, 2); err != nil {
		return err
	}
	if err := cancelWait(ctx, c, impl); err != nil {
		return err
	}
	for write := registered; write == registered; { // until the server has renewed
		if write, err = lastWrite(ctx, store); err != nil {
			return err
		}
	}
	return srv.Shutdown(ctx)
}

// callTogether calls two methods many times at the same moment, so that they share messages.
func callTogether(ctx context.Context, c *rpcclient.Client) error {
	errs := make([]error, 64)
	var calls sync.WaitGroup
	for i := range errs {
		calls.Go(func() {
			errs[i] = c.Call(ctx, []string{"math.add", "math.sub"}[i%2], nil, 1, 2)
		})
	}
	calls.Wait()
	return errors.Join(errs...)
}

// cancelWait gives up a call that has begun, and waits until its handler knows.
func cancelWait(ctx context.Context, c *rpcclient.Client, impl sums) error {
	giveUp, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- c.Call(giveUp, "math.wait", nil) }()
	select {
	case <-impl.entered:
	case err := <-ended:
		return fmt.Errorf("the call that waits has ended: %w", err)
	}
	cancel()
	<-ended
	select {
	case <-impl.canceled:
		return nil
	case <-ctx.Done():
		return errors.New("the handler isn't told that its caller gave up")
	}
}

// lastWrite returns the number of the last write to the store.
func lastWrite(ctx context.Context, nc *nats.Conn) (uint64, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return 0, err
	}
	stream, err := js.Stream(ctx, "KV_helium_registry")
	if err != nil {
		return 0, err
	}
	return stream.CachedInfo().State.LastSeq, nil
}

func TestTheDocumentedPermissionsAreEnough(t *testing.T) {
	t.Parallel()
	g := startGuarded(t, documentedUsers(t), func() {})
	if err := g.everything(testContext(t)); err != nil {
		t.Errorf("with the permissions of docs/protocol.md: %v", err)
	}
	if got := g.violations(); len(got) != 0 {
		t.Errorf("NATS refused what docs/protocol.md doesn't permit:\n%s", strings.Join(got, "\n"))
	}
}

func TestTheDocumentedPermissionsAreTheLeast(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"server", "client"} {
		user := userOf(t, documentedUsers(t), name)
		for _, publish := range user.Permissions.Publish.Allow {
			t.Run(name+" may not publish to "+publish, func(t *testing.T) {
				t.Parallel()
				options := documentedUsers(t)
				list := &userOf(t, options, name).Permissions.Publish.Allow
				*list = slices.DeleteFunc(*list, func(s string) bool { return s == publish })
				checkRefused(t, options)
			})
		}
		for _, subscribe := range user.Permissions.Subscribe.Allow {
			t.Run(name+" may not subscribe to "+subscribe, func(t *testing.T) {
				t.Parallel()
				options := documentedUsers(t)
				list := &userOf(t, options, name).Permissions.Subscribe.Allow
				*list = slices.DeleteFunc(*list, func(s string) bool { return s == subscribe })
				checkRefused(t, options)
			})
		}
	}
}

func TestAClientThatMayCallOneMethodCallsThatOneAlone(t *testing.T) {
	t.Parallel()
	options := documentedUsers(t)
	publish := &userOf(t, options, "client").Permissions.Publish.Allow
	*publish = []string{"helium.call.math.add", "helium.at.math.*.add", "helium.ctl.math.*", "helium.binder.lookup.>"}
	g := startGuarded(t, options, func() {})
	ctx := testContext(t)
	connect := func(user string) *nats.Conn {
		nc, err := g.connect(ctx, user)
		if err != nil {
			t.Fatal(err)
		}
		return nc
	}
	startBinder(t, connect("binder"), longLease)
	srv := serve(t, connect("server"), rpcserver.Config{}, "math", sums{})
	c := newClient(t, connect("client"), rpcclient.Config{})
	for _, client := range []*rpcclient.Client{c, c.At(srv.Instance())} {
		if err := client.Call(ctx, "math.add", nil, 1, 2); err != nil {
			t.Errorf("add: %v, want it to be called", err)
		}
		if err := client.Call(ctx, "math.sub", nil, 1, 2); !errors.Is(err, helium.ErrNotPermitted) {
			t.Errorf("sub: %v, want %v", err, helium.ErrNotPermitted)
		}
	}
}

// checkRefused checks that NATS refuses something that users with these permissions need.
func checkRefused(t *testing.T, options *server.Options) {
	t.Helper()
	ctx, stop := context.WithCancel(testContext(t))
	defer stop()
	g := startGuarded(t, options, stop)
	_ = g.everything(ctx) // it ends where something is refused, or fails for it
	if len(g.violations()) == 0 {
		t.Error("NATS refused nothing; docs/protocol.md permits more than is needed")
	}
}

func userOf(t *testing.T, options *server.Options, name string) *server.User {
	t.Helper()
	i := slices.IndexFunc(options.Users, func(u *server.User) bool { return u.Username == name })
	if i < 0 {
		t.Fatalf("docs/protocol.md has no user %q", name)
	}
	return options.Users[i]
}
