package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/loopback"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestPromise5RestartsLoseNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(*testing.T){
		"servers replaced one after the other lose no call":  func(t *testing.T) { overEachLink(t, serversAreReplaced) },
		"a rollout of a new method, and back, loses no call": func(t *testing.T) { overEachLink(t, versionsAreRolledOutAndBack) },
		"a server that stops finishes what it has":           func(t *testing.T) { overEachLink(t, serverStopsWithCallsAtWork) },
		"a broker that comes back with what it kept":         func(t *testing.T) { brokerIsKilledAndRestarted(t, t.TempDir()) },
		"a broker that comes back with nothing left in it":   func(t *testing.T) { brokerIsKilledAndRestarted(t, "") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

// brokerIsKilledAndRestarted checks that no registration is lost and no call runs late,
// whether the broker kept a directory or, with "", lost everything.
func brokerIsKilledAndRestarted(t *testing.T, dir string) {
	address := loopback.UnusedAddress(t)
	config := brokerPart{Listen: address, Dir: dir}
	url := "nats://" + address
	first := launch(t, part{Broker: &config})
	startBinder(t, dial(t, url), longLease)
	w := newWorker("w")
	srv := serve(t, dial(t, url), rpcserver.Config{}, "work", w)
	client := newClient(t, dial(t, url), rpcclient.Config{})
	traffic := startTraffic(client, 8, patience)
	traffic.goOn(t, 100)

	first.kill()
	const probe = int64(1) << 40 // IDs that the traffic doesn't reach
	eventually(t, "not sent, at once", func() error {
		began := time.Now()
		err := callWithin(patience, client, probe)
		if took := time.Since(began); took > soon {
			t.Errorf("while the broker is away a call took %v to fail, want milliseconds", took)
		}
		if errors.Is(err, helium.ErrNotSent) && helium.CodeOf(err) == helium.CodeUnavailable && helium.OutcomeOf(err) == helium.NotExecuted {
			return nil
		}
		return fmt.Errorf("error %v, outcome %v", err, helium.OutcomeOf(err))
	})
	traffic.goOn(t, 100)

	launch(t, part{Broker: &config})
	eventually(t, "calls that succeed", func() error { return callWithin(time.Second, client, probe+1) })
	// A binder's copy could answer for what the store has lost.
	store := dial(t, url)
	eventually(t, "a record in the store", func() error {
		kept, err := recordsLeft(store)
		if err == nil && kept != 1 {
			err = fmt.Errorf("%d records", kept)
		}
		return err
	})
	registered(t, registryOf(t, dial(t, url)), "work", srv) // far before its lease ends
	stranger := newClient(t, dial(t, url), rpcclient.Config{})
	eventually(t, "a client that knows nothing yet to find it", func() error {
		return callWithin(time.Second, stranger, probe+2)
	})
	traffic.goOn(t, 100)

	ends := traffic.finish()
	// What had waited somewhere would have come before the calls just made, so
	// once the server has finished all it has, the books are closed.
	if err := srv.Shutdown(testContext(t)); err != nil {
		t.Fatal(err)
	}
	if failed := checkBooks(t, ends, w); failed == 0 {
		t.Errorf("none of %d calls failed, want some while the broker was away", len(ends))
	}
	if got := w.times(probe); got != 0 {
		t.Errorf("the call that wasn't sent ran %d times, want 0", got)
	}
}

// serversAreReplaced checks that callers notice nothing of it.
func serversAreReplaced(t *testing.T, n network) {
	c := n.client(rpcclient.Config{})
	var workers []*worker
	start := func() *rpcserver.Server {
		w := newWorker(fmt.Sprint("w", len(workers)))
		workers = append(workers, w)
		return serve(t, n.dial(), n.config(rpcserver.Config{DrainTimeout: patience}), "work", w)
	}
	// Which server gets a message is NATS's choice, and many calls share one.
	allWork := func() {
		for _, w := range workers {
			eventually(t, "calls for "+w.name, func() error {
				if !w.hasRun() {
					return errors.New("it has had none")
				}
				return nil
			})
		}
	}
	running := []*rpcserver.Server{start(), start()}
	n.link(t, c, "work", 2)
	traffic := startTraffic(c, 32, patience)
	for range 4 {
		allWork()
		traffic.goOn(t, 200)
		running = append(running, start())
		if err := running[0].Shutdown(testContext(t)); err != nil {
			t.Errorf("Shutdown: %v, want every call finished", err)
		}
		running = running[1:]
	}
	allWork()
	traffic.goOn(t, 200)
	ends := traffic.finish()
	for id, err := range ends {
		if err != nil {
			t.Errorf("call %d: %v, want no call lost", id, err)
		}
	}
	checkBooks(t, ends, workers...)
}

// serverStopsWithCallsAtWork checks that it finishes them and takes no others.
func serverStopsWithCallsAtWork(t *testing.T, n network) {
	w := newWorker("w")
	srv := serve(t, n.dial(), n.config(rpcserver.Config{DrainTimeout: patience}), "work", w)
	c := n.client(rpcclient.Config{})
	n.link(t, c, "work", 1)
	const calls = 10
	answers := make(chan error, calls)
	for id := range int64(calls) {
		go func() {
			answers <- c.Call(testContext(t), "work.hold", nil, id)
		}()
	}
	for range calls {
		receive(t, "a Hold that began", w.began)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- srv.Shutdown(context.Background()) }()
	eventually(t, "new calls to find nobody", func() error {
		err := callWithin(time.Second, c, 100)
		if err != nil && strings.Contains(err.Error(), "no instance") {
			return nil
		}
		return fmt.Errorf("error %v", err)
	})
	select {
	case err := <-stopped:
		t.Fatalf("Shutdown returned %v with calls at work, want it to wait for them", err)
	case err := <-answers:
		t.Fatalf("a call ended with %v when the server was told to stop, want it finished", err)
	default:
	}
	close(w.release)
	for range calls {
		if err := receive(t, "an answer", answers); err != nil {
			t.Errorf("a call that was at work: %v, want its answer", err)
		}
	}
	if err := receive(t, "the end of Shutdown", stopped); err != nil {
		t.Errorf("Shutdown: %v, want nil", err)
	}
}
