package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// listening is where servers of these tests take direct links.
const listening = "127.0.0.1:0"

// launchListening starts a server of the service "work" in a process of its own that takes direct
// links.
func (n network) launchListening(idempotent ...string) *process {
	n.t.Helper()
	return launch(n.t, part{URL: n.broker.URL(), Server: &serverPart{Idempotent: idempotent, Listen: listening}})
}

// linked waits until a client that calls has so many direct links, and its calls go by them.
func linked(t testing.TB, c *rpcclient.Client, links int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d direct links", links), func() error {
		if err := callWithin(patience, c, 1); err != nil {
			t.Fatalf("a call while links are made: %v", err)
		}
		if got := c.Stats().DirectLinks; got != links {
			return fmt.Errorf("%d links", got)
		}
		return nil
	})
}

// byLink makes calls, and returns how many of them left by direct links.
func byLink(t testing.TB, c *rpcclient.Client, calls int) uint64 {
	t.Helper()
	before := c.Stats().DirectFrames
	for i := range calls {
		if err := callWithin(patience, c, int64(i)); err != nil {
			t.Fatalf("call %d: %v", i, err)
		}
	}
	return c.Stats().DirectFrames - before
}

func TestLaterCallsGoByADirectLinkWhereAServerListens(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	n.launchListening()
	c := n.client(rpcclient.Config{})
	if err := callWithin(patience, c, 0); err != nil {
		t.Fatalf("the first call: %v", err)
	}
	if s := c.Stats(); s.DirectFrames != 0 {
		t.Errorf("the first call went by a direct link; want it to go by the bus, at once")
	}
	linked(t, c, 1)
	if got := byLink(t, c, 100); got != 100 {
		t.Errorf("%d of 100 calls went by the direct link, want all", got)
	}
	links := c.DirectLinks()
	if len(links) != 1 {
		t.Fatalf("the client tells of %d instances, want 1", len(links))
	}
	if l := links[0]; l.Stage != rpcclient.Linked || l.Reason != nil || !strings.HasPrefix(l.Address, "127.0.0.1:") || l.Encrypted || len(l.Services) != 1 || l.Services[0] != "work" {
		t.Errorf("the client says %+v, want a link on loopback for the calls of work", l)
	}
}

func TestCallersOfAServerThatListensEverywhereDialTheAddressByWhichItReachesNATS(t *testing.T) {
	t.Parallel()
	n := network{t: t, broker: startBroker(t, broker.Config{Listen: "[::1]:0"})} // which is nobody's default
	startBinder(t, n.dial(), longLease)
	launch(t, part{URL: n.broker.URL(), Server: &serverPart{Listen: ":0"}})
	c := n.client(rpcclient.Config{})
	linked(t, c, 1)
	if l := c.DirectLinks(); len(l) != 1 || !strings.HasPrefix(l[0].Address, "[::1]:") {
		t.Errorf("the client says %+v, want a link to ::1", l)
	}
}

func TestCallsDoNotWaitWhileALinkIsOpenedThatNeverIs(t *testing.T) {
	t.Parallel()
	mute, err := net.Listen("tcp", "127.0.0.1:0") // its kernel takes connections, and nobody reads
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mute.Close() })
	n := newNetwork(t)
	launch(t, part{URL: n.broker.URL(), Server: &serverPart{Listen: listening, Advertise: mute.Addr().String()}})
	c := n.client(rpcclient.Config{})
	calls := int64(0)
	eventually(t, "why there is no link", func() error {
		if err := callWithin(patience, c, calls); err != nil {
			t.Fatalf("call %d: %v", calls, err)
		}
		if links := c.DirectLinks(); len(links) == 1 && links[0].Reason != nil {
			return nil
		}
		calls++
		return errors.New("nothing is said")
	})
	if l := c.DirectLinks()[0]; l.Stage != rpcclient.LinkProof {
		t.Errorf("the client says %+v, want that nobody proves to know the ticket", l)
	}
	if calls < 20 {
		t.Errorf("%d calls were made in the five seconds that the link had to open, want that none waits for it", calls)
	}
}

