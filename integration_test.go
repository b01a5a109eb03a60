package helium_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/loopback"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// checkArithmetic calls the service "math" in every way that there is.
func checkArithmetic(t *testing.T, c *rpcclient.Client) {
	t.Helper()
	ctx := testContext(t)
	var stub struct {
		Add, Sub, Mul, Div func(ctx context.Context, a, b float64) (float64, error)
	}
	if err := c.Bind("math", &stub); err != nil {
		t.Fatalf("Bind: %v", err)
	}
	generated := mathsvc.NewClient(c)
	for _, m := range []struct {
		name             string
		generated, bound func(ctx context.Context, a, b float64) (float64, error)
		want             float64
	}{
		{"add", generated.Add, stub.Add, 9}, {"sub", generated.Sub, stub.Sub, 5},
		{"mul", generated.Mul, stub.Mul, 14}, {"div", generated.Div, stub.Div, 3.5},
	} {
		single, err := rpcclient.Func[func(context.Context, float64, float64) (float64, error)](c, "math."+m.name)
		if err != nil {
			t.Fatalf("Func of math.%s: %v", m.name, err)
		}
		named := func(name string) func(context.Context, float64, float64) (float64, error) {
			return func(ctx context.Context, a, b float64) (float64, error) {
				return rpcclient.Call[float64](ctx, c, name, a, b)
			}
		}
		for way, call := range map[string]func(context.Context, float64, float64) (float64, error){
			"generated": m.generated, "bound": m.bound, "function": single,
			"by name": named("math." + m.name), "by bare name": named(m.name),
		} {
			if got, err := call(ctx, 7, 2); err != nil || got != m.want {
				t.Errorf("%s, %s: %s(7, 2) = %v, %v; want %v, nil", way, m.name, m.name, got, err, m.want)
			}
		}
	}
	if _, err := stub.Div(ctx, 1, 0); !errors.Is(err, mathsvc.ErrDivisionByZero) || helium.OutcomeOf(err) != helium.Executed {
		t.Errorf("div(1, 0): error %v, outcome %v; want ErrDivisionByZero, executed", err, helium.OutcomeOf(err))
	}
}

func TestTheWholeSystemWorksInOneProcess(t *testing.T) {
	t.Parallel()
	env := heliumtest.New(t)
	heliumtest.Serve(env, "math", mathsvc.New())
	checkArithmetic(t, env.Client)
}

func TestTheWholeSystemWorksOverTCP(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	serve(t, n.dial(), rpcserver.Config{}, "math", mathsvc.New())
	checkArithmetic(t, n.client(rpcclient.Config{}))
}

// buildExamples builds the example programs and returns their folder.
func buildExamples(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	args := []string{"build", "-o", dir + string(filepath.Separator)}
	for _, name := range names {
		args = append(args, "./examples/"+name)
	}
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return dir
}

// lineWith returns the first line that holds a text; the program must print it soon.
// Other lines may stand before it, and are there for a later lineWith.
func (p *process) lineWith(text string) string {
	p.t.Helper()
	for i := 0; ; i++ {
		if i == len(p.seen) {
			p.seen = append(p.seen, receive(p.t, fmt.Sprintf("a line with %q; so far %q", text, p.seen), p.lines))
		}
		if strings.Contains(p.seen[i], text) {
			return p.seen[i]
		}
	}
}

func TestTheExamplesWorkInThreeProcessesStartedInAnyOrder(t *testing.T) {
	t.Parallel()
	dir := buildExamples(t, "binder", "server", "client")
	program := func(name string, args ...string) *exec.Cmd { return exec.Command(filepath.Join(dir, name), args...) }
	address := loopback.UnusedAddress(t)
	url := "nats://" + address

	// The server waits for its broker and its binder.
	server := execute(t, program("server", "-url", url))
	binderProgram := execute(t, program("binder", "-listen", address))
	if line := binderProgram.lineWith("Binder Online"); !strings.Contains(line, address) {
		t.Errorf("the binder said %q, want its address %s in it", line, address)
	}
	server.lineWith(">> Server Online!")
	binderProgram.lineWith("math/")

	out, err := program("client", "-url", url, "-wait", patience.String(), "(1 + 2) * 3", "7 / 2").Output()
	if want := "(1 + 2) * 3 = 9\n7 / 2 = 3.5\n"; err != nil || string(out) != want {
		t.Errorf("the client printed %q, %v; want %q, nil", out, err, want)
	}
	server.lineWith("add(1, 2) = 3")
	server.lineWith("mul(3, 3) = 9")

	out, err = program("client", "-url", url, "-wait", patience.String(), "1 / 0").CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(out), "division by zero") {
		t.Errorf("the client that divides by zero printed %q, %v; want the error, and exit code 1", out, err)
	}

	// A program of somebody else's meets the same system.
	c := newClient(t, dial(t, url), rpcclient.Config{})
	checkArithmetic(t, c)
}

