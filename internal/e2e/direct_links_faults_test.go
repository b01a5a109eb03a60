package e2e_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/chaos/proxy"
	"github.com/helium-rpc/helium/internal/loopback"
	"github.com/helium-rpc/helium/rpcclient"
)

// launchBehindProxy starts a server of the service "work" in a process of its own whose direct links
// go through a proxy.
func (n network) launchBehindProxy() (*process, *proxy.Proxy) {
	n.t.Helper()
	at := loopback.UnusedAddress(n.t)
	p, err := proxy.Start(at)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(p.Close)
	return launch(n.t, part{URL: n.broker.URL(), Server: &serverPart{Listen: at, Advertise: p.Address()}}), p
}

// throughProxy starts such a server in a network of its own, and a client that has a link to it.
func throughProxy(t testing.TB) (n network, server *process, p *proxy.Proxy, c *rpcclient.Client) {
	t.Helper()
	n = newNetwork(t)
	server, p = n.launchBehindProxy()
	c = n.client(rpcclient.Config{})
	n.over.listen = listening
	n.link(t, c, "work", 1)
	return n, server, p, c
}

// checkRan compares how calls ended with how often they ran, as their server says.
func (n network) checkRan(ends map[int64]error) (failed int) {
	n.t.Helper()
	asking := n.client(rpcclient.Config{BusOnly: true})
	for id, err := range ends {
		if err == nil {
			continue // it got its own ID back, and no server answers what it hasn't run
		}
		failed++
		ran, fault := rpcclient.Call[int](testContext(n.t), asking, "work.count", id)
		outcome := helium.OutcomeOf(err)
		if fault != nil || ran > 1 || outcome == helium.NotExecuted && ran > 0 || outcome == helium.Executed {
			n.t.Errorf("call %d ended with %v (%v) and ran %d times, %v", id, err, outcome, ran, fault)
		}
	}
	return failed
}

// goOnThroughCut waits until some calls have gone by a direct link, which is cut then, and for some more.
func (tr *traffic) goOnThroughCut(t *testing.T, c *rpcclient.Client, p *proxy.Proxy, cut proxy.Conditions) {
	t.Helper()
	eventually(t, "a link", func() error {
		if c.Stats().DirectLinks == 0 {
			return fmt.Errorf("none; %+v", c.DirectLinks())
		}
		return nil
	})
	tr.goOn(t, 50)
	p.Set(cut)
	eventually(t, "a link that is cut", func() error {
		if c.Stats().DirectLinks > 0 {
			return errors.New("it stands")
		}
		return nil
	})
	p.Set(proxy.Conditions{})
	tr.goOn(t, 50)
}

func TestADirectLinkThatIsCutInMidMessageGivesTheRightOutcomes(t *testing.T) {
	t.Parallel()
	const opening, cuts = 100, 5 // bytes either way before the first message, and some
	for name, cut := range map[string]func(after int) proxy.Conditions{
		"on the way there": func(after int) proxy.Conditions { return proxy.Conditions{CutIn: after} },
		"on the way back":  func(after int) proxy.Conditions { return proxy.Conditions{CutOut: after} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, _, p, c := throughProxy(t)
			tr := startTrafficOf(8, func(id int64) error {
				time.Sleep(time.Millisecond) // by the bus, too, while the next link is far
				return callWithin(patience, c, id)
			})
			for range cuts {
				tr.goOnThroughCut(t, c, p, cut(opening+rand.IntN(2000)))
			}
			failures := n.checkRan(tr.finish())
			if failures == 0 {
				t.Errorf("no call failed while the link was cut %d times, want some", cuts)
			}
		})
	}
}

func TestADirectLinkThatOneEndAloneBelievesInFailsItsCallsWithinSeconds(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(p *proxy.Proxy){
		"half-open":            (*proxy.Proxy).HalfOpen,
		"half-closed":          (*proxy.Proxy).HalfClose,
		"nothing gets through": func(p *proxy.Proxy) { p.Set(proxy.Conditions{Held: true}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, server, p, c := throughProxy(t)
			inFlight := server.hold(c, patience)
			began := time.Now()
			fault(p)
			err := receive(t, "the end of the call in flight", inFlight)
			if took := time.Since(began); took > soon {
				t.Errorf("the call ended after %v, want two seconds at most instead of its deadline of %v", took, patience)
			}
			if helium.CodeOf(err) != helium.CodeUnavailable || helium.OutcomeOf(err) != helium.Unknown {
				t.Errorf("the call in flight: error %v, outcome %v; want unavailable, unknown", err, helium.OutcomeOf(err))
			}
			if err := callWithin(patience, c, 1); err != nil {
				t.Errorf("the next call: %v, want it to go by the bus", err)
			}
		})
	}
}

