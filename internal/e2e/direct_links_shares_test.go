package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// count makes calls one after the other, and returns how many of them each instance of the service
// "work" has answered, by what it says who it is.
func count(t testing.TB, c *rpcclient.Client, calls int) map[string]int {
	t.Helper()
	by := make(map[string]int)
	for i := range calls {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		who, err := rpcclient.Call[string](ctx, c, "work.who")
		cancel()
		if err != nil {
			t.Fatalf("call %d of %d: %v", i, calls, err)
		}
		by[who]++
	}
	return by
}

// evenly waits until each of the instances of the service "work" but for those that are linked has the
// share of the calls that it has by their number. Of the others the one that is quicker has more.
func evenly(t testing.TB, c *rpcclient.Client, linked, unlinked int) {
	t.Helper()
	const each = 300 // a standard deviation of 17 at most; by the queue group alone it were 200
	eventually(t, fmt.Sprintf("even shares for %d instances without a link beside %d with one", unlinked, linked), func() error {
		by := count(t, c, (linked+unlinked)*each)
		without := 0
		for who, n := range by {
			if strings.HasPrefix(who, "linked") {
				continue
			}
			if without++; n < each-80 || n > each+80 {
				return fmt.Errorf("one without a link has %d calls, want about %d", n, each)
			}
		}
		if without != unlinked {
			return fmt.Errorf("%d instances without a link have calls", without)
		}
		return nil
	})
}

// leave waits until NATS knows that an instance of the service "work" is gone, whose record stays.
func leave(t testing.TB, nc *nats.Conn, instance string) {
	t.Helper()
	eventually(t, "nobody to listen where the instance did", func() error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second) // the last question may get lost with it
		defer cancel()
		_, err := nc.RequestWithContext(ctx, "$SRV.PING.work."+instance, nil)
		if !errors.Is(err, nats.ErrNoResponders) {
			return fmt.Errorf("asking it: %v", err)
		}
		return nil
	})
}

// unlinkable starts a server of the service "work" in a process of its own that doesn't listen.
func (n network) unlinkable() *process {
	n.t.Helper()
	return launch(n.t, part{URL: n.broker.URL(), Server: new(serverPart)})
}

func TestBesideDirectLinksInstancesWithoutOneHaveTheSameShareAsThoseWithOne(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		linked int
		others []serverPart
	}{
		"one of three doesn't listen":    {2, []serverPart{{}}},
		"two of three don't listen":      {1, []serverPart{{}, {}}},
		"one of three isn't reachable":   {2, []serverPart{{Listen: listening, Advertise: "127.0.0.1:1"}}},
		"one of each, and one is linked": {1, []serverPart{{}, {Listen: listening, Advertise: "127.0.0.1:1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNetwork(t)
			for i := range test.linked {
				serve(t, n.dial(), rpcserver.Config{Listen: listening}, "work", newWorker(fmt.Sprint("linked ", i)))
			}
			for _, other := range test.others {
				launch(t, part{URL: n.broker.URL(), Server: &other})
			}
			c := n.client(rpcclient.Config{MaxAttempts: 1})
			linked(t, c, test.linked)
			evenly(t, c, test.linked, len(test.others))
		})
	}
}

func TestBesideDirectLinksAnInstanceThatIsKilledTakesOnlyTheCallsWithItThatItHad(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	killed := n.unlinkable()
	serve(t, n.dial(), rpcserver.Config{Listen: listening}, "work", newWorker("linked"))
	n.unlinkable()
	c := n.client(rpcclient.Config{MaxAttempts: 1})
	linked(t, c, 1)
	evenly(t, c, 1, 2)

	const callers = 16
	tr := startTraffic(c, callers, patience)
	tr.goOn(t, 1000)
	killed.kill()
	tr.goOn(t, 5000)
	failed := 0
	for id, err := range tr.finish() {
		if err == nil {
			continue
		}
		if failed++; helium.OutcomeOf(err) != helium.Unknown {
			t.Errorf("call %d: %v (%v); want that of those which the killed instance had nobody can tell whether they ran", id, err, helium.OutcomeOf(err))
		}
	}
	if failed > callers {
		t.Errorf("%d calls failed, want at most the %d in flight at the kill", failed, callers)
	}
	if s := c.Stats(); s.Fallbacks == 0 {
		t.Error("no call went on elsewhere, so the test shows nothing; want some that nobody took where they were addressed")
	}
}

func TestBesideDirectLinksNoOneWayCallIsLostToAnInstanceThatWasKilled(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	one, other := newWorker("linked"), newWorker("not linked")
	serve(t, n.dial(), rpcserver.Config{Listen: listening}, "work", one)
	serve(t, n.dial(), rpcserver.Config{}, "work", other)
	killed := n.unlinkable()
	c := n.client(rpcclient.Config{})
	linked(t, c, 1)
	evenly(t, c, 1, 2)
	name := ""
	for who := range count(t, c, 300) {
		if !strings.HasSuffix(who, "linked") {
			name = who
		}
	}
	killed.kill()
	leave(t, n.dial(), name)

	const calls, first = 300, 1000
	for id := int64(first); id < first+calls; id++ {
		if err := c.Notify(testContext(t), "work.run", id); err != nil {
			t.Fatalf("one-way call %d: %v", id, err)
		}
	}
	eventually(t, "all one-way calls to run", func() error {
		lost := 0
		for id := int64(first); id < first+calls; id++ {
			if one.times(id)+other.times(id) != 1 {
				lost++
			}
		}
		if lost > 0 {
			return fmt.Errorf("%d of %d didn't run, or not once", lost, calls)
		}
		return nil
	})
}

