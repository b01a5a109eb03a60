package helium_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// launchWorker starts a server of the service "work" in a process of its own.
func (n network) launchWorker() *process {
	n.t.Helper()
	return launch(n.t, part{URL: n.broker.URL(), Server: &serverPart{}})
}

// checkRegistered fails the test unless the registry has that many instances of "work".
func (n network) checkRegistered(want int) {
	n.t.Helper()
	registry := registryOf(n.t, n.dial())
	// A binder that is seconds behind its store answers all the same.
	eventually(n.t, "the instances whose leases haven't ended", func() error {
		entry, err := registry.Lookup(testContext(n.t), "work")
		if err == nil && len(entry.Records) != want {
			err = fmt.Errorf("Lookup(work) = %+v, want %d instances", entry, want)
		}
		return err
	})
}

func TestAfterTheLastServerIsKilledCallsFailAtOnceAsNotExecuted(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	c := n.client(rpcclient.Config{})
	server := n.launchWorker()
	if err := callWithin(patience, c, 1); err != nil {
		t.Fatal(err)
	}

	// One call is at work when the server dies. Nobody can tell how far it came.
	const limit = 4 * time.Second
	inFlight := server.hold(c, limit)
	killed := time.Now()
	server.kill()

	// Until the connection drops, a moment, a call may still be sent and get lost.
	eventually(t, "Unavailable, not executed", func() error {
		err := callWithin(time.Second, c, 2)
		if errors.Is(err, helium.ErrNoInstance) && helium.OutcomeOf(err) == helium.NotExecuted {
			return nil
		}
		return fmt.Errorf("error %v, outcome %v", err, helium.OutcomeOf(err))
	})
	for range 5 {
		began := time.Now()
		err := callWithin(patience, c, 3)
		if helium.CodeOf(err) != helium.CodeUnavailable || helium.OutcomeOf(err) != helium.NotExecuted {
			t.Errorf("a later call: error %v, outcome %v; want unavailable, not executed", err, helium.OutcomeOf(err))
		}
		if took := time.Since(began); took > soon {
			t.Errorf("a later call took %v of its %v to fail, want milliseconds", took, patience)
		}
	}
	n.checkRegistered(1)

	err := receive(t, "the end of the call in flight", inFlight)
	if helium.OutcomeOf(err) != helium.Unknown || err == nil {
		t.Errorf("the call in flight: error %v, outcome %v; want an error of unknown outcome", err, helium.OutcomeOf(err))
	}
	if took := time.Since(killed); took > limit+patience/2 {
		t.Errorf("the call in flight ended %v after the kill, want its deadline of %v kept", took, limit)
	}
}

// hold calls work.hold of a part with a time limit, and returns once it is at work, with
// where its end will be told. A call whose time was over before the part had begun it is
// made again.
func (p *process) hold(c *rpcclient.Client, limit time.Duration) <-chan error {
	p.t.Helper()
	id, end, err := int64(42), make(chan error, 1), error(nil)
	call := func() {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		end <- c.Call(ctx, "work.hold", nil, id)
	}
	go call()
	for giveUp := time.Now().Add(patience); time.Now().Before(giveUp); {
		select {
		case began, open := <-p.lines:
			if !open {
				p.t.Fatal("the part ended, want a Hold that began")
			}
			if began == fmt.Sprint(id) {
				return end
			}
		case err = <-end:
			id++
			go call()
		}
	}
	p.t.Fatalf("no Hold began in %v; the last one ended with %v", patience, err)
	return nil
}

// whoAnswers makes 40 calls and returns the instances that answered, or what went wrong.
func whoAnswers(c *rpcclient.Client, limit time.Duration) (names map[string]bool) {
	names = make(map[string]bool)
	for range 40 {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		name, err := rpcclient.Call[string](ctx, c, "work.who")
		cancel()
		if err != nil {
			name = err.Error()
		}
		names[name] = true
	}
	return names
}

// onlyAnswers returns nil if one instance alone gets calls.
func onlyAnswers(c *rpcclient.Client, instance string) error {
	if got := whoAnswers(c, 2*time.Second); len(got) != 1 || !got[instance] {
		return fmt.Errorf("40 calls met %v, want %s alone", got, instance)
	}
	return nil
}

func TestAfterAServerIsKilledTheOthersTakeItsCalls(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	c := n.client(rpcclient.Config{})
	servers := map[string]*process{}
	for range 2 {
		p := n.launchWorker()
		servers[p.words[0]] = p
	}
	if got := whoAnswers(c, patience); len(got) != 2 {
		t.Fatalf("40 calls met %v, want both of two servers", got)
	}
	var survivor string
	for name, p := range servers {
		if survivor == "" {
			survivor = name
			continue
		}
		p.kill()
	}
	eventually(t, "the other server alone", func() error { return onlyAnswers(c, survivor) })
	n.checkRegistered(2)
}