func TestACallOfAKilledServerIsMadeAgainAtOnceIfItsMethodIsIdempotent(t *testing.T) {
	t.Parallel()
	n := newNetworkOver(t, linkage{listen: listening})
	c := n.client(rpcclient.Config{})
	killed := n.launchWorker("hold")
	n.link(t, c, "work", 1)
	inFlight := killed.hold(c, patience)
	other := n.launchWorker("hold")
	n.link(t, c, "work", 2)
	killed.kill()
	other.lineWith("42") // it begins there
	select {
	case err := <-inFlight:
		t.Errorf("the call ended with %v, want that it goes on at the other server", err)
	default:
	}
}

func TestServersInProcessesOfTheirOwnAreReplacedWithoutLosingACallOverDirectLinks(t *testing.T) {
	t.Parallel()
	n := newNetworkOver(t, linkage{listen: listening})
	start := func() *process {
		return launch(t, part{URL: n.broker.URL(), Server: &serverPart{Listen: listening, Drains: true}})
	}
	running := []*process{start(), start()}
	c := n.client(rpcclient.Config{})
	n.link(t, c, "work", 2)
	tr := startTraffic(c, 32, patience)
	for range 4 {
		next := start()
		eventually(t, "three links", func() error {
			if links := c.Stats().DirectLinks; links != 3 {
				return fmt.Errorf("%d", links)
			}
			return nil
		})
		tr.goOn(t, 500)
		running[0].stdin.Close()
		running[0].lineWith("drained <nil>")
		running = append(running[1:], next)
	}
	tr.goOn(t, 500)
	for id, err := range tr.finish() {
		if err != nil {
			t.Errorf("call %d: %v, want no call lost", id, err)
		}
	}
}

func TestABrokerThatComesBackFindsItsDirectLinksAtWork(t *testing.T) {
	t.Parallel()
	at := loopback.UnusedAddress(t)
	config := brokerPart{Listen: at, Dir: t.TempDir()}
	first := launch(t, part{Broker: &config})
	url := "nats://" + at
	binders := launch(t, part{URL: url, Binder: &binderPart{Lease: long}})
	launch(t, part{URL: url, Server: &serverPart{Listen: listening}})
	c := newClient(t, dial(t, url), rpcclient.Config{})
	linked(t, c, 1)
	tr := startTraffic(c, 8, patience)
	tr.goOn(t, 500)
	first.kill()
	binders.kill()
	tr.goOn(t, 5000)
	launch(t, part{Broker: &config})
	launch(t, part{URL: url, Binder: &binderPart{Lease: long}})
	eventually(t, "a client that knows nothing yet to find the server", func() error {
		nc := dial(t, url)
		defer nc.Close()
		return callWithin(time.Second, newClient(t, nc, rpcclient.Config{BusOnly: true}), 1<<40)
	})
	tr.goOn(t, 500)
	for id, err := range tr.finish() {
		if err != nil {
			t.Errorf("call %d: %v, want that links don't mind", id, err)
		}
	}
}

func TestACallWhoseTimeRanOutOnANewDirectLinkIsNotRun(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	_, p := n.launchBehindProxy()
	p.Set(proxy.Conditions{Refused: true})
	c := n.client(rpcclient.Config{MaxAttempts: 1})
	for id := range int64(100) { // by the bus, so the server knows the client's clock
		if err := callWithin(patience, c, id); err != nil {
			t.Fatal(err)
		}
	}
	before := c.Stats().DirectFrames
	p.Set(proxy.Conditions{})
	eventually(t, "a link", func() error {
		if c.Stats().DirectLinks == 0 {
			return fmt.Errorf("none; %+v", c.DirectLinks())
		}
		return nil
	})
	p.Set(proxy.Conditions{Held: true})
	const late = 1000
	if err := callWithin(100*time.Millisecond, c, late); helium.OutcomeOf(err) != helium.Unknown {
		t.Errorf("a call by a link that stands still: %v (%v), want its deadline, unknown", err, helium.OutcomeOf(err))
	}
	time.Sleep(50 * time.Millisecond) // so that its time is over by more than what a clock is known to
	p.Set(proxy.Conditions{})
	if err := callWithin(patience, c, late+1); err != nil { // behind it
		t.Errorf("the next call: %v", err)
	}
	if s := c.Stats(); before != 0 || s.DirectFrames != 2 || s.DirectLinks != 1 {
		t.Errorf("%d calls left by a link before it stood, and %d by %d links; want 0, and 2 by 1", before, s.DirectFrames, s.DirectLinks)
	}
	ran, err := rpcclient.Call[int](testContext(t), n.client(rpcclient.Config{BusOnly: true}), "work.count", int64(late))
	if err != nil || ran != 0 {
		t.Errorf("the call whose time ran out ran %d times, %v; want 0", ran, err)
	}
}