// This test isn't parallel: with the processors busy elsewhere, handlers seem slow, and
// slow calls don't share messages.
func TestCallsThatWaitTogetherShareMessages(t *testing.T) {
	const goroutines, each = 256, 40
	n := newNetwork(t)
	srv := serve(t, n.dial(), rpcserver.Config{}, "math", mathsvc.New())
	c := n.client(rpcclient.Config{})
	math := mathsvc.NewClient(c)
	ctx := testContext(t)
	if _, err := math.Add(ctx, 1, 2); err != nil {
		t.Fatal(err)
	}
	// round makes all the calls and returns how many shared a message, and how many
	// replies did.
	round := func() (calls, replies float64) {
		asked, answered := c.Stats(), srv.Stats()
		var all sync.WaitGroup
		for g := range goroutines {
			all.Go(func() {
				for i := range each {
					a, b := float64(g), float64(i)
					if got, err := math.Add(ctx, a, b); err != nil || got != a+b {
						t.Errorf("Add(%v, %v) = %v, %v; want %v, nil", a, b, got, err, a+b)
					}
				}
			})
		}
		all.Wait()
		frames := c.Stats().FramesSent - asked.FramesSent
		if frames != goroutines*each {
			t.Errorf("%d frames for %d calls, want one each", frames, goroutines*each)
		}
		calls = float64(frames) / float64(c.Stats().MessagesSent-asked.MessagesSent)
		replies = float64(srv.Stats().RepliesSent-answered.RepliesSent) / float64(srv.Stats().MessagesSent-answered.MessagesSent)
		return calls, replies
	}
	want := 4.0
	if raceDetector() {
		want = 1.5 // it makes quick handlers slow
	}
	// What else runs on the machine can spoil a round, but not all of them.
	var calls, replies float64
	for began := time.Now(); time.Since(began) < patience; {
		if calls, replies = round(); calls >= want && replies >= want {
			return
		}
	}
	t.Errorf("%.1f calls and %.1f replies a message, want well above 1: at least %v", calls, replies, want)
}

// raceDetector reports whether the tests were built with -race.
func raceDetector() bool {
	info, _ := debug.ReadBuildInfo()
	return info != nil && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

func TestOneCallerAloneNeverWaitsForCompany(t *testing.T) {
	t.Parallel()
	const most = 5 * time.Millisecond
	n := newNetwork(t)
	srv := serve(t, n.dial(), rpcserver.Config{}, "math", mathsvc.New())
	c := n.client(rpcclient.Config{})
	math := mathsvc.NewClient(c)
	ctx := testContext(t)
	// The machine can hold up many calls, but not all; a timer would hold up them all.
	fastest, calls := time.Hour, uint64(0)
	for start := time.Now(); calls < 200 || fastest > most && time.Since(start) < patience; calls++ {
		began := time.Now()
		got, err := math.Add(ctx, float64(calls), 1)
		fastest = min(fastest, time.Since(began))
		if err != nil || got != float64(calls)+1 {
			t.Fatalf("Add(%d, 1) = %v, %v; want %d, nil", calls, got, err, calls+1)
		}
	}
	if fastest > most {
		t.Errorf("the fastest of %d calls took %v, want well below a millisecond", calls, fastest)
	}
	if s := c.Stats(); s.FramesSent != calls || s.MessagesSent != calls {
		t.Errorf("%d calls left as %d frames in %d messages, want one each", calls, s.FramesSent, s.MessagesSent)
	}
	if s := srv.Stats(); s.RepliesSent != calls || s.MessagesSent != calls {
		t.Errorf("%d replies left in %d messages, want one each for %d calls", s.RepliesSent, s.MessagesSent, calls)
	}
}

func TestTheRegistryTellsWhatIsServed(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	first := serve(t, n.dial(), rpcserver.Config{Version: "1.0.0"}, "math", mathsvc.New())
	second := serve(t, n.dial(), rpcserver.Config{Version: "1.1.0"}, "math", mathsvc.New())
	serve(t, n.dial(), rpcserver.Config{}, "work", newWorker("w"))
	registry := registryOf(t, n.dial())
	ctx := testContext(t)

	for name, want := range map[string]string{"math": "math", "math.add": "math.add", "add": "math.add", "who": "work.who"} {
		entry, err := registry.Lookup(ctx, name)
		if err != nil {
			t.Errorf("Lookup(%q): %v", name, err)
			continue
		}
		if got := strings.TrimSuffix(entry.Service+"."+entry.Method, "."); got != want {
			t.Errorf("Lookup(%q) is %s, want %s", name, got, want)
		}
	}
	entry := registered(t, registry, "math.add", first, second)
	for _, r := range entry.Records {
		if want := map[string]string{first.Instance(): "1.0.0", second.Instance(): "1.1.0"}[r.Instance]; r.Version != want {
			t.Errorf("instance %s has version %q, want %q", r.Instance, r.Version, want)
		}
		if got := r.Methods[0].Signature; !strings.HasPrefix(got, "add(") {
			t.Errorf("the first method is %q, want add(…", got)
		}
	}
	if _, err := registry.Lookup(ctx, "mth"); !errors.Is(err, helium.ErrUnknownService) && !errors.Is(err, helium.ErrUnknownMethod) || !strings.Contains(fmt.Sprint(err), "math") {
		t.Errorf("Lookup(mth) = %v, want an error that suggests math", err)
	}
	if err := first.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	registered(t, registry, "math", second)
}

// registered waits until a name stands for these servers and no other, and returns what
// the registry says. A binder that is seconds behind its store answers all the same.
func registered(t *testing.T, registry *binder.Client, name string, servers ...*rpcserver.Server) (entry *binder.Entry) {
	t.Helper()
	var want []string
	for _, srv := range servers {
		want = append(want, srv.Instance())
	}
	slices.Sort(want)
	eventually(t, fmt.Sprintf("Lookup(%s) to find %v", name, want), func() (err error) {
		if entry, err = registry.Lookup(testContext(t), name); err != nil {
			return err
		}
		var got []string
		for _, r := range entry.Records {
			got = append(got, r.Instance)
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("found %v", got)
		}
		return nil
	})
	return entry
}