func TestWhileNoBinderRunsClientsGoOnWithWhatTheyKnow(t *testing.T) {
	t.Parallel()
	n := network{t, startBroker(t, broker.Config{Listen: "127.0.0.1:0"})}
	registry := launch(t, part{URL: n.broker.URL(), Binder: &binderPart{Lease: 3 * time.Second}})
	w := newWorker("w")
	serve(t, n.dial(), rpcserver.Config{}, "work", w)
	c := n.client(rpcclient.Config{})
	// On a machine that stands still the lease may end and begin again.
	eventually(t, "a client that knows the service", func() error { return callWithin(patience, c, 1) })
	registry.kill()

	asker := registryOf(t, n.dial())
	eventually(t, "no binder any more", func() error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := asker.Lookup(ctx, "work")
		if errors.Is(err, helium.ErrNoBinder) {
			return nil
		}
		return fmt.Errorf("Lookup: %v", err)
	})
	for id := range int64(20) {
		if err := callWithin(patience, c, 100+id); err != nil {
			t.Fatalf("without a binder: %v, want calls to go on", err)
		}
	}
	// Past the lease that nobody can renew, too.
	store := n.dial()
	eventually(t, "the record to have expired", func() error {
		left, err := recordsLeft(store)
		if err == nil && left > 0 {
			err = fmt.Errorf("%d records are left", left)
		}
		return err
	})
	if err := callWithin(patience, c, 200); err != nil {
		t.Errorf("without a binder, after the lease: %v, want calls to go on", err)
	}

	// A client that knows nothing yet hears at once what is missing.
	began := time.Now()
	err := callWithin(patience, n.client(rpcclient.Config{}), 300)
	if !errors.Is(err, helium.ErrNoBinder) || helium.OutcomeOf(err) != helium.NotExecuted || time.Since(began) > soon {
		t.Errorf("a new client: error %v, outcome %v after %v; want helium.ErrNoBinder, not executed, in milliseconds", err, helium.OutcomeOf(err), time.Since(began))
	}

	launch(t, part{URL: n.broker.URL(), Binder: &binderPart{Lease: 3 * time.Second}})
	late := n.client(rpcclient.Config{})
	eventually(t, "the server registered with the new binder", func() error {
		return callWithin(patience, late, 400)
	})
}

func TestAServerThatIsFullRefusesAtOnceAndLosesNothing(t *testing.T) {
	t.Parallel()
	const room, more = 4, 60
	n := newNetwork(t)
	w := newWorker("w")
	srv := serve(t, n.dial(), rpcserver.Config{MaxInFlight: room / 2, MaxQueue: room / 2}, "work", w)
	c := n.client(rpcclient.Config{})
	type end struct {
		id  int64
		err error
	}
	ends := make(chan end, room+more)
	hold := func(id int64) {
		ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
		defer cancel()
		ends <- end{id, c.Call(ctx, "work.hold", nil, id)}
	}
	for id := range int64(room) {
		go hold(id)
	}
	eventually(t, "a full server", func() error {
		if s := srv.Stats(); s.Running != room/2 || s.Waiting != room/2 {
			return fmt.Errorf("%d run and %d wait", s.Running, s.Waiting)
		}
		return nil
	})
	for id := range int64(more) {
		go hold(room + id)
	}
	for range more {
		e := receive(t, "a refusal", ends)
		if e.id < room || !errors.Is(e.err, helium.ErrOverloaded) || helium.CodeOf(e.err) != helium.CodeResourceExhausted || helium.OutcomeOf(e.err) != helium.NotExecuted {
			t.Errorf("call %d: error %v, outcome %v; want one past %d refused, resource_exhausted, not executed", e.id, e.err, helium.OutcomeOf(e.err), room)
		}
	}
	close(w.release)
	for range room {
		if e := receive(t, "an answer", ends); e.id >= room || e.err != nil {
			t.Errorf("call %d: error %v; want those that were taken answered", e.id, e.err)
		}
	}
	for id := range int64(room + more) {
		want := 1
		if id >= room {
			want = 0
		}
		if got := w.times(id); got != want {
			t.Errorf("call %d ran %d times, want %d", id, got, want)
		}
	}
	if err := callWithin(patience, c, 1000); err != nil {
		t.Errorf("after the rush: %v, want calls taken again", err)
	}
}

// recordsLeft counts what the registry's bucket holds, without a binder.
func recordsLeft(nc *nats.Conn) (int, error) {
	js, err := nc.JetStream()
	if err != nil {
		return 0, err
	}
	bucket, err := js.KeyValue("helium_registry")
	if err != nil {
		return 0, err
	}
	keys, err := bucket.Keys()
	if errors.Is(err, nats.ErrNoKeysFound) {
		return 0, nil
	}
	return len(keys), err
}