func TestBeyondTheMostDirectLinksEachInstanceHasTheSameShare(t *testing.T) {
	t.Parallel()
	const most, instances, each = 64, 80, 40
	n := newNetwork(t)
	nc := n.dial()
	for i := range instances {
		serve(t, nc, rpcserver.Config{Listen: listening}, "work", newWorker(fmt.Sprint(i)))
	}
	c := n.client(rpcclient.Config{})
	linked(t, c, most)
	eventually(t, "each instance to have calls, and those without a link their share", func() error {
		before := c.Stats()
		by := count(t, c, instances*each)
		after := c.Stats()
		const want = instances * each * (instances - most) / instances // with a standard deviation of 23
		byBus := int(after.FramesSent - before.FramesSent - (after.DirectFrames - before.DirectFrames))
		if len(by) != instances || byBus < want-120 || byBus > want+120 {
			return fmt.Errorf("%d of %d instances have calls, and %d calls went by the bus, want about %d", len(by), instances, byBus, want)
		}
		return nil
	})
}

func TestBesideDirectLinksWhoMayNotCallSingleInstancesCallsAllOfThemAsEver(t *testing.T) {
	t.Parallel()
	g := startGuarded(t, configured(t, `authorization: { users: [
  { user: server, password: "…" }
  { user: caller, password: "…", permissions: { publish: { deny: "helium.at.work.*.>" } } }
] }`), func() {})
	startBinder(t, dialAs(t, g.url, "server"), longLease)
	serve(t, dialAs(t, g.url, "server"), rpcserver.Config{Listen: listening}, "work", newWorker("linked"))
	serve(t, dialAs(t, g.url, "server"), rpcserver.Config{}, "work", newWorker("not linked"))
	c := newClient(t, dialAs(t, g.url, "caller"), rpcclient.Config{MaxAttempts: 1})
	linked(t, c, 1)
	const calls = 2000
	by := count(t, c, calls)
	if n := by["not linked"]; n < calls/4-150 || n > calls/4+150 { // half of the half that goes by the bus
		t.Errorf("the instance without a link has %d of %d calls, want about a quarter", n, calls)
	}
	if refused := g.violations(); len(refused) > 2 { // one for each method
		t.Errorf("NATS refused %d messages, want one for each of two methods: %q", len(refused), refused)
	}
}

func TestBesideDirectLinksNoCallFailsThroughAnExportOfTheQueueGroupsSubjectsAlone(t *testing.T) {
	t.Parallel()
	// Tickets are exported, so there are links, and calls to single instances aren't.
	url := startGuarded(t, configured(t, `accounts: {
  EXPORTS: { jetstream: enabled, users: [{user: server, password: "…"}], exports: [{service: "helium.call.>"}, {service: "helium.at.*.*"}, {service: "helium.binder.>"}] }
  IMPORTS: {
    users: [{user: caller, password: "…"}]
    imports: [{service: {account: EXPORTS, subject: "helium.call.>"}}, {service: {account: EXPORTS, subject: "helium.at.*.*"}}, {service: {account: EXPORTS, subject: "helium.binder.>"}}]
  }
}`), func() {}).url
	startBinder(t, dialAs(t, url, "server"), longLease)
	serve(t, dialAs(t, url, "server"), rpcserver.Config{Listen: listening}, "work", newWorker("linked"))
	serve(t, dialAs(t, url, "server"), rpcserver.Config{}, "work", newWorker("not linked"))
	c := newClient(t, dialAs(t, url, "caller"), rpcclient.Config{MaxAttempts: 1})
	linked(t, c, 1)
	const calls = 2000
	by := count(t, c, calls)
	if n := by["not linked"]; n < calls/4-150 {
		t.Errorf("the instance without a link has %d of %d calls, want at least about a quarter", n, calls)
	}
}

func TestBesideDirectLinksAnInstanceThatIsGoneTakesNoCallsThroughAnImportNorWithAStream(t *testing.T) {
	t.Parallel()
	accounts := `accounts: {
  EXPORTS: { jetstream: enabled, users: [{user: server, password: "…"}], exports: [{service: "helium.>"}] }
  IMPORTS: { users: [{user: caller, password: "…"}], imports: [{service: {account: EXPORTS, subject: "helium.>"}}] }
}`
	users := `authorization: { users: [{user: server, password: "…"}, {user: caller, password: "…"}] }`
	for name, test := range map[string]struct {
		conf     string
		captured bool
	}{
		"through an import":         {conf: accounts},
		"beside a JetStream stream": {conf: users, captured: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := startGuarded(t, configured(t, test.conf), func() {}).url
			nc := dialAs(t, url, "server")
			startBinder(t, nc, longLease)
			if test.captured {
				js, err := jetstream.New(nc)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := js.CreateStream(testContext(t), jetstream.StreamConfig{Name: "calls", Subjects: []string{"helium.at.>"}}); err != nil {
					t.Fatal(err)
				}
			}
			serve(t, dialAs(t, url, "server"), rpcserver.Config{Listen: listening}, "work", newWorker("linked"))
			gone := dialAs(t, url, "server")
			killed := serve(t, gone, rpcserver.Config{}, "work", newWorker("killed"))
			serve(t, dialAs(t, url, "server"), rpcserver.Config{}, "work", newWorker("not linked"))
			c := newClient(t, dialAs(t, url, "caller"), rpcclient.Config{MaxAttempts: 1})
			linked(t, c, 1)
			count(t, c, 500) // so there was time to find out what can be addressed
			gone.Close()
			leave(t, dialAs(t, url, "server"), killed.Instance())
			for who := range count(t, c, 500) {
				if who == "killed" {
					t.Error("an instance whose connection is closed has answered")
				}
			}
		})
	}
}
