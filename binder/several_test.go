package binder

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus/broker"
)

func TestWhatOneBinderWasToldAnotherAnswersAtOnce(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{})
	for range 3 {
		startBinder(t, connect(t, b), Config{})
	}
	c := newClient(t, connect(t, b))
	// The queue group spreads requests over the three at random.
	for i := range 50 {
		service := fmt.Sprintf("s%d", i)
		register(t, c, record(service, "i1", "add"))
		if _, err := c.Lookup(t.Context(), service); err != nil {
			t.Fatalf("Lookup(%s) right after its registration: %v", service, err)
		}
		if _, err := c.Renew(t.Context(), service, "i1"); err != nil {
			t.Fatalf("Renew(%s): %v", service, err)
		}
		records, err := c.List(t.Context())
		if err != nil || len(records) != i+1 {
			t.Fatalf("List = %d records, %v; want %d", len(records), err, i+1)
		}
	}
}

func TestWithSeveralBindersAChangeIsToldOnce(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{})
	for range 3 {
		startBinder(t, connect(t, b), Config{})
	}
	c := newClient(t, connect(t, b))
	var told events
	stop, err := c.Watch("", told.add)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	want := ""
	for i := range 10 {
		instance := fmt.Sprintf("i%d", i)
		register(t, c, record("math", instance, "add"))
		want += "registered math/" + instance + ";"
	}
	eventually(t, "each registration is told once and in order", told.is(want))
}

func TestWhenABinderGoesTheOthersAnswer(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{})
	conns := make([]*nats.Conn, 3)
	binders := make([]*Binder, 3)
	for i := range binders {
		conns[i] = connect(t, b)
		binders[i] = startBinder(t, conns[i], Config{})
	}
	c := newClient(t, connect(t, b))
	register(t, c, record("math", "i1", "add"))

	// Requests go on all the while; a binder that is closed answers those it took.
	var asking sync.WaitGroup
	done := make(chan struct{})
	for range 8 {
		asking.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if _, err := c.Lookup(t.Context(), "math"); err != nil {
					t.Errorf("Lookup: %v", err)
					return
				}
				if _, err := c.Lookup(t.Context(), "nobody"); !errors.Is(err, helium.ErrUnknownService) {
					t.Errorf("Lookup(nobody): got %v, want %v", err, helium.ErrUnknownService)
					return
				}
			}
		})
	}
	binders[0].Close()
	binders[0].Close()
	if conns[0].IsClosed() {
		t.Error("Close closed the connection")
	}
	binders[1].Close()
	close(done)
	asking.Wait()

	register(t, c, record("stats", "i1", "mean"))
	if records, err := c.List(t.Context()); err != nil || len(records) != 2 {
		t.Errorf("List = %d records, %v; want 2", len(records), err)
	}
	binders[2].Close()
	if _, err := c.Lookup(t.Context(), "math"); !errors.Is(err, helium.ErrNoBinder) {
		t.Errorf("Lookup after the last one: got %v, want %v", err, helium.ErrNoBinder)
	}
	// The bucket outlives its binders.
	startBinder(t, conns[0], Config{})
	if _, err := c.Lookup(t.Context(), "math"); err != nil {
		t.Errorf("Lookup with a new one: %v", err)
	}
}

func TestAClusterKeepsTheRegistryWhenAMemberGoes(t *testing.T) {
	t.Parallel()
	var brokers []*broker.Broker
	var routes []string
	for i := range 3 {
		b := startBroker(t, broker.Config{
			Name:    fmt.Sprintf("member-%d", i),
			Cluster: &broker.Cluster{Routes: slices.Clone(routes)},
		})
		brokers, routes = append(brokers, b), append(routes, b.ClusterURL())
	}
	// Start waits until the cluster has a leader and can hold three replicas.
	var binders []*Binder
	for _, b := range brokers {
		binders = append(binders, startBinder(t, connect(t, b), Config{Replicas: 3}))
	}
	c := newClient(t, connect(t, brokers[0]))
	for i := range 20 {
		service := fmt.Sprintf("s%d", i)
		// A cluster that stands still elects another leader; its store is out of reach
		// meanwhile.
		eventually(t, "three of three take a registration", func() error {
			_, err := c.Register(testContext(t), record(service, "i1", "add"))
			return err
		})
		eventually(t, "it is found right after it", func() error {
			_, err := c.Lookup(testContext(t), service)
			if errors.Is(err, helium.ErrUnknownService) {
				t.Fatalf("Lookup(%s) right after its registration: %v", service, err)
			}
			return err
		})
	}
	// The member goes with its binder; perhaps it led, perhaps it fed a binder's watch.
	binders[2].Close()
	brokers[2].Close()
	eventually(t, "two of three take a registration", func() error {
		_, err := c.Register(t.Context(), record("late", "i1", "add"))
		return err
	})
	for range 10 {
		// Until the cluster has noticed, a binder may find that its store is out of
		// reach; it must not take that for a record that isn't there.
		eventually(t, "two of three renew", func() error {
			_, err := c.Renew(t.Context(), "late", "i1")
			if errors.Is(err, helium.ErrUnknownInstance) {
				t.Fatalf("Renew: %v", err)
			}
			return err
		})
		eventually(t, "two of three list", func() error {
			records, err := c.List(t.Context())
			if err == nil && len(records) != 21 {
				err = fmt.Errorf("List = %d records, want 21", len(records))
			}
			return err
		})
	}
}
