package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient"
)

const (
	// burnSteps keep a processor busy for some 5 ms.
	burnSteps = 5_000_000
	// promptly is how many calls that burn may be done at most while a server does something
	// else that it should do at once. Machines differ in how long one takes, and how long the test
	// is kept from running; with all that wait running in turn it would be hundreds.
	promptly = 60
)

// These tests burn a processor each, so none runs beside another one.

// burning is a server of one processor that gets more calls that burn it than it can run, until
// the test ends.
type burning struct {
	server *process
	done   atomic.Int64 // calls that burn
	stop   func()       // ends the flood, and waits for its calls
}

func (n network) burn(server serverPart) *burning {
	n.t.Helper()
	server.Processors, server.Listen = 1, n.over.listen
	b := &burning{server: launch(n.t, part{URL: n.broker.URL(), Server: &server})}
	c := n.client(rpcclient.Config{MaxAttempts: 1})
	n.link(n.t, c, "work", 1)
	ctx, cancel := context.WithCancel(context.Background())
	var callers sync.WaitGroup
	for i := range int64(100) {
		callers.Go(func() {
			for id := i; ctx.Err() == nil; id += 100 {
				limited, cancel := context.WithTimeout(context.Background(), patience)
				switch err := c.Call(limited, "work.compute", nil, id, int64(burnSteps)); {
				case err == nil:
					b.done.Add(1)
				case helium.OutcomeOf(err) != helium.NotExecuted:
					n.t.Errorf("a call of the flood: %v, outcome %v; want it done or not executed", err, helium.OutcomeOf(err))
				}
				cancel()
			}
		})
	}
	b.stop = func() {
		cancel()
		callers.Wait()
	}
	n.t.Cleanup(b.stop)
	b.burnOn(20)
	return b
}

// burnOn waits until so many more calls that burn are done.
func (b *burning) burnOn(calls int64) {
	b.server.t.Helper()
	goal := b.done.Load() + calls
	eventually(b.server.t, "calls that burn", func() error {
		if got := b.done.Load(); got < goal {
			return fmt.Errorf("%d of %d", got, goal)
		}
		return nil
	})
}

// during does something, and checks that few calls that burn were done meanwhile.
func (b *burning) during(what string, do func() error) {
	b.server.t.Helper()
	before := b.done.Load()
	if err := do(); err != nil {
		b.server.t.Errorf("%s while calls burn all processors: %v", what, err)
	}
	if got := b.done.Load() - before; got > promptly {
		b.server.t.Errorf("%s: %d calls that burn were done meanwhile, want at most %d", what, got, promptly)
	}
}

func TestPromise10PingsAndFiguresAndLookupsAreAnsweredWhileCallsBurnAllProcessors(t *testing.T) {
	n := network{t: t, broker: startBroker(t, broker.Config{Listen: "127.0.0.1:0"})}
	b := n.burn(serverPart{Binder: true})
	nc := n.dial()
	registry := registryOf(t, nc)
	instance := b.server.words[0]
	for range 5 {
		for _, verb := range []micro.Verb{micro.PingVerb, micro.StatsVerb} {
			subject, err := micro.ControlSubject(verb, "work", instance)
			if err != nil {
				t.Fatal(err)
			}
			b.during(subject, func() error {
				_, err := nc.Request(subject, nil, patience)
				return err
			})
		}
		b.during("a lookup", func() error {
			_, err := registry.Lookup(testContext(t), "work")
			return err
		})
		b.during("a call of another method", func() error {
			return callWithin(patience, n.client(rpcclient.Config{}), 1)
		})
		b.burnOn(10)
	}
}

// endedHolds returns how many calls of work.hold have ended at an instance.
func (n network) endedHolds(nc *nats.Conn, instance string) int {
	n.t.Helper()
	answer, err := nc.Request("$SRV.STATS.work."+instance, nil, patience)
	if err != nil {
		n.t.Fatal(err)
	}
	var stats micro.Stats
	if err := json.Unmarshal(answer.Data, &stats); err != nil {
		n.t.Fatal(err)
	}
	i := slices.IndexFunc(stats.Endpoints, func(e *micro.EndpointStats) bool { return e.Name == "hold" })
	return stats.Endpoints[i].NumRequests
}

func TestPromise10HeartbeatsAndCancelsArriveWhileCallsBurnAllProcessors(t *testing.T) {
	n := newNetwork(t)
	b := n.burn(serverPart{})
	c := n.client(rpcclient.Config{})
	var beats atomic.Int64
	nc := n.dial()
	_, err := nc.Subscribe("_INBOX.>", func(m *nats.Msg) {
		frames, err := wire.ReadMessage(m.Data)
		for err == nil && frames.More() {
			var f wire.Frame
			if err = frames.Next(&f); f.Kind == wire.KindRunning {
				beats.Add(1)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	const held = 7_000_000_000
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- c.Call(ctx, "work.hold", nil, int64(held)) }()
	b.server.lineWith(fmt.Sprint(held))
	for range 4 {
		before := beats.Load()
		eventually(t, "a heartbeat", func() error {
			if beats.Load() == before {
				return errors.New("none came")
			}
			return nil
		})
	}
	if s := c.Stats(); s.Silent > 0 {
		t.Errorf("%d calls were taken for silent ones", s.Silent)
	}
	cancel()
	if err := receive(t, "the end of the call", ended); !errors.Is(err, helium.ErrCanceled) {
		t.Errorf("the call ended with %v, want ErrCanceled", err)
	}
	b.during("a cancel", func() error {
		eventually(t, "the end of the handler", func() error {
			if got := n.endedHolds(nc, b.server.words[0]); got != 1 {
				return fmt.Errorf("%d have ended", got)
			}
			return nil
		})
		return nil
	})
}

func TestPromise10AServerDrainsWhileCallsBurnAllProcessors(t *testing.T) {
	overEachLinkInTurn(t, func(t *testing.T, n network) {
		b := n.burn(serverPart{Drains: true})
		b.server.stdin.Close()
		b.server.lineWith("drained <nil>")
		b.stop()
		if s := b.done.Load(); s == 0 {
			t.Error("no call was done")
		}
	})
}

func TestPromise10CallsThatSleepAndQuickOnesAreDoneBesideAFloodOfOnesThatBurn(t *testing.T) {
	n := newNetwork(t)
	b := n.burn(serverPart{})
	c := n.client(rpcclient.Config{MaxAttempts: 1})
	for _, method := range []string{"work.nap", "work.run"} {
		const calls, callers = 20, 4
		var done, others atomic.Int64
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() {
				for range calls {
					before := b.done.Load()
					if err := c.Call(testContext(t), method, nil, int64(1)); err != nil {
						t.Errorf("%s: %v", method, err)
						continue
					}
					done.Add(1)
					others.Add(b.done.Load() - before)
				}
			})
		}
		wg.Wait()
		if done.Load() != calls*callers {
			t.Errorf("%s: %d calls were done, want all %d", method, done.Load(), calls*callers)
		}
		if got := others.Load() / max(1, done.Load()); got > promptly {
			t.Errorf("%s: %d calls that burn were done during each on average, want at most %d", method, got, promptly)
		}
	}
}
