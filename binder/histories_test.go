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

	"github.com/anishathalye/porcupine"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder/internal/store"
	"github.com/helium-rpc/helium/bus/broker"
)

// What clients see of the registry while binders come and go is checked against a model: each
// instance is a register of its own, which holds a version or nothing.
//
//	Register   sets the version, once, at some moment of the request; one of unknown outcome
//	           sets it at any moment after it began, or never
//	End        takes it out, likewise
//	Renew      succeeds if there is a version at some moment of the request, and is told of an
//	           unknown instance if there is none
//	Lookup     says "not found" only if there is no version at some moment of the request; the
//	           version that it finds was there at some moment of it, or a while before
//	a wipe     of the store takes all out; lookups may go on finding what was there. The store
//	           also forgets what it has carried out: what was asked of two binders, as the
//	           first answer took longer than 250 ms, may be carried out once more soon after
//
// No lease ends meanwhile.

type operation int

const (
	registers operation = iota
	ends
	renews
	looksUp
	wiped
)

// input is what was asked, result what was answered.
type input struct {
	operation operation
	service   string
	version   string // of a registration
}

type result struct {
	version string // that a lookup found
	missing bool   // the answer was that there is nothing
	failed  bool   // there was no answer that says anything
	unknown bool   // of a failure: it may have been carried out, or be yet
}

var registryModel = porcupine.NondeterministicModel{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		byService := make(map[string][]porcupine.Operation)
		var wipes []porcupine.Operation
		for _, o := range history {
			if in := o.Input.(input); in.operation == wiped {
				wipes = append(wipes, o)
			} else {
				byService[in.service] = append(byService[in.service], o)
			}
		}
		var parts [][]porcupine.Operation
		for _, part := range byService {
			parts = append(parts, append(part, wipes...))
		}
		return parts
	},
	Init: func() []any { return []any{""} },
	Step: func(state, asked, answered any) []any {
		in, out := asked.(input), answered.(result)
		there := state.(string) != ""
		after := state // of what is carried out
		switch in.operation {
		case registers:
			after = in.version
		case ends, wiped:
			after = ""
		case renews:
			if !out.failed && there == out.missing {
				return nil
			}
		case looksUp:
			if !out.failed && state != out.version {
				return nil
			}
		}
		switch {
		case out.unknown:
			return []any{state, after}
		case out.failed:
			return []any{state}
		}
		return []any{after}
	},
	DescribeOperation: func(asked, answered any) string { return fmt.Sprintf("%+v -> %+v", asked, answered) },
}

// history is what clients asked and were answered.
type history struct {
	began time.Time
	stale time.Duration // how old what a lookup finds may be
	wipes bool          // the store is wiped now and then

	mu         sync.Mutex
	operations []porcupine.Operation // guarded by mu
}

func newHistory(stale time.Duration) *history { return &history{began: time.Now(), stale: stale} }

// enter does something and writes it down.
func (h *history) enter(client int, in input, do func() result) result {
	call := time.Since(h.began)
	out := do()
	end := time.Since(h.began)
	switch {
	case out.unknown:
		end = time.Hour
	case in.operation == looksUp && out.version != "":
		call = max(call-h.stale, 0)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.operations = append(h.operations, porcupine.Operation{ClientId: client, Input: in, Call: int64(call), Output: out, Return: int64(end)})
	if h.wipes && end-call >= askAgainAfter && (in.operation == registers || in.operation == ends) {
		again := result{failed: true, unknown: true}
		h.operations = append(h.operations, porcupine.Operation{ClientId: client, Input: in, Call: int64(call), Output: again, Return: int64(end + 2*store.Budget)})
	}
	return out
}

func (h *history) check(t *testing.T) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	counts := make(map[string]int)
	for _, o := range h.operations {
		in, out := o.Input.(input), o.Output.(result)
		counts[fmt.Sprint([]string{"register", "end", "renew", "lookup", "wipe"}[in.operation], map[bool]string{true: ", failed"}[out.failed], map[bool]string{true: ", nothing there"}[out.missing])]++
	}
	t.Logf("%d operations: %v", len(h.operations), counts)
	verdict, info := porcupine.CheckOperationsVerbose(registryModel.ToModel(), h.operations, patience)
	if verdict != porcupine.Ok {
		path := t.ArtifactDir() + "/history.html"
		err := porcupine.VisualizePath(registryModel.ToModel(), info, path)
		t.Errorf("no order of what was asked explains what was answered (%s); see %s (%v, kept with -artifacts)", verdict, path, err)
	}
}

