package e2e_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/chaos/proxy"
	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// carry calls work.carry with so many bytes, and checks that they come back.
func carry(c *rpcclient.Client, id int64, size int, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	value := bytes.Repeat([]byte{byte(id), byte(id >> 8), 7}, size/3)
	got, err := rpcclient.Call[[]byte](ctx, c, "work.carry", id, value)
	if err == nil && !bytes.Equal(got, value) {
		return fmt.Errorf("%d bytes came back as %d others", len(value), len(got))
	}
	return err
}

// carryStream is carry by a stream, whose arguments and result the bytes are beside the items that it sends.
func carryStream(c *rpcclient.Client, id int64, size int, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	value := bytes.Repeat([]byte{byte(id), byte(id >> 8), 7}, size/3)
	got, err := rpcclient.Call[[]byte](ctx, c, "work.carryBeside", id, value, pictures([]int{5, 7}))
	if err == nil && !bytes.Equal(got, append(value, bytes.Join([][]byte{picture(0, 5), picture(1, 7)}, nil)...)) {
		return fmt.Errorf("%d bytes and two pictures came back as %d others", len(value), len(got))
	}
	return err
}

// carrier carries a value of so many bytes to a worker and back.
type carrier = func(c *rpcclient.Client, id int64, size int, limit time.Duration) error

// carries are the ways in which large values are carried.
var carries = map[string]carrier{"of calls": carry, "of streams": carryStream}

// largeTraffic is callers that carry large values without a pause.
type largeTraffic struct {
	stop    chan struct{}
	callers sync.WaitGroup
	failed  atomic.Int64

	mu   sync.Mutex
	ends map[int64]error // guarded by mu; how each call ended, by ID
}

func startLargeTraffic(c *rpcclient.Client, callers, size int, carry carrier) *largeTraffic {
	tr := &largeTraffic{stop: make(chan struct{}), ends: make(map[int64]error)}
	var last atomic.Int64
	for range callers {
		tr.callers.Go(func() {
			for {
				select {
				case <-tr.stop:
					return
				default:
				}
				id := last.Add(1)
				err := carry(c, id, size, patience)
				tr.mu.Lock()
				tr.ends[id] = err
				tr.mu.Unlock()
				if err != nil {
					tr.failed.Add(1)
				}
				time.Sleep(10 * time.Millisecond) // what counts is what fails, not how many don't
			}
		})
	}
	return tr
}

// fails waits for a call that fails after so many have.
func (tr *largeTraffic) fails(t *testing.T, after int64) {
	t.Helper()
	eventually(t, "a call that fails", func() error {
		if got := tr.failed.Load(); got <= after {
			return fmt.Errorf("%d have", got)
		}
		return nil
	})
}

func (tr *largeTraffic) finish() map[int64]error {
	close(tr.stop)
	tr.callers.Wait()
	return tr.ends
}

// keptNowhere waits until neither this process nor a server keeps anything of large values.
func keptNowhere(t *testing.T, asking *rpcclient.Client) {
	t.Helper()
	eventually(t, "no memory kept for large values", func() error {
		there, err := rpcclient.Call[int64](testContext(t), asking, "work.kept")
		if here := chunks.Taken(); err != nil || here != 0 || there != 0 {
			return fmt.Errorf("%d bytes here and %d at the server, %v", here, there, err)
		}
		return nil
	})
}

// The tests of this file look at memory that all of the process share, so they run one after the other.

func TestLargeValuesArriveByEachLink(t *testing.T) {
	overEachLinkInTurn(t, func(t *testing.T, n network) {
		n.launchWorker()
		c := n.client(rpcclient.Config{})
		n.link(t, c, "work", 1)
		for _, size := range []int{1 << 20, 3 << 20, 32 << 20} {
			for kind, carry := range carries {
				if err := carry(c, 1, size, patience); err != nil {
					t.Errorf("%d bytes %s: %v", size, kind, err)
				}
			}
		}
		keptNowhere(t, n.client(rpcclient.Config{BusOnly: true}))
	})
}

func TestAConnectionThatIsCutInMidValueGivesTheRightOutcomesAndFreesAll(t *testing.T) {
	for kind, carry := range carries {
		for _, over := range linkages {
			t.Run(kind+" "+over.name, func(t *testing.T) { cutInMidValue(t, over, carry) })
		}
	}
}

