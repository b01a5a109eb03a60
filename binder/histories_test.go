package binder

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder/internal/store"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/internal/history"
)

// witness writes down what clients of binders that come and go were answered, which package history holds
// against what is promised.
//
// A store that is wiped also forgets what it has carried out: what was asked of two binders, as the first answer
// took longer than 250 ms, may be carried out once more soon after.
type witness struct {
	began time.Time
	stale time.Duration // how old what a lookup finds may be
	wipes bool          // the store is wiped now and then

	mu       sync.Mutex
	requests []history.Request // guarded by mu
}

func newWitness(stale time.Duration) *witness { return &witness{began: time.Now(), stale: stale} }

// enter does something and writes it down; do fills in how it ended.
func (w *witness) enter(r history.Request, do func(r *history.Request)) {
	r.From = int64(time.Since(w.began))
	do(&r)
	r.To = int64(time.Since(w.began))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests = append(w.requests, r)
	if w.wipes && r.To-r.From >= int64(askAgainAfter) && (r.Do == history.Register || r.Do == history.End) {
		if !r.Unknown {
			r.By = r.To + int64(2*store.Budget)
		}
		r.Failed, r.Unknown = true, true
		w.requests = append(w.requests, r)
	}
}

func (w *witness) check(t *testing.T) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	counts := make(map[string]int)
	for _, r := range w.requests {
		counts[fmt.Sprint(r.Do, map[bool]string{true: ", failed"}[r.Failed], map[bool]string{true: ", nothing there"}[r.Missing])]++
	}
	t.Logf("%d requests: %v", len(w.requests), counts)
	for _, u := range history.Check(w.requests, w.stale) {
		path := t.ArtifactDir() + "/" + u.Service + ".html"
		err := u.Draw(path)
		t.Errorf("no order of what was asked explains what was answered of %v; see %s (%v, kept with -artifacts)", u, path, err)
	}
}

// client does what servers and clients do, at random, and has it written down.
func (w *witness) client(ctx context.Context, id, requests int, c *Client) {
	for n := range requests {
		asked := history.Request{
			Do:      []history.Verb{history.Register, history.End, history.Renew, history.Lookup}[rand.IntN(4)],
			Client:  id,
			Service: fmt.Sprintf("s%d", rand.IntN(3)),
		}
		if asked.Do == history.Register {
			asked.Version = fmt.Sprintf("v%d.%d", id, n)
		}
		w.enter(asked, func(r *history.Request) {
			var err error
			switch r.Do {
			case history.Register:
				this := record(r.Service, "i1", "add")
				this.Version = r.Version
				_, err = c.Register(ctx, this)
			case history.End:
				err = c.End(ctx, r.Service, "i1")
			case history.Renew:
				_, err = c.Renew(ctx, r.Service, "i1")
			case history.Lookup:
				var e *Entry
				if e, err = c.Lookup(ctx, r.Service); err == nil {
					r.Version = e.Records[0].Version
				}
			}
			r.Missing = errors.Is(err, helium.ErrUnknownInstance) || errors.Is(err, helium.ErrUnknownService)
			r.Failed = err != nil && !r.Missing
			r.Unknown = r.Failed && helium.OutcomeOf(err) != helium.NotExecuted
		})
	}
}

// thawing is a binder that freezes again and again. What it took is carried out later, when
// others were asked, by whichever binder gets it.
func thawing(t *testing.T, b *broker.Broker) func(over <-chan struct{}) {
	taken, late := freeze(t, connect(t, b)), connect(t, b)
	return func(over <-chan struct{}) {
		for {
			select {
			case m := <-taken:
				time.AfterFunc(rand.N(4*askAgainAfter), func() {
					// What is published in vain the connection's end has taken along.
					_ = late.PublishMsg(&nats.Msg{Subject: m.Subject, Reply: late.NewInbox(), Header: m.Header, Data: m.Data})
				})
			case <-over:
				return
			}
		}
	}
}

// run has clients ask binders on these connections, of which one after the other is started
// anew. Besides, something else may go on until all have asked.
func (w *witness) run(t *testing.T, requests int, config Config, conns []*nats.Conn, brokers []*broker.Broker, more ...func(over <-chan struct{})) {
	t.Helper()
	config.Lease, config.Logger = time.Hour, quiet()
	var binders []*Binder
	for _, nc := range conns {
		binders = append(binders, startBinder(t, nc, config))
	}
	ctx := testContext(t)
	over := make(chan struct{})
	var beside, clients sync.WaitGroup
	for _, each := range more {
		beside.Go(func() { each(over) })
	}
	beside.Go(func() {
		for i := 0; ; i = (i + 1) % len(conns) {
			select {
			case <-time.After(100 * time.Millisecond):
			case <-over:
				return
			}
			binders[i].Close()
			b, err := Start(ctx, conns[i], config)
			if err != nil {
				t.Errorf("a binder doesn't start again: %v", err)
				return
			}
			binders[i] = b
			t.Cleanup(b.Close)
		}
	})
	for id := range 6 {
		c := newClient(t, connect(t, brokers[id%len(brokers)]))
		clients.Go(func() { w.client(ctx, id, requests, c) })
	}
	clients.Wait()
	close(over)
	beside.Wait()
	w.check(t)
}

func TestWhatClientsSeeOfBindersThatComeAndGoIsAsPromised(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{})
	newWitness(history.Stale).run(t, 150, Config{Memory: true}, []*nats.Conn{connect(t, b), connect(t, b), connect(t, b)}, []*broker.Broker{b})
}

func TestWhatClientsSeeOfABinderThatFreezesAndThawsIsAsPromised(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{})
	newWitness(history.Stale).run(t, 40, Config{Memory: true}, []*nats.Conn{connect(t, b), connect(t, b)}, []*broker.Broker{b}, thawing(t, b))
}

func TestWhatClientsSeeOfBindersInAClusterIsAsPromised(t *testing.T) {
	t.Parallel()
	var brokers []*broker.Broker
	var conns []*nats.Conn
	var routes []string
	for i := range 3 {
		b := startBroker(t, broker.Config{Name: fmt.Sprintf("history-%d", i), Cluster: &broker.Cluster{Routes: strings.Fields(strings.Join(routes, " "))}})
		brokers, routes, conns = append(brokers, b), append(routes, b.ClusterURL()), append(conns, connect(t, b))
	}
	newWitness(history.Stale).run(t, 80, Config{Replicas: 3}, conns, brokers)
}

func TestWhatClientsSeeOfAStoreThatIsWipedIsAsPromised(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{})
	js := streams(t, connect(t, b))
	w := newWitness(time.Hour)
	w.wipes = true
	w.run(t, 80, Config{Memory: true}, []*nats.Conn{connect(t, b), connect(t, b), connect(t, b)}, []*broker.Broker{b}, func(over <-chan struct{}) {
		for {
			select {
			case <-time.After(time.Second):
			case <-over:
				return
			}
			w.enter(history.Request{Do: history.Wipe, Client: 100}, func(r *history.Request) {
				err := js.DeleteStream(context.Background(), "KV_helium_registry")
				r.Failed = err != nil // it is being made anew, most likely
				r.Unknown = r.Failed && !errors.Is(err, jetstream.ErrStreamNotFound)
			})
		}
	})
}