func TestAClientAndAServerOfOneProgramMeetWithoutASocket(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	srv := serve(t, n.dial(), rpcserver.Config{Listen: listening}, "work", newWorker("one"))
	c := n.client(rpcclient.Config{})
	linked(t, c, 1)
	before := srv.Stats().DirectCalls
	if got := byLink(t, c, 100); got != 100 {
		t.Errorf("%d of 100 calls went by the direct link, want all", got)
	}
	if got := srv.Stats().DirectCalls - before; got != 100 {
		t.Errorf("the server counts %d calls by direct links, want 100", got)
	}
}

func TestEveryWayToCallWorksOverADirectLink(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	serve(t, n.dial(), rpcserver.Config{Listen: listening}, "math", mathsvc.New())
	c := n.client(rpcclient.Config{})
	eventually(t, "a direct link", func() error {
		if _, err := rpcclient.Call[float64](testContext(t), c, "math.add", 1, 2); err != nil {
			t.Fatal(err)
		}
		if c.Stats().DirectLinks != 1 {
			return errors.New("none")
		}
		return nil
	})
	before := c.Stats()
	checkArithmetic(t, c)
	after := c.Stats()
	if sent, direct := after.FramesSent-before.FramesSent, after.DirectFrames-before.DirectFrames; direct != sent {
		t.Errorf("%d of %d calls went by the direct link, want all", direct, sent)
	}
}

func TestCallsGoOnByDirectLinksWhileNoBrokerIsThere(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{Listen: "127.0.0.1:0"})
	n := network{t: t, broker: b}
	startBinder(t, n.dial(), longLease)
	n.launchListening()
	c := n.client(rpcclient.Config{})
	linked(t, c, 1)
	b.Close()
	if got := byLink(t, c, 100); got != 100 {
		t.Errorf("%d of 100 calls went by the direct link, want all", got)
	}
}

func TestCallsOfAKilledServerFailAtOnceOverADirectLink(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	server := n.launchListening()
	c := n.client(rpcclient.Config{})
	linked(t, c, 1)
	inFlight := server.hold(c, patience)
	killed := time.Now()
	server.kill()
	err := receive(t, "the end of the call in flight", inFlight)
	took := time.Since(killed)
	t.Logf("the call ended %v after the kill", took)
	if took > soon {
		t.Errorf("the call ended %v after the kill, want milliseconds instead of its deadline of %v", took, patience)
	}
	if helium.CodeOf(err) != helium.CodeUnavailable || helium.OutcomeOf(err) != helium.Unknown {
		t.Errorf("the call in flight: error %v, outcome %v; want unavailable, unknown", err, helium.OutcomeOf(err))
	}
}

func TestAStoppingServerLosesNoCallOverDirectLinks(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	first, second := newWorker("first"), newWorker("second")
	stopping := serve(t, n.dial(), rpcserver.Config{Listen: listening, DrainTimeout: patience}, "work", first)
	c := n.client(rpcclient.Config{MaxAttempts: 1})
	linked(t, c, 1)
	serve(t, n.dial(), rpcserver.Config{Listen: listening}, "work", second)

	stop := make(chan struct{})
	var calling sync.WaitGroup
	var mu sync.Mutex
	var failures []error
	for i := range 8 {
		calling.Go(func() {
			for id := int64(i) << 32; ; id++ {
				select {
				case <-stop:
					return
				default:
				}
				if err := callWithin(patience, c, id); err != nil {
					mu.Lock()
					failures = append(failures, err)
					mu.Unlock()
				}
			}
		})
	}
	held := make(chan error, 1)
	go func() { held <- c.At(stopping.Instance()).Call(context.Background(), "work.hold", nil, 7) }()
	receive(t, "a call that runs", first.began)
	stopped := make(chan error, 1)
	go func() { stopped <- stopping.Shutdown(testContext(t)) }()
	eventually(t, "calls at the second server", func() error {
		if !second.hasRun() {
			return errors.New("none")
		}
		return nil
	})
	close(first.release)
	if err := receive(t, "the server's end", stopped); err != nil {
		t.Errorf("Shutdown = %v, want nil", err)
	}
	if err := receive(t, "the end of the call that ran", held); err != nil {
		t.Errorf("the call that ran as the server stopped: %v, want its result", err)
	}
	close(stop)
	calling.Wait()
	if len(failures) > 0 {
		t.Errorf("%d calls failed, such as: %v; want none", len(failures), failures[0])
	}
	linked(t, c, 1)
}