// client does what servers and clients do, at random, and writes it down.
func (h *history) client(ctx context.Context, id, requests int, c *Client) {
	for n := range requests {
		service := fmt.Sprintf("s%d", rand.IntN(3))
		in := input{operation: operation(rand.IntN(int(wiped))), service: service}
		h.enter(id, in.with(fmt.Sprintf("v%d.%d", id, n)), func() (out result) {
			var err error
			switch in.operation {
			case registers:
				r := record(service, "i1", "add")
				r.Version = fmt.Sprintf("v%d.%d", id, n)
				_, err = c.Register(ctx, r)
			case ends:
				err = c.End(ctx, service, "i1")
			case renews:
				_, err = c.Renew(ctx, service, "i1")
			case looksUp:
				var e *Entry
				if e, err = c.Lookup(ctx, service); err == nil {
					out.version = e.Records[0].Version
				}
			}
			out.missing = errors.Is(err, helium.ErrUnknownInstance) || errors.Is(err, helium.ErrUnknownService)
			out.failed = err != nil && !out.missing
			out.unknown = out.failed && helium.OutcomeOf(err) != helium.NotExecuted && in.operation != renews
			return out
		})
	}
}

func (in input) with(version string) input {
	if in.operation == registers {
		in.version = version
	}
	return in
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
func (h *history) run(t *testing.T, requests int, config Config, conns []*nats.Conn, brokers []*broker.Broker, more ...func(over <-chan struct{})) {
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
		clients.Go(func() { h.client(ctx, id, requests, c) })
	}
	clients.Wait()
	close(over)
	beside.Wait()
	h.check(t)
}

func TestWhatClientsSeeOfBindersThatComeAndGoIsAsPromised(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{})
	newHistory(5*time.Second).run(t, 150, Config{Memory: true}, []*nats.Conn{connect(t, b), connect(t, b), connect(t, b)}, []*broker.Broker{b})
}

func TestWhatClientsSeeOfABinderThatFreezesAndThawsIsAsPromised(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{})
	newHistory(5*time.Second).run(t, 40, Config{Memory: true}, []*nats.Conn{connect(t, b), connect(t, b)}, []*broker.Broker{b}, thawing(t, b))
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
	newHistory(5*time.Second).run(t, 80, Config{Replicas: 3}, conns, brokers)
}

func TestWhatClientsSeeOfAStoreThatIsWipedIsAsPromised(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{})
	js := streams(t, connect(t, b))
	h := newHistory(time.Hour)
	h.wipes = true
	h.run(t, 80, Config{Memory: true}, []*nats.Conn{connect(t, b), connect(t, b), connect(t, b)}, []*broker.Broker{b}, func(over <-chan struct{}) {
		for {
			select {
			case <-time.After(time.Second):
			case <-over:
				return
			}
			h.enter(100, input{operation: wiped}, func() (out result) {
				err := js.DeleteStream(context.Background(), "KV_helium_registry")
				out.failed = err != nil // it is being made anew, most likely
				out.unknown = out.failed && !errors.Is(err, jetstream.ErrStreamNotFound)
				return out
			})
		}
	})
}

func TestTheModelOfTheRegistryRefusesWhatIsNotPromised(t *testing.T) {
	at := func(in input, call, end int64, out result) porcupine.Operation {
		return porcupine.Operation{Input: in, Call: call, Output: out, Return: end}
	}
	put := at(input{registers, "s", "v1"}, 1, 2, result{})
	end := at(input{operation: ends, service: "s"}, 3, 4, result{})
	for name, each := range map[string]struct {
		history []porcupine.Operation
		want    bool
	}{
		"not found after a registration":    {[]porcupine.Operation{put, at(input{operation: looksUp, service: "s"}, 3, 4, result{missing: true})}, false},
		"not found while one is under way":  {[]porcupine.Operation{put, at(input{operation: looksUp, service: "s"}, 1, 4, result{missing: true})}, true},
		"found after it ended":              {[]porcupine.Operation{put, end, at(input{operation: looksUp, service: "s"}, 5, 6, result{version: "v1"})}, false},
		"renewed after it ended":            {[]porcupine.Operation{put, end, at(input{operation: renews, service: "s"}, 5, 6, result{})}, false},
		"unknown though registered":         {[]porcupine.Operation{put, at(input{operation: renews, service: "s"}, 3, 4, result{missing: true})}, false},
		"unknown after a wipe":              {[]porcupine.Operation{put, at(input{operation: wiped}, 3, 4, result{}), at(input{operation: renews, service: "s"}, 5, 6, result{missing: true})}, true},
		"back to life after an unknown end": {[]porcupine.Operation{put, at(input{operation: ends, service: "s"}, 3, 100, result{failed: true, unknown: true}), at(input{operation: renews, service: "s"}, 5, 6, result{missing: true}), at(input{operation: renews, service: "s"}, 7, 8, result{})}, false},
	} {
		if got := porcupine.CheckOperations(registryModel.ToModel(), each.history); got != each.want {
			t.Errorf("%s: allowed %t, want %t", name, got, each.want)
		}
	}
}