func cutInMidValue(t *testing.T, over linkage, carry carrier) {
	const size, cuts = 3 << 20, 4
	n := newNetwork(t)
	var p *proxy.Proxy
	var c *rpcclient.Client
	config := rpcclient.Config{MaxAttempts: 1}
	if over.listen != "" {
		_, p = n.launchBehindProxy()
		c = n.client(config)
		n.over.listen = listening
		n.link(t, c, "work", 1)
	} else {
		var err error
		if p, err = proxy.Start(strings.TrimPrefix(n.broker.URL(), "nats://")); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Close)
		n.launchWorker()
		c = newClient(t, dial(t, "nats://"+p.Address()), config)
	}
	asking := n.client(rpcclient.Config{BusOnly: true})
	tr := startLargeTraffic(c, 3, size, carry)
	for i := range cuts { // the pauses until there is another link grow
		if over.listen != "" {
			eventually(t, "a link", func() error {
				if c.Stats().DirectLinks == 0 {
					return fmt.Errorf("none; %+v", c.DirectLinks())
				}
				return nil
			})
		}
		failed := tr.failed.Load()
		after := 1 + rand.IntN(2*size)
		if i%2 == 0 {
			p.Set(proxy.Conditions{CutIn: after})
		} else {
			p.Set(proxy.Conditions{CutOut: after})
		}
		tr.fails(t, failed)
		p.Set(proxy.Conditions{})
	}
	outcomes := make(map[helium.Outcome]int)
	for id, err := range tr.finish() {
		if err == nil {
			continue
		}
		outcome := helium.OutcomeOf(err)
		outcomes[outcome]++
		ran, fault := rpcclient.Call[int](testContext(t), asking, "work.count", id)
		if fault != nil || ran > 1 || outcome == helium.NotExecuted && ran > 0 || outcome == helium.Executed && ran == 0 || helium.CodeOf(err) != helium.CodeUnavailable {
			t.Errorf("call %d ended with %v (%v) and ran %d times, %v", id, err, outcome, ran, fault)
		}
		if outcome != helium.Unknown && strings.Contains(err.Error(), "nobody can tell") {
			t.Errorf("call %d ended with %q, and its outcome is %v, which is known", id, err, outcome)
		}
	}
	t.Logf("calls that failed, by outcome: %v", outcomes)
	eventually(t, "a call that goes on after all that", func() error { return carry(c, 1<<40, size, patience) })
	keptNowhere(t, asking)
}

func TestAServerThatIsKilledInMidValueFailsItsCallsAndFreesAll(t *testing.T) {
	for kind, carry := range carries {
		t.Run(kind, func(t *testing.T) {
			overEachLinkInTurn(t, func(t *testing.T, n network) { killedInMidValue(t, n, carry) })
		})
	}
}

func killedInMidValue(t *testing.T, n network, carry carrier) {
	killed := n.launchWorker()
	strikeInMidValue(t, n, carry, killed.kill)
	eventually(t, "no memory kept for large values", func() error {
		if got := chunks.Taken(); got != 0 {
			return fmt.Errorf("%d bytes", got)
		}
		return nil
	})
}

// strikeInMidValue has something happen to the only worker while large values are under way. Their calls have to end within
// seconds, long before their deadlines, and those that fail as unavailable.
func strikeInMidValue(t *testing.T, n network, carry carrier, strike func()) {
	t.Helper()
	c := n.client(rpcclient.Config{})
	n.link(t, c, "work", 1)
	tr := startLargeTraffic(c, 3, 20<<20, carry)
	eventually(t, "values under way", func() error {
		if chunks.Taken() == 0 {
			return fmt.Errorf("none")
		}
		return nil
	})
	strike()
	began := time.Now()
	tr.fails(t, 0)
	ends := tr.finish()
	if took := time.Since(began); took > soon {
		t.Errorf("the calls ended after %v, want seconds instead of their deadlines of %v", took, patience)
	}
	for id, err := range ends {
		if err != nil && helium.CodeOf(err) != helium.CodeUnavailable {
			t.Errorf("call %d: %v, want unavailable", id, err)
		}
	}
}

func TestACallerThatIsKilledInMidValueFreesAllAtItsServer(t *testing.T) {
	overEachLinkInTurn(t, func(t *testing.T, n network) {
		w := newWorker("w")
		srv := serve(t, n.dial(), n.config(rpcserver.Config{}), "work", w)
		caller := launch(t, part{URL: n.broker.URL(), Caller: &callerPart{Limit: long, Linked: n.over.listen != "", Large: 40 << 20}})
		eventually(t, "values under way", func() error {
			if chunks.Taken() == 0 || !w.hasRun() {
				return fmt.Errorf("%d bytes", chunks.Taken())
			}
			return nil
		})
		caller.kill()
		began := time.Now()
		eventually(t, "no memory kept for large values", func() error {
			if got, running := chunks.Taken(), srv.Stats().Running; got != 0 || running != 0 {
				return fmt.Errorf("%d bytes, %d calls", got, running)
			}
			return nil
		})
		if took := time.Since(began); took > soon {
			t.Errorf("that took %v, want seconds at most", took)
		}
	})
}