func TestACancelReachesTheHandlerOverADirectLink(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	w := newWorker("one")
	srv := serve(t, n.dial(), rpcserver.Config{Listen: listening}, "work", w)
	c := n.client(rpcclient.Config{})
	linked(t, c, 1)
	before := srv.Stats().Cancels
	ctx, cancel := context.WithCancel(testContext(t))
	ended := make(chan error, 1)
	go func() { ended <- c.Call(ctx, "work.hold", nil, 1) }()
	receive(t, "a call that runs", w.began)
	cancel()
	if err := receive(t, "its end", ended); helium.CodeOf(err) != helium.CodeCanceled {
		t.Errorf("the call ended with %v, want canceled", err)
	}
	eventually(t, "a handler that was told", func() error {
		if s := srv.Stats(); s.Cancels != before+1 || s.Running != 0 {
			return fmt.Errorf("%d cancels, %d calls run", s.Cancels-before, s.Running)
		}
		return nil
	})
}

func TestLargeValuesTravelOverADirectLink(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	serve(t, n.dial(), rpcserver.Config{Listen: listening}, "texts", texts{})
	c := n.client(rpcclient.Config{})
	eventually(t, "a direct link", func() error {
		if _, err := rpcclient.Call[string](testContext(t), c, "texts.echo", ""); err != nil {
			t.Fatal(err)
		}
		if c.Stats().DirectLinks != 1 {
			return errors.New("none")
		}
		return nil
	})
	for _, size := range []int{1 << 10, 16 << 10, 64 << 10, 256 << 10, 1000 << 10, 3 << 20} {
		text := strings.Repeat("x", size)
		before := c.Stats().DirectFrames
		got, err := rpcclient.Call[string](testContext(t), c, "texts.echo", text)
		if err != nil || got != text {
			t.Errorf("%d bytes: got %d, %v; want the same", size, len(got), err)
		}
		if direct := c.Stats().DirectFrames - before; direct != 1 {
			t.Errorf("%d bytes: the call went by the bus, want by the direct link", size)
		}
	}
}

// texts is the service "texts".
type texts struct{}

// Echo returns its argument.
func (texts) Echo(text string) string { return text }

func TestWhoDoesNotWantDirectLinksHasNone(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	w := newWorker("one")
	srv := serve(t, n.dial(), rpcserver.Config{Listen: listening}, "work", w)
	per := serve(t, n.dial(), rpcserver.Config{Listen: listening, PerMethod: true}, "texts", texts{})
	c, other := n.client(rpcclient.Config{BusOnly: true}), n.client(rpcclient.Config{})
	linked(t, other, 1) // so there was time for the first one's
	for range 10 {
		if err := callWithin(patience, c, 1); err != nil {
			t.Fatal(err)
		}
		if _, err := rpcclient.Call[string](testContext(t), other, "texts.echo", "x"); err != nil {
			t.Fatal(err)
		}
	}
	if s := c.Stats(); s.DirectLinks != 0 || s.DirectFrames != 0 {
		t.Errorf("a client with BusOnly has %d links and sent %d calls by them, want none", s.DirectLinks, s.DirectFrames)
	}
	if s := per.Stats(); s.DirectOpened != 0 || s.DirectCalls != 0 {
		t.Errorf("a server that is PerMethod has %d links and got %d calls by them, want none", s.DirectOpened, s.DirectCalls)
	}
	if s := srv.Stats(); s.DirectOpened != 1 {
		t.Errorf("%d links were opened, want that of the other client", s.DirectOpened)
	}
}
