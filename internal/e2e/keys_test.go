package e2e_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/chaos/proxy"
	"github.com/helium-rpc/helium/internal/loopback"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// whoHas returns the instance that a key picks.
func whoHas(c *rpcclient.Client, key string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return rpcclient.Call[string](ctx, rpcclient.Keyed(c, key), "work.who")
}

func TestCallsByAKeyMoveOnlyFromAServerThatIsKilled(t *testing.T) {
	overEachLink(t, func(t *testing.T, n network) {
		one, other := n.client(rpcclient.Config{}), n.client(rpcclient.Config{})
		processes := make(map[string]*process)
		for range 3 {
			p := n.launchWorker()
			processes[p.words[0]] = p
		}
		where := make(map[string]string)
		for _, c := range []*rpcclient.Client{one, other} {
			n.link(t, c, "work", 3)
			eventually(t, "all three", func() error {
				if got := whoAnswers(c, patience); len(got) != 3 {
					return fmt.Errorf("40 calls met %v", got)
				}
				return nil
			})
		}
		var killed string
		for i := range 30 {
			key := fmt.Sprint("customer-", i)
			who, err := whoHas(one, key)
			again, err2 := whoHas(other, key)
			if err != nil || err2 != nil || who != again {
				t.Fatalf("two clients have %s (%v) and %s (%v) for %s, want the same", who, err, again, err2, key)
			}
			where[key], killed = who, who
		}
		processes[killed].kill()
		for key, before := range where {
			var now string
			eventually(t, "an answer by "+key, func() (err error) {
				now, err = whoHas(one, key) // what was sent before the broker knew is lost
				return err
			})
			if before != killed && now != before {
				t.Errorf("%s moved from %s to %s, want it to stay: %s was killed", key, before, now, killed)
			}
			if again, err := whoHas(other, key); now == killed || again != now {
				t.Errorf("two clients have %s and %s (%v) for %s, want the same one that lives", now, again, err, key)
			}
		}
	})
}

func TestACallWithAnIdempotencyKeyRunsOnceThoughItsAnswerIsLost(t *testing.T) {
	t.Parallel()
	address := loopback.UnusedAddress(t)
	config := brokerPart{Listen: address, Dir: t.TempDir()}
	url := "nats://" + address
	broker := launch(t, part{Broker: &config})
	startBinder(t, dial(t, url), longLease)
	w := newWorker("w") // of two instances: a call that isn't where it was would run again
	for range 2 {
		serve(t, dial(t, url), rpcserver.Config{}, "work", w)
	}
	c := newClient(t, dial(t, url), rpcclient.Config{})

	call := func(key string) error {
		ctx, cancel := context.WithTimeout(rpcclient.WithIdempotencyKey(context.Background(), key), patience)
		defer cancel()
		return c.Call(ctx, "work.hold", nil, 1)
	}
	failed := make(chan error, 1)
	go func() { failed <- call("order-1") }()
	receive(t, "a Hold that began", w.began)
	broker.kill()
	if err := receive(t, "an error", failed); helium.OutcomeOf(err) != helium.Unknown {
		t.Errorf("the call whose connection is lost = %v, %v; want unknown", err, helium.OutcomeOf(err))
	}
	close(w.release) // it ends while nobody can be told
	launch(t, part{Broker: &config})
	eventually(t, "the result of the first call", func() error { return call("order-1") })
	if got := w.times(1); got != 1 {
		t.Errorf("the call ran %d times, want once", got)
	}
	if err := call("order-2"); err != nil || w.times(1) != 2 {
		t.Errorf("with another key: %v, and it ran %d times in all, want 2", err, w.times(1))
	}
}

func TestCallsWithIdempotencyKeysAllRunOnceThoughTheirLinkIsCut(t *testing.T) {
	t.Parallel()
	n, _, p, c := throughProxy(t)
	tr := startTrafficOf(4, func(id int64) error {
		ctx, cancel := context.WithTimeout(rpcclient.WithIdempotencyKey(context.Background(), fmt.Sprint("order-", id)), patience)
		defer cancel()
		return c.Call(ctx, "work.nap", nil, id)
	})
	for i := range 4 { // the pauses until there is another link grow
		cut := proxy.Conditions{CutIn: 100 + rand.IntN(500)}
		if i%2 == 0 {
			cut = proxy.Conditions{CutOut: 100 + rand.IntN(500)}
		}
		tr.goOnThroughCut(t, c, p, cut)
	}
	ends := tr.finish()
	asking := n.client(rpcclient.Config{BusOnly: true})
	for id, err := range ends {
		if ran, fault := rpcclient.Call[int](testContext(t), asking, "work.count", id); err != nil || fault != nil || ran != 1 {
			t.Errorf("call %d ended with %v and ran %d times, %v; want that it ran once", id, err, ran, fault)
		}
	}
	if c.Stats().Retries == 0 {
		t.Errorf("none of %d calls was made again, want those that were cut", len(ends))
	}
}
